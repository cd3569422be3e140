//! `GET /api/admin/price-lists/{id}/entries`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{PriceListId, VariantId},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::PriceListEntry;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PriceListEntryParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of prices.
#[derive(ToSchema)]
#[schema(as = PriceListEntryPage)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct PriceListEntryPage {
    /// By the variants' ids.
    items: Vec<PriceListEntry>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The prices of a list.
#[utoipa::path(
    get, path = "/api/admin/price-lists/{id}/entries", tag = "pricing",
    operation_id = "list_price_list_entries",
    params(("id" = PriceListId, Path), PriceListEntryParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PriceListEntryPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<PriceListId>,
    Query(params): Query<PriceListEntryParams>,
) -> Result<Json<Page<PriceListEntry>>, Problem> {
    let limit = PageLimit::clamped(params.limit);
    let after: Option<VariantId> =
        params.cursor.as_deref().map(Cursor::unpack).transpose().map_err(|_| {
            Problem::new(ErrorCode::ValidationFailed)
                .field("#cursor", "is not one this list gave out")
        })?;
    let mut conn = state.db.acquire().await?;
    pricing::price_lists::find(&mut conn, id).await?.ok_or(ErrorCode::NotFound)?;
    let rows = pricing::price_lists::entries(&mut conn, id, after, limit.fetch()).await?;
    let entry = |(variant_id, price)| PriceListEntry { variant_id, price };
    let rows = rows.into_iter().map(entry).collect();
    Ok(Json(Page::from_rows(rows, limit, |last: &PriceListEntry| Cursor::pack(&last.variant_id))))
}
