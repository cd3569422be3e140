//! `POST /api/admin/transfers/suggest`

use ::inventory::transfers;
use axum::{Json, extract::State};
use garde::Validate;
use kernel::{
    ErrorCode,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::MovedUnits;
use crate::{
    AppState,
    access::Permit,
    kit::{self, Problem, problem::ProblemBody},
};

/// What one warehouse is to send in one parcel.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WholeOrder {
    /// What the order wants; lines of one variant are added up.
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<MovedUnits>,
    /// The warehouse, which is open.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
}

/// Which transfers would let one warehouse fill an order alone.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedTransfers {
    /// Open warehouses that could fill it alone right now, by priority. When the one that was asked
    /// about is among them, nothing has to move.
    pub fills_now: Vec<WarehouseId>,
    /// From as few warehouses as can be seen at once; none when something is short everywhere.
    pub transfers: Vec<SuggestedTransfer>,
    /// Of these there is not enough in all warehouses together.
    pub shortages: Vec<SuggestedShortage>,
}

/// Goods to be sent to the warehouse that was asked about.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedTransfer {
    /// Where they leave.
    pub from_warehouse_id: WarehouseId,
    /// Where they are needed.
    pub to_warehouse_id: WarehouseId,
    /// What: fit to be sent to `POST /api/admin/transfers`.
    pub lines: Vec<SuggestedUnits>,
}

/// Units of a variant.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedUnits {
    /// The variant.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i32,
}

/// A variant of which there is not enough anywhere.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedShortage {
    /// The variant.
    pub variant_id: VariantId,
    /// What is wanted.
    pub requested: i64,
    /// What all warehouses have together, without what is being counted.
    pub available: i64,
}

/// When an order could only be filled in one parcel by moving stock: which transfers would do it.
/// Nothing is moved or held by asking.
#[utoipa::path(
    post, path = "/api/admin/transfers/suggest", tag = "inventory", operation_id = "suggest_transfers",
    request_body = WholeOrder,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SuggestedTransfers),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    kit::Json(asked): kit::Json<WholeOrder>,
) -> Result<Json<SuggestedTransfers>, Problem> {
    let to = asked.warehouse_id;
    let mut conn = state.db.acquire().await?;
    let warehouses = ::inventory::warehouses(&mut conn).await?;
    if !warehouses.iter().any(|warehouse| warehouse.id == to && warehouse.active) {
        return Err(Problem::new(ErrorCode::WarehouseNotFound)
            .field("/warehouse_id", "there is no such warehouse, or it is closed"));
    }
    let items: Vec<_> = asked.items.iter().map(|it| (it.variant_id, it.quantity)).collect();
    let plan = transfers::plan(&mut conn, &items, to).await?;
    let units = |(variant_id, quantity)| SuggestedUnits { variant_id, quantity };
    Ok(Json(SuggestedTransfers {
        fills_now: plan.fills_now,
        transfers: plan
            .moves
            .into_iter()
            .map(|it| SuggestedTransfer {
                from_warehouse_id: it.from,
                to_warehouse_id: to,
                lines: it.lines.into_iter().map(units).collect(),
            })
            .collect(),
        shortages: plan
            .short
            .into_iter()
            .map(|it| SuggestedShortage {
                variant_id: it.variant,
                requested: it.requested,
                available: it.available,
            })
            .collect(),
    }))
}
