//! `POST /api/admin/inventory/{variant_id}/receive`

use ::access::{Kind, Resource};
use ::inventory::{Cause, InventoryError, SaveContext, StockError};
use axum::{Json, extract::State};
use garde::Validate;
use kernel::{
    ErrorCode, Quantity,
    id::{VariantId, WarehouseId},
};
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::StockBalance;
use crate::{
    AppState,
    access::{Change, Permit},
    admin::bundles::check_stockable,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Goods that arrived.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Where.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
    /// How many.
    #[garde(skip)]
    pub quantity: Quantity,
    /// Why, for the ledger: a delivery note, a purchase order.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Receives goods 入庫; answers with the balance as it is then.
#[utoipa::path(
    post, path = "/api/admin/inventory/{variant_id}/receive", tag = "inventory", operation_id = "receive_inventory",
    params(("variant_id" = VariantId, Path)),
    request_body = Receipt,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StockBalance),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    kit::Json(receipt): kit::Json<Receipt>,
) -> Result<Json<StockBalance>, Problem> {
    let balance = edit(&state.ids, || perform(&state, &permit, variant, &receipt)).await?;
    Ok(Json(balance))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    receipt: &Receipt,
) -> Result<StockBalance, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    check_stockable(&mut tx, variant).await?;
    let cause =
        Cause { actor: permit.actor(), reference: None, reason: Some(&receipt.reason), at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let (warehouse, quantity) = (receipt.warehouse_id, receipt.quantity);
    let row = ::inventory::receive(&mut tx, variant, warehouse, quantity, &cause, &context)
        .await
        .map_err(problem)?;
    let balance = StockBalance::from(&row);
    let change = Change {
        after: Some(json!({"received": quantity, "balance": balance})),
        reason: Some(&receipt.reason),
        ..Change::default()
    };
    permit.record(&mut tx, &Resource::one(Kind::Stock, variant), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(balance)
}

fn problem(error: InventoryError) -> Problem {
    match error {
        InventoryError::WarehouseNotFound => Problem::new(ErrorCode::WarehouseNotFound)
            .field("/warehouse_id", "there is no such warehouse, or it is closed"),
        InventoryError::Stock(StockError::Frozen) => ErrorCode::StockFrozen.into(),
        InventoryError::Stock(StockError::TooLarge) => Problem::new(ErrorCode::ValidationFailed)
            .field("/quantity", "the balance would be too large"),
        InventoryError::Db(error) => error.into(),
        InventoryError::Stock(error) => Problem::internal(&error),
    }
}
