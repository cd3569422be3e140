//! `GET /api/admin/inventory/{variant_id}`

use axum::{Json, extract::State};
use kernel::{
    ErrorCode,
    id::{VariantId, WarehouseId},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::StockBalance;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// The stock of a variant, warehouse by warehouse.
#[derive(Debug, Serialize, ToSchema)]
pub struct Balances {
    /// One row a warehouse that ever had it.
    pub balances: Vec<StockBalance>,
    /// What is on its way to which warehouse 調撥中: in nobody's total.
    pub in_transit: Vec<UnitsInTransit>,
}

/// Units that were sent from another warehouse and have not arrived.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitsInTransit {
    /// Where they are to arrive.
    pub warehouse_id: WarehouseId,
    /// How many.
    pub quantity: i64,
}

/// The stock of a variant.
#[utoipa::path(
    get, path = "/api/admin/inventory/{variant_id}", tag = "inventory", operation_id = "get_inventory",
    params(("variant_id" = VariantId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Balances),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
) -> Result<Json<Balances>, Problem> {
    let mut conn = state.db.acquire().await?;
    if catalog::offers(&mut conn, &[variant], state.clock.now()).await?.is_empty() {
        return Err(ErrorCode::ProductNotFound.into());
    }
    let rows = ::inventory::balances(&mut conn, variant).await?;
    let in_transit = ::inventory::transfers::in_transit(&mut conn, variant)
        .await?
        .into_iter()
        .map(|it| UnitsInTransit { warehouse_id: it.to, quantity: it.quantity })
        .collect();
    Ok(Json(Balances { balances: rows.iter().map(StockBalance::from).collect(), in_transit }))
}
