//! `GET /api/admin/shipments/{id}`

use ::shipping::shipments;
use axum::extract::State;
use kernel::{ErrorCode, id::ShipmentId};
use queries::orders::ParcelView;

use super::{Tagged, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A parcel. The `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/shipments/{id}", tag = "shipping", operation_id = "get_shipment",
    params(("id" = ShipmentId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ParcelView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`SHIPMENT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ShipmentId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    let shipment = shipments::find(&mut conn, id).await?.ok_or(ErrorCode::ShipmentNotFound)?;
    Ok(tagged(&shipment))
}
