//! `GET /api/admin/inventory/{variant_id}/movements`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::movements::{LedgerEntry, MovementFilter, Place, movements};
use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{kind::MovementWord, known};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which movements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MovementParams {
    /// In this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<MovementWord>,
    /// About this order, receipt, stocktake or transfer.
    reference_id: Option<Uuid>,
    /// Not before.
    from: Option<Timestamp>,
    /// Before.
    until: Option<Timestamp>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A change of a stock row. The sum of all of them is the balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct MovementView {
    /// Where.
    pub warehouse_id: WarehouseId,
    /// Its number in the ledger of the variant in this warehouse, from 1, without gaps.
    pub seq: i64,
    /// What it was.
    pub kind: MovementWord,
    /// What it added to everything there 總庫存.
    pub total: i32,
    /// What it added to what is free 可用.
    pub available: i32,
    /// What it added to what unpaid orders hold 預留.
    pub reserved: i32,
    /// What it added to what is paid for and not shipped yet 已銷售.
    pub sold: i32,
    /// What was free afterwards.
    pub available_after: i32,
    /// The order, receipt, stocktake or transfer behind it.
    #[schema(required)]
    pub reference_id: Option<Uuid>,
    /// Who: `customer`, `guest`, `staff`, `system`, ….
    pub actor_kind: String,
    /// Who, if it was somebody with an account.
    #[schema(required)]
    pub actor_id: Option<Uuid>,
    /// Why, where somebody said so.
    #[schema(required)]
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl From<LedgerEntry> for MovementView {
    fn from(entry: LedgerEntry) -> Self {
        Self {
            warehouse_id: entry.key.warehouse,
            seq: entry.seq,
            kind: entry.kind.into(),
            total: entry.delta.total,
            available: entry.delta.available,
            reserved: entry.delta.reserved,
            sold: entry.delta.sold,
            available_after: entry.available_after,
            reference_id: entry.reference,
            actor_kind: entry.actor_kind,
            actor_id: entry.actor_id,
            reason: entry.reason,
            at: entry.at,
        }
    }
}

/// A page of movements.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct MovementPage {
    /// The movements, the newest first.
    items: Vec<MovementView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The ledger of a variant, the newest first. Several warehouses are merged by time.
#[utoipa::path(
    get, path = "/api/admin/inventory/{variant_id}/movements", tag = "inventory", operation_id = "list_movements",
    params(("variant_id" = VariantId, Path), MovementParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MovementPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
    Query(params): Query<MovementParams>,
) -> Result<Json<Page<MovementView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<Place>).transpose();
    let after = after.map_err(bad_cursor)?;
    let filter = MovementFilter {
        warehouse: params.warehouse_id,
        kind: params.kind.map(Into::into),
        reference: params.reference_id,
        from: params.from,
        until: params.until,
    };
    let limit = PageLimit::clamped(params.limit).get();
    let mut conn = state.db.acquire().await?;
    known(&mut conn, variant, state.clock.now()).await?;
    let (page, next) = movements(&mut conn, variant, &filter, after.as_ref(), limit).await?;
    let items = page.into_iter().map(MovementView::from).collect();
    Ok(Json(Page { items, next_cursor: next.map(|place| Cursor::pack(&place).into()) }))
}
