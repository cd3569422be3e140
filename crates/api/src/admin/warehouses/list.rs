//! `GET /api/admin/warehouses`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::WarehouseView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All warehouses.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warehouses {
    /// By priority.
    pub items: Vec<WarehouseView>,
}

/// The shop's warehouses, the closed ones too.
#[utoipa::path(
    get, path = "/api/admin/warehouses", tag = "inventory", operation_id = "list_warehouses",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Warehouses),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<Warehouses>, Problem> {
    let mut conn = state.db.acquire().await?;
    let warehouses = ::inventory::warehouses(&mut conn).await?;
    Ok(Json(Warehouses { items: warehouses.into_iter().map(WarehouseView::from).collect() }))
}
