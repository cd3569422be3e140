//! `POST /api/orders/{id}/payments`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use garde::Validate;
use jiff::Timestamp;
use kernel::id::{OrderId, PaymentId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::AccessibleOrder;
use crate::{
    AppState,
    kit::{self, IdempotencyKey, Problem, problem::ProblemBody},
};

/// Nothing needs to be said: the order knows how it is to be paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {}

/// What the buyer's browser has to post to the provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentInstructions {
    /// The attempt.
    pub payment_id: PaymentId,
    /// `ecpay`.
    pub provider: String,
    /// Where to post.
    pub action: String,
    /// `POST`.
    pub method: String,
    /// What to post, as a form, in this order and nothing else.
    pub fields: Vec<FormField>,
    /// Until when the stock is held.
    pub expires_at: Timestamp,
}

/// A field of the form.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// Its value, unescaped.
    pub value: String,
}

/// Begins an attempt to pay; the same key gives the same attempt.
#[utoipa::path(
    post, path = "/api/orders/{id}/payments", tag = "orders", operation_id = "start_payment",
    params(
        ("id" = OrderId, Path),
        ("X-Order-Token" = Option<String>, Header),
        ("Idempotency-Key" = String, Header),
    ),
    request_body = NewPayment,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = PaymentInstructions),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: paid, cancelled or out of time", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    key: IdempotencyKey,
    kit::Json(NewPayment {}): kit::Json<NewPayment>,
) -> Result<impl IntoResponse, Problem> {
    // An order has one payer at a time: whoever may see it shares its keys.
    let key = key.scoped("payments", None);
    let form = state.checkout.begin_payment(accessible.order.id, key, accessible.actor).await?;
    let fields = form.fields.into_iter().map(|(name, value)| FormField { name, value }).collect();
    let body = PaymentInstructions {
        payment_id: form.payment,
        provider: form.provider,
        action: form.action,
        method: "POST".into(),
        fields,
        expires_at: form.expires_at,
    };
    Ok((StatusCode::CREATED, Json(body)))
}
