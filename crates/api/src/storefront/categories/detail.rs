//! `GET /api/categories/{slug}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::ErrorCode;
use queries::categories::{self, CategoryPage};

use crate::{
    AppState,
    kit::{Path, Problem, moved, problem::ProblemBody},
};

/// A category with the way to it. A slug it had once leads to the one it has.
#[utoipa::path(
    get, path = "/api/categories/{slug}", tag = "catalog", operation_id = "get_category",
    params(("slug" = String, Path, description = "Its slug")),
    responses(
        (status = 200, body = CategoryPage),
        (status = 301, description = "It has another slug now", headers(
            ("Location" = String, description = "Where it is"),
        )),
        (status = 404, description = "`CATEGORY_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    // No slug has a NUL, and PostgreSQL's texts cannot.
    if slug.contains('\0') {
        return Err(ErrorCode::CategoryNotFound.into());
    }
    let mut conn = state.db.acquire().await?;
    if let Some(found) = categories::detail(&mut conn, &slug, state.clock.now()).await? {
        return Ok(Json(found).into_response());
    }
    let new = categories::moved_to(&mut conn, &slug).await?;
    Ok(moved(&format!("/api/categories/{}", new.ok_or(ErrorCode::CategoryNotFound)?)))
}
