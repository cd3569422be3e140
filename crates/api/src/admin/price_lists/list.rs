//! `GET /api/admin/price-lists`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::PriceListView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All price lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminPriceLists {
    /// The oldest first.
    pub items: Vec<PriceListView>,
}

/// The shop's price lists, those that are switched off or over too.
#[utoipa::path(
    get, path = "/api/admin/price-lists", tag = "pricing", operation_id = "list_admin_price_lists",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminPriceLists),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<AdminPriceLists>, Problem> {
    let mut conn = state.db.acquire().await?;
    let lists = pricing::price_lists::all(&mut conn).await?;
    Ok(Json(AdminPriceLists { items: lists.into_iter().map(PriceListView::from).collect() }))
}
