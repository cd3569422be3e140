//! `DELETE /api/me/wishlist/items/{slug}`

use axum::{extract::State, http::StatusCode};
use queries::products;

use crate::{
    AppState,
    kit::{Path, Person, Problem, problem::ProblemBody},
};

/// Takes a product off one's wish list, whether or not it was on it.
#[utoipa::path(
    delete, path = "/api/me/wishlist/items/{slug}", tag = "auth", operation_id = "remove_wish",
    params(("slug" = String, Path, description = "A slug it has or had")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is not on the list"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    Path(slug): Path<String>,
) -> Result<StatusCode, Problem> {
    // No slug has a NUL, and PostgreSQL's texts cannot.
    if !slug.contains('\0') {
        let mut conn = state.db.acquire().await?;
        if let Some(product) = products::any_by_slug(&mut conn, &slug).await? {
            cart::remove_wish(&mut conn, claims.user_id, product).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
