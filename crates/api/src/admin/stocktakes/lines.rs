//! `GET /api/admin/stocktakes/{id}/lines`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::stocktakes::{self, LineFilter};
use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{StocktakeId, VariantId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::StocktakeLineView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LineParams {
    /// Only these: `missing`, `disagreed`, `skipped`, `differing`, `below_promised`; `all` unless
    /// asked.
    #[serde(default)]
    #[param(value_type = Option<String>, required = false)]
    only: LineFilter,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of lines.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct StocktakeLinePage {
    /// In the order of the variants.
    items: Vec<StocktakeLineView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The lines of a stocktake: what the books say, what was counted by whom, and what differs.
#[utoipa::path(
    get, path = "/api/admin/stocktakes/{id}/lines", tag = "inventory", operation_id = "list_stocktake_lines",
    params(("id" = StocktakeId, Path), LineParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeLinePage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<StocktakeId>,
    Query(params): Query<LineParams>,
) -> Result<Json<Page<StocktakeLineView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<VariantId>).transpose();
    let after = after.map_err(bad_cursor)?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let stocktake = stocktakes::find(&mut conn, id).await?.ok_or(ErrorCode::StocktakeNotFound)?;
    let fetch = limit.get() + 1;
    let rows = stocktakes::lines(&mut conn, &stocktake, params.only, after, fetch).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.variant));
    let variants: Vec<VariantId> = page.items.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(&mut conn, &variants, state.clock.now()).await?;
    Ok(Json(page.map(|line| {
        StocktakeLineView::of(&line, stocktake.counts_required, offers.get(&line.variant))
    })))
}
