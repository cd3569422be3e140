//! `POST /api/admin/payments/{id}/receipts`

use ::access::{Kind, Resource};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use checkout::{CheckoutError, receipts::Seen};
use garde::Validate;
use kernel::{ErrorCode, Money, id::PaymentId};
use payments::PaymentError;
use pg::DbError;
use queries::orders::PaymentStatusWord;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IdempotencyKey, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::form::check_text,
};

/// Money that was seen.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReceipt {
    /// How much; not more than is outstanding.
    #[garde(skip)]
    pub amount: Money,
    /// What the bank's statement, or the carrier's, calls it.
    #[garde(length(chars, min = 1, max = 100), custom(check_text))]
    #[schema(example = "2026/06/03 14:05 跨行轉入 0012345", min_length = 1, max_length = 100)]
    pub reference: String,
}

/// How far the attempt has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptNoted {
    /// The attempt.
    pub payment_id: PaymentId,
    /// `pending` while something is outstanding.
    pub status: PaymentStatusWord,
    /// What has come in all.
    pub received: Money,
    /// What has not come yet.
    pub outstanding: Money,
}

/// Confirms money that somebody saw come in: a bank transfer on the statement, cash that the carrier
/// handed over. In parts, if need be; the order is paid when all of it is there. The same key notes it
/// once.
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/receipts", tag = "payments", operation_id = "note_receipt",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = NewReceipt,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ReceiptNoted),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: its provider tells what comes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also nothing, or more than is outstanding; `IDEMPOTENCY_KEY_REUSED`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    kit::Json(form): kit::Json<NewReceipt>,
) -> Result<impl IntoResponse, Problem> {
    let key = key.scoped("receipts", None);
    let noted = edit(&state.ids, || perform(&state, &permit, id, key, &form)).await?;
    Ok((StatusCode::CREATED, Json(noted)))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: PaymentId,
    key: Uuid,
    form: &NewReceipt,
) -> Result<ReceiptNoted, Problem> {
    let mut tx = state.db.begin().await?;
    let seen = Seen { key, amount: form.amount, reference: form.reference.trim() };
    let noted = state.checkout.note_receipt(&mut tx, id, &seen, permit.actor()).await;
    let noted = noted.map_err(problem)?;
    let payment = &noted.payment;
    if noted.new {
        let change = Change {
            before: None,
            after: Some(json!({
                "order_id": noted.order, "amount": form.amount, "received": payment.received,
                "outstanding": payment.outstanding(),
            })),
            reason: Some(seen.reference),
        };
        permit.record(&mut tx, &Resource::one(Kind::Payment, id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(ReceiptNoted {
        payment_id: id,
        status: payment.status.into(),
        received: payment.received,
        outstanding: payment.outstanding(),
    })
}

pub(super) fn problem(error: CheckoutError) -> Problem {
    match error {
        CheckoutError::Payment(PaymentError::NotFound) => ErrorCode::PaymentNotFound.into(),
        CheckoutError::Payment(PaymentError::NotByHand) => {
            Problem::new(ErrorCode::InvalidTransition)
                .detail("its provider tells what comes for this payment")
        }
        CheckoutError::Payment(PaymentError::NotOutstanding { outstanding }) => {
            Problem::new(ErrorCode::ValidationFailed)
                .field(
                    "/amount",
                    format!("must be 1 to {}, which is outstanding", outstanding.amount()),
                )
                .with("outstanding", json!(outstanding))
        }
        CheckoutError::Payment(PaymentError::KeyReused) => ErrorCode::IdempotencyKeyReused.into(),
        error => error.into(),
    }
}
