//! `POST /api/admin/orders/{id}/shipments`

use ::shipping::shipments::Tracking;
use axum::{extract::State, http::StatusCode};
use checkout::{PlannedLine, ShipmentPlan};
use garde::Validate;
use kernel::{
    Quantity,
    id::{OrderId, VariantId, WarehouseId},
};
use pg::DbError;
use queries::orders::ParcelView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Tagged, form::tracking, on_record, resource, tagged};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// A parcel that is to be planned.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentForm {
    /// Where it leaves.
    #[garde(skip)]
    pub warehouse_id: WarehouseId,
    /// What is in it. Nothing named: everything of the order that is left in the warehouse.
    #[serde(default)]
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    pub lines: Vec<ShipmentFormLine>,
    /// Who brings it: a code of `GET /api/admin/carriers`.
    #[serde(default)]
    #[garde(skip)]
    #[schema(example = "tcat")]
    pub carrier: Option<String>,
    /// What the carrier knows it by.
    #[serde(default)]
    #[garde(skip)]
    #[schema(example = "9012345678")]
    pub tracking_number: Option<String>,
}

/// Units in it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentFormLine {
    /// Of which line of the order.
    #[garde(skip)]
    pub line_no: i16,
    /// Of a bundle's line: of which component alone; whole bundles where it is left out.
    #[serde(default)]
    #[garde(skip)]
    pub variant_id: Option<VariantId>,
    /// How many.
    #[garde(skip)]
    pub quantity: Quantity,
}

/// Plans a parcel of a paid order, which is in preparation from then on. Its units are held for it:
/// no other parcel can have them, and nothing takes them off the order, until it is sent or cancelled.
#[utoipa::path(
    post, path = "/api/admin/orders/{id}/shipments", tag = "shipping", operation_id = "create_shipment",
    params(("id" = OrderId, Path)),
    request_body = ShipmentForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ParcelView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`, `WAREHOUSE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is not paid, or all of it has left; `UNITS_EXCEEDED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<OrderId>,
    kit::Json(form): kit::Json<ShipmentForm>,
) -> Result<(StatusCode, Tagged), Problem> {
    let (carrier, number) = (form.carrier.as_deref(), form.tracking_number.as_deref());
    let lines = form.lines.iter().map(|line| PlannedLine {
        line_no: line.line_no,
        variant: line.variant_id,
        quantity: line.quantity,
    });
    let plan = ShipmentPlan {
        warehouse: form.warehouse_id,
        lines: lines.collect(),
        tracking: tracking(carrier, number, &Tracking::default())?,
    };
    edit(&state.ids, || perform(&state, &permit, id, &plan)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: OrderId,
    plan: &ShipmentPlan,
) -> Result<(StatusCode, Tagged), Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let shipment = state.checkout.create_shipment(&mut tx, id, plan, permit.actor(), now).await?;
    let change = Change { after: Some(on_record(&shipment)), ..Change::default() };
    permit.record(&mut tx, &resource(&shipment), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, tagged(&shipment)))
}
