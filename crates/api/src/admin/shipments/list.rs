//! `GET /api/admin/shipments`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::shipping::carriers::is_tracking_number;
use axum::{Json, extract::State};
use kernel::{ErrorCode, Page, PageLimit, id::WarehouseId};
use queries::orders::{
    ShipmentStatusWord,
    admin::{self, ParcelSummary, ShipmentFilter},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
    storefront::products::list::problem,
};

/// Which parcels.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShipmentParams {
    /// With this status.
    status: Option<ShipmentStatusWord>,
    /// From this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// With this number at its carrier.
    #[param(max_length = 40)]
    tracking_number: Option<String>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of parcels.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ShipmentPage {
    /// The parcels, the newest first.
    items: Vec<ParcelSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The parcels, the newest first.
#[utoipa::path(
    get, path = "/api/admin/shipments", tag = "shipping", operation_id = "list_shipments",
    params(ShipmentParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ShipmentPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ShipmentParams>,
) -> Result<Json<Page<ParcelSummary>>, Problem> {
    if params.tracking_number.as_deref().is_some_and(|number| !is_tracking_number(number)) {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("#tracking_number", "has 1 to 40 letters, digits and dashes"));
    }
    let filter = ShipmentFilter {
        status: params.status,
        warehouse: params.warehouse_id,
        tracking_number: params.tracking_number,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let page = admin::parcels(&mut conn, &filter, params.cursor.as_deref(), limit).await;
    Ok(Json(page.map_err(problem)?))
}
