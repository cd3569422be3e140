//! `GET /api/admin/stocktakes`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::stocktakes::{self, StocktakeFilter, StocktakeStatus};
use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{StocktakeId, VariantId, WarehouseId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::StocktakeView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which stocktakes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StocktakeParams {
    /// With this status: `open`, `review`, `posted`, `cancelled`, `expired`.
    #[param(value_type = Option<String>)]
    status: Option<StocktakeStatus>,
    /// In this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// With this variant among their lines.
    variant_id: Option<VariantId>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of stocktakes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct StocktakePage {
    /// The stocktakes, the newest first.
    items: Vec<StocktakeView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The stocktakes, the newest first.
#[utoipa::path(
    get, path = "/api/admin/stocktakes", tag = "inventory", operation_id = "list_stocktakes",
    params(StocktakeParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakePage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<StocktakeParams>,
) -> Result<Json<Page<StocktakeView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<StocktakeId>).transpose();
    let after = after.map_err(bad_cursor)?;
    let filter = StocktakeFilter {
        status: params.status,
        warehouse: params.warehouse_id,
        variant: params.variant_id,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = stocktakes::list(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(|stocktake| StocktakeView::from(&stocktake))))
}
