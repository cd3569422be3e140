//! `GET /api/admin/transfers`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::transfers::{self, TransferFilter, TransferStatus};
use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{TransferId, VariantId, WarehouseId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::TransferHead;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which transfers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TransferParams {
    /// With this status: `draft`, `in_transit`, `received`, `cancelled`.
    #[param(value_type = Option<String>)]
    status: Option<TransferStatus>,
    /// From or to this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// With this variant among their lines.
    variant_id: Option<VariantId>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of transfers.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct TransferPage {
    /// The transfers, the newest first.
    items: Vec<TransferHead>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The transfers, the newest first.
#[utoipa::path(
    get, path = "/api/admin/transfers", tag = "inventory", operation_id = "list_transfers",
    params(TransferParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TransferPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<TransferParams>,
) -> Result<Json<Page<TransferHead>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<TransferId>).transpose();
    let after = after.map_err(bad_cursor)?;
    let filter = TransferFilter {
        status: params.status,
        warehouse: params.warehouse_id,
        variant: params.variant_id,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = transfers::list(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(|transfer| TransferHead::from(&transfer))))
}
