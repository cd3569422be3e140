//! `GET /api/me/wishlist/products`

use axum::{Json, extract::State};
use queries::products::{self, ProductSummary};
use serde::Serialize;
use utoipa::ToSchema;

use super::list::wished;
use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// What one likes, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishedProducts {
    /// The products, the newest on the list first. Those that are no longer on show are left out.
    pub items: Vec<ProductSummary>,
}

/// The products on one's wish list, as lists show them.
#[utoipa::path(
    get, path = "/api/me/wishlist/products", tag = "auth", operation_id = "list_wished_products",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WishedProducts),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<WishedProducts>, Problem> {
    let mut conn = state.db.acquire().await?;
    let wished = wished(&mut conn, claims.user_id).await?;
    let items = products::tiles(&mut conn, &wished, state.clock.now()).await?;
    Ok(Json(WishedProducts { items }))
}
