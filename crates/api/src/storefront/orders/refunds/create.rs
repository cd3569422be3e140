//! `POST /api/orders/{id}/refunds`

use axum::{Json, extract::State, http::StatusCode};
use checkout::{RefundAmount, RefundAsk, RefundRequest};
use garde::Validate;
use kernel::{ErrorCode, Money, Quantity, id::OrderId};
use payments::refunds::RequestKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{account::AccountForm, problem::problem, view::OrderRefundView};
use crate::{
    AppState,
    kit::{self, IdempotencyKey, Problem, idempotency::fingerprint, problem::ProblemBody},
    storefront::orders::{access::AccessibleOrder, form::check_text},
};

/// Units of a line to be given back.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundUnits {
    /// Which line of the order.
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    pub line_no: i16,
    /// How many units of it.
    #[garde(skip)]
    pub quantity: Quantity,
}

/// What is asked for: all that is left, unless `amount` or `lines` say otherwise (people of the shop
/// only).
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefund {
    /// Why.
    #[garde(length(chars, min = 1, max = 200), custom(check_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
    /// So much.
    #[serde(default)]
    #[garde(skip)]
    pub amount: Option<Money>,
    /// These units of these lines: what they cost, less their share of the discount.
    #[serde(default)]
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Option<Vec<RefundUnits>>,
    /// Where to transfer it, if it cannot go back the way it came.
    #[serde(default)]
    #[garde(dive)]
    pub account: Option<AccountForm>,
}

impl NewRefund {
    fn amount(&self) -> Result<RefundAmount, Problem> {
        match (self.amount, &self.lines) {
            (None, None) => Ok(RefundAmount::Whole),
            (Some(amount), None) => Ok(RefundAmount::Amount(amount)),
            (None, Some(lines)) => {
                let units = lines.iter().map(|line| (line.line_no, line.quantity));
                Ok(RefundAmount::Lines(units.collect()))
            }
            (Some(_), Some(_)) => Err(Problem::new(ErrorCode::ValidationFailed)
                .field("/amount", "cannot be given together with lines")),
        }
    }
}

/// Asks for money back. Buyers may ask for all of it as long as nothing was shipped: the order waits
/// then until it is decided about; afterwards they return goods. People of the shop may ask for any
/// part of what is left, at any time. The same key gives the same refund.
#[utoipa::path(
    post, path = "/api/orders/{id}/refunds", tag = "orders", operation_id = "request_refund",
    params(
        ("id" = OrderId, Path),
        ("X-Order-Token" = Option<String>, Header),
        ("Idempotency-Key" = String, Header),
    ),
    request_body = NewRefund,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = OrderRefundView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`REFUND_TOO_LARGE`, `INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    key: IdempotencyKey,
    kit::Json(form): kit::Json<NewRefund>,
) -> Result<(StatusCode, Json<OrderRefundView>), Problem> {
    let id = accessible.order.id;
    // Whoever may see the order shares its keys, as with payments.
    let key = RequestKey { key: key.scoped("refunds", None), fingerprint: fingerprint(&form) };
    let ask = RefundAsk { amount: form.amount()?, reason: &form.reason, automatic: false };
    let account = form.account.as_ref().map(AccountForm::account);
    let request = RefundRequest { ask, account, key };
    let refund = state.checkout.ask_refund(id, &request, accessible.actor).await;
    let refund = refund.map_err(problem)?;
    Ok((StatusCode::CREATED, Json(OrderRefundView::from(&refund))))
}
