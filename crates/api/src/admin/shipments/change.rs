//! `PATCH /api/admin/shipments/{id}`

use ::shipping::shipments::{self, ShipmentMove};
use axum::extract::State;
use checkout::ShipmentPatch;
use garde::Validate;
use jiff::Timestamp;
use kernel::{ErrorCode, id::ShipmentId};
use pg::DbError;
use queries::orders::{ParcelView, ShipmentStatusWord};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Tagged, form::tracking, on_record, resource, tagged};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// What is to be changed; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipmentChange {
    /// What became of it: `ready_to_ship` (packed), `shipped` (its units leave the warehouse),
    /// `delivered`, `returned` (it came back) or `cancelled`.
    #[serde(default)]
    #[garde(skip)]
    pub status: Option<ShipmentStatusWord>,
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
    /// When it was delivered, if not now; not before it left.
    #[serde(default)]
    #[garde(skip)]
    pub happened_at: Option<Timestamp>,
    /// Why, for the record.
    #[serde(default)]
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// Changes a parcel. With the last unit of an order that leaves, the order is shipped; with the last
/// parcel that arrives, the time for returns begins.
#[utoipa::path(
    patch, path = "/api/admin/shipments/{id}", tag = "shipping", operation_id = "change_shipment",
    params(
        ("id" = ShipmentId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    request_body = ShipmentChange,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ParcelView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`SHIPMENT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`; `STOCK_FROZEN`: a stocktake counts what is to leave", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ShipmentId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<ShipmentChange>,
) -> Result<Tagged, Problem> {
    let asked = match form.status.map(|word| ShipmentMove::into(word.into())) {
        Some(None) => {
            return Err(Problem::new(ErrorCode::ValidationFailed)
                .field("/status", "is where parcels begin; plan another one"));
        }
        Some(asked) => asked,
        None => None,
    };
    let says_something =
        asked.is_some() || form.carrier.is_some() || form.tracking_number.is_some();
    if !says_something {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/status", "neither a status nor a carrier nor a number is to be changed"));
    }
    if form.happened_at.is_some() && asked != Some(ShipmentMove::Deliver) {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/happened_at", "is for deliveries alone"));
    }
    edit(&state.ids, || perform(&state, &permit, (id, seen), &form, asked)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): (ShipmentId, i64),
    form: &ShipmentChange,
    asked: Option<ShipmentMove>,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let known = shipments::find(&mut tx, id).await?.ok_or(ErrorCode::ShipmentNotFound)?;
    let (carrier, number) = (form.carrier.as_deref(), form.tracking_number.as_deref());
    let changed = (carrier.is_some() || number.is_some())
        .then(|| tracking(carrier, number, &known.tracking))
        .transpose()?;
    let patch = ShipmentPatch {
        asked,
        tracking: changed,
        happened_at: form.happened_at,
        reason: form.reason.as_deref(),
    };
    let checkout = &state.checkout;
    let (before, after) =
        checkout.change_shipment(&mut tx, id, Some(seen), &patch, permit.actor(), now).await?;
    let change = Change {
        before: Some(on_record(&before)),
        after: Some(on_record(&after)),
        reason: form.reason.as_deref(),
    };
    permit.record(&mut tx, &resource(&after), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&after))
}
