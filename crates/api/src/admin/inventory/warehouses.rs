//! `GET /api/admin/warehouses`

use axum::{Json, extract::State};
use kernel::{LocalizedText, id::WarehouseId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// A warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarehouseView {
    /// Its id.
    pub id: WarehouseId,
    /// A short name, e.g. `TPE`.
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// Where it is.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Lower serves first when two are equally near.
    pub priority: i32,
    /// Whether it serves orders.
    pub active: bool,
}

/// All warehouses.
#[derive(Debug, Serialize, ToSchema)]
pub struct Warehouses {
    /// By priority.
    pub items: Vec<WarehouseView>,
}

/// The shop's warehouses.
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
    let items = ::inventory::warehouses(&mut conn)
        .await?
        .into_iter()
        .map(|warehouse| WarehouseView {
            id: warehouse.id,
            code: warehouse.code,
            name: warehouse.name,
            postal_code: warehouse.postal_code,
            city: warehouse.city,
            district: warehouse.district,
            priority: warehouse.priority,
            active: warehouse.active,
        })
        .collect();
    Ok(Json(Warehouses { items }))
}
