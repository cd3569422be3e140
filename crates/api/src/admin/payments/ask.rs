//! `POST /api/admin/payments/{id}/ask`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::PaymentId};
use queries::orders::PaymentStatusWord;
use serde::Serialize;
use utoipa::ToSchema;

use super::receive::problem;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// What the provider said.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderAnswer {
    /// The attempt.
    pub payment_id: PaymentId,
    /// How far it has come, by what the provider said now.
    pub status: PaymentStatusWord,
    /// Whether the provider answered; otherwise nothing has changed.
    pub answered: bool,
    /// Why it did not, if so.
    #[schema(required)]
    pub error: Option<String>,
}

/// Asks the provider about an attempt, now, and acts on what it says as on a notice.
#[utoipa::path(
    post, path = "/api/admin/payments/{id}/ask", tag = "payments", operation_id = "ask_about_payment",
    params(("id" = PaymentId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProviderAnswer),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is confirmed by hand", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<PaymentId>,
) -> Result<Json<ProviderAnswer>, Problem> {
    let asked = state.checkout.ask_now(id).await.map_err(problem)?;
    let Some((payment, error)) = asked else {
        return Err(Problem::new(ErrorCode::InvalidTransition)
            .detail("what comes for this payment is confirmed by hand"));
    };
    Ok(Json(ProviderAnswer {
        payment_id: id,
        status: payment.status.into(),
        answered: error.is_none(),
        error: error.map(|error| error.to_string()),
    }))
}
