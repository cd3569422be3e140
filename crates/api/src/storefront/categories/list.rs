//! `GET /api/categories`

use axum::{Json, extract::State};
use queries::categories::{self, CategoryList};

use crate::{AppState, kit::Problem};

/// The shelves of the shop, empty ones included.
#[utoipa::path(
    get, path = "/api/categories", tag = "catalog", operation_id = "list_categories",
    responses((status = 200, body = CategoryList))
)]
pub async fn handler(State(state): State<AppState>) -> Result<Json<CategoryList>, Problem> {
    let mut conn = state.db.acquire().await?;
    Ok(Json(categories::list(&mut conn, state.clock.now()).await?))
}
