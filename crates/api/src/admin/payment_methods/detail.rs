//! `GET /api/admin/payment-methods/{code}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::ErrorCode;

use super::PaymentMethodView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One way of paying. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/payment-methods/{code}", tag = "payments", operation_id = "get_payment_method",
    params(("code" = String, Path, example = "ecpay_atm")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentMethodView, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_METHOD_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = payments::methods::find(&mut conn, &code).await?;
    let method = found.ok_or(ErrorCode::PaymentMethodNotFound)?;
    let view = PaymentMethodView::of(method, &state);
    Ok((etag(view.version), Json(view)).into_response())
}
