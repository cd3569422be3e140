//! `GET /api/admin/dead-letters/{id}`

use axum::{Json, extract::State};
use kernel::ErrorCode;
use outbox::letters;
use uuid::Uuid;

use super::LetterView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// One dead letter.
#[utoipa::path(
    get, path = "/api/admin/dead-letters/{id}", tag = "events", operation_id = "get_dead_letter",
    params(("id" = Uuid, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = LetterView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`DEAD_LETTER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<Uuid>,
) -> Result<Json<LetterView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let letter = letters::letter(&mut conn, id).await?.ok_or(ErrorCode::DeadLetterNotFound)?;
    Ok(Json(letter.into()))
}
