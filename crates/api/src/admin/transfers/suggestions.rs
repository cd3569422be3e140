//! `GET /api/admin/transfers/suggestions`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::transfers;
use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SuggestionParams {
    /// Variants on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Units that would be better somewhere else.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestedMove {
    /// Of what.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// A warehouse that can spare them.
    pub from_warehouse_id: WarehouseId,
    /// One below its safety stock.
    pub to_warehouse_id: WarehouseId,
    /// How many.
    pub quantity: i32,
}

/// A page of suggestions.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct SuggestedMovePage {
    /// In the order of the variants.
    items: Vec<SuggestedMove>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Moves that would lift warehouses to their safety stock out of what others can spare. What is
/// planned or on its way already counts. A page may hold no suggestion, and yet have a next one.
#[utoipa::path(
    get, path = "/api/admin/transfers/suggestions", tag = "inventory", operation_id = "list_transfer_suggestions",
    params(SuggestionParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SuggestedMovePage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<SuggestionParams>,
) -> Result<Json<Page<SuggestedMove>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<VariantId>).transpose();
    let after = after.map_err(bad_cursor)?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let (moves, next) = transfers::refills(&mut conn, after, limit.get()).await?;
    let variants: Vec<VariantId> = moves.iter().map(|it| it.variant).collect();
    let offers = catalog::offers(&mut conn, &variants, state.clock.now()).await?;
    let items = moves
        .into_iter()
        .map(|it| SuggestedMove {
            variant_id: it.variant,
            sku: offers.get(&it.variant).map(|offer| offer.sku.to_string()).unwrap_or_default(),
            from_warehouse_id: it.from,
            to_warehouse_id: it.to,
            quantity: it.quantity,
        })
        .collect();
    Ok(Json(Page { items, next_cursor: next.map(|last| Cursor::pack(&last).into()) }))
}
