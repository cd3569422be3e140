//! `POST /api/orders/{id}/cancel`

use axum::{Json, extract::State};
use checkout::CheckoutError;
use garde::Validate;
use kernel::{ErrorCode, id::OrderId};
use queries::orders::OrderView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    access::{self, AccessibleOrder},
    form::check_text,
    refunds, refusal,
};
use crate::{
    AppState, after_sale,
    kit::{self, Problem, problem::ProblemBody},
};

/// Why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// In the buyer's words.
    #[serde(default)]
    #[garde(inner(length(chars, max = 200), custom(check_text)))]
    #[schema(max_length = 200)]
    pub reason: Option<String>,
}

/// Cancels an order. Unpaid, it ends; paid and with nothing sent yet, its money is asked back. Its
/// stock is free at once either way.
#[utoipa::path(
    post, path = "/api/orders/{id}/cancel", tag = "orders", operation_id = "cancel_order",
    params(("id" = OrderId, Path), ("X-Order-Token" = Option<String>, Header)),
    request_body = Cancellation,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it has ended, or something of it has left; `STOCK_FROZEN`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    kit::Json(asked): kit::Json<Cancellation>,
) -> Result<Json<OrderView>, Problem> {
    let id = accessible.order.id;
    state.checkout.cancel(id, accessible.actor, asked.reason.as_deref()).await?;
    let order = access::read(&state, id).await?.ok_or(ErrorCode::OrderNotFound)?;
    Ok(Json(order))
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        match error {
            CheckoutError::OrderNotFound => ErrorCode::OrderNotFound.into(),
            CheckoutError::InvalidTransition(invalid) => Self::new(ErrorCode::InvalidTransition)
                .with("current_status", invalid.from.as_str()),
            CheckoutError::ReservationOver => Self::new(ErrorCode::InvalidTransition)
                .detail("the time to pay is over")
                .with("current_status", "cancelled"),
            CheckoutError::AfterSale(error) => after_sale::problem(error),
            CheckoutError::Refund(_) | CheckoutError::NothingPaid => {
                refunds::problem::problem(error)
            }
            CheckoutError::Method(refusal) => refusal::method("/method", refusal),
            CheckoutError::KeyReused => ErrorCode::IdempotencyKeyReused.into(),
            CheckoutError::AttemptsUsedUp { most } => {
                Self::new(ErrorCode::PaymentAttemptsUsedUp).with("attempts_limit", most)
            }
            CheckoutError::Provider(error) => {
                tracing::warn!(%error, "a payment could not be begun");
                Self::new(ErrorCode::PaymentFailed).detail(error.to_string())
            }
            CheckoutError::Db(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}
