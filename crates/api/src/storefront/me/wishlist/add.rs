//! `PUT /api/me/wishlist/items/{slug}`

use axum::{extract::State, http::StatusCode};
use kernel::ErrorCode;
use pg::DbError;
use queries::products;

use crate::{
    AppState,
    kit::{Path, Person, Problem, problem::ProblemBody},
};

/// Puts a product on one's wish list, at its head; one that is on it keeps its place. The list holds
/// 200 products; beyond that the oldest go.
#[utoipa::path(
    put, path = "/api/me/wishlist/items/{slug}", tag = "auth", operation_id = "add_wish",
    params(("slug" = String, Path, description = "A slug it has or had")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is on the list"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    Path(slug): Path<String>,
) -> Result<StatusCode, Problem> {
    // No slug has a NUL, and PostgreSQL's texts cannot.
    if slug.contains('\0') {
        return Err(ErrorCode::ProductNotFound.into());
    }
    let mut tx = state.db.begin().await?;
    let found = products::find(&mut tx, &[slug], state.clock.now()).await?;
    if found.is_empty() {
        return Err(ErrorCode::ProductNotFound.into());
    }
    cart::add_wishes(&mut tx, claims.user_id, &found, &*state.clock).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
