//! `PUT /api/admin/inventory/{variant_id}/safety-stock`

use ::access::{Kind, Resource};
use ::inventory::{Cause, InventoryError, SaveContext, StockKey, receive::set_safety_stock};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use kernel::{
    ErrorCode,
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
    kit::{self, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// The level below which operations are told.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SafetyStock {
    /// Where.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
    /// Units that should always be available; 0: nobody is told.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub safety_stock: i32,
    /// Why, for the ledger and the audit log.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// Sets the safety stock 安全庫存 of a variant in a warehouse, also of one that it never lay in, and
/// answers with the balance. Sent twice it is set once. Operations are told when it is over what is
/// available and was not before.
#[utoipa::path(
    put, path = "/api/admin/inventory/{variant_id}/safety-stock", tag = "inventory", operation_id = "set_safety_stock",
    params(("variant_id" = VariantId, Path)),
    request_body = SafetyStock,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StockBalance, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    kit::Json(form): kit::Json<SafetyStock>,
) -> Result<Response, Problem> {
    let balance = edit(&state.ids, || perform(&state, &permit, variant, &form)).await?;
    Ok((etag(balance.version), Json(balance)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    form: &SafetyStock,
) -> Result<StockBalance, Problem> {
    let (now, reason) = (state.clock.now(), form.reason.as_deref());
    let mut tx = state.db.begin().await?;
    check_stockable(&mut tx, variant).await?;
    let warehouse = form.warehouse_id;
    if ::inventory::warehouses(&mut tx).await?.iter().all(|it| it.id != warehouse) {
        return Err(Problem::new(ErrorCode::WarehouseNotFound)
            .field("/warehouse_id", "there is no such warehouse"));
    }
    let cause = Cause { actor: permit.actor(), reference: None, reason, at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let key = StockKey { variant, warehouse };
    let (before, row) = set_safety_stock(&mut tx, key, form.safety_stock, &cause, &context)
        .await
        .map_err(problem)?;
    let balance = StockBalance::from(&row);
    if before != balance.safety_stock {
        let said = |level| json!({"warehouse_id": warehouse, "safety_stock": level});
        let change =
            Change { before: Some(said(before)), after: Some(said(balance.safety_stock)), reason };
        permit.record(&mut tx, &Resource::one(Kind::Stock, variant), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(balance)
}

fn problem(error: InventoryError) -> Problem {
    match error {
        InventoryError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}
