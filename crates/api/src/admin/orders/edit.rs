//! `PATCH /api/admin/orders/{id}`

use axum::extract::State;
use checkout::OrderEdit;
use garde::Validate;
use kernel::{ErrorCode, id::OrderId};
use pg::DbError;
use queries::orders::admin::AdminOrderView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Tagged, on_record, resource, tagged};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::form::AddressForm,
};

/// What is to be changed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderEditForm {
    /// Where it goes from now on: all of the address.
    #[serde(default)]
    #[garde(dive)]
    pub shipping_address: Option<AddressForm>,
    /// Lines that become smaller, each once.
    #[serde(default)]
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    pub lines: Vec<CutLine>,
    /// Why.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// What of a line stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CutLine {
    /// Which line.
    #[garde(skip)]
    pub line_no: i16,
    /// How many units stay, fewer than there are; 0 removes the line.
    #[garde(range(max = 1_000_000))]
    #[schema(maximum = 1_000_000)]
    pub quantity: u32,
}

/// Changes an order that was not sent whole: where it goes, and less of it. What it costs is worked out
/// anew, never more than before; what was paid too much goes back. Units in parcels that are planned
/// stay: cancel the parcel first.
#[utoipa::path(
    patch, path = "/api/admin/orders/{id}", tag = "orders", operation_id = "edit_order",
    params(
        ("id" = OrderId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read"),
    ),
    request_body = OrderEditForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminOrderView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: all of it has left, it has ended, or a payment was begun; `UNITS_EXCEEDED`: more than has not left and is in no parcel", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<OrderId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<OrderEditForm>,
) -> Result<Tagged, Problem> {
    if form.shipping_address.is_none() && form.lines.is_empty() {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/lines", "neither an address nor a line is to be changed"));
    }
    edit(&state.ids, || perform(&state, &permit, id, seen, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: OrderId,
    seen: i64,
    form: &OrderEditForm,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let asked = OrderEdit {
        address: form.shipping_address.clone().map(Into::into),
        lines: form.lines.iter().map(|line| (line.line_no, line.quantity)).collect(),
        reason: &form.reason,
    };
    let mut tx = state.db.begin().await?;
    let checkout = &state.checkout;
    let (before, after) =
        checkout.edit_order(&mut tx, id, seen, &asked, permit.actor(), now).await?;
    let change = Change {
        before: Some(on_record(&before)),
        after: Some(on_record(&after)),
        reason: Some(&form.reason),
    };
    permit.record(&mut tx, &resource(&after), change).await?;
    let answer = tagged(&mut tx, id).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
