//! `GET /api/admin/returns/{id}/pictures/{position}`

use ::shipping::returns;
use axum::{extract::State, response::Response};
use kernel::{ErrorCode, id::ReturnId};

use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
    storefront::orders::returns::picture::show,
};

/// A picture that the customer added.
#[utoipa::path(
    get, path = "/api/admin/returns/{id}/pictures/{position}", tag = "returns", operation_id = "get_return_picture",
    params(("id" = ReturnId, Path), ("position" = i16, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path((id, position)): Path<(ReturnId, i16)>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let back = returns::find(&mut conn, id).await?.ok_or(ErrorCode::ReturnNotFound)?;
    drop(conn);
    show(&state, &back, position).await
}
