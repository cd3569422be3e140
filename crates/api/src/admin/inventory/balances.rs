//! `GET /api/admin/inventory/{variant_id}`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::VariantId};
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
    Ok(Json(Balances { balances: rows.iter().map(StockBalance::from).collect() }))
}
