//! `GET /api/admin/carriers`

use ::shipping::carriers::CARRIERS;
use axum::Json;
use queries::orders::CarrierView;

use crate::{access::Permit, kit::problem::ProblemBody};

/// Who brings parcels, in the order in which they are offered.
#[utoipa::path(
    get, path = "/api/admin/carriers", tag = "shipping", operation_id = "list_carriers",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Vec<CarrierView>),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(_: Permit) -> Json<Vec<CarrierView>> {
    Json(CARRIERS.iter().map(CarrierView::from).collect())
}
