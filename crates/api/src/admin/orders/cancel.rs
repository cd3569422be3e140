//! `POST /api/admin/orders/{id}/cancel`

use ::inventory::Fate;
use axum::extract::State;
use garde::Validate;
use kernel::id::OrderId;
use pg::DbError;
use queries::orders::admin::AdminOrderView;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Tagged, resource, tagged};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Why, and what becomes of the stock.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// For the record; customers are not told.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
    /// Whether its units may be sold again. If not, those that were paid for are written off for the
    /// reason given; what was only held is free either way.
    #[garde(skip)]
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub restock: bool,
}

const fn yes() -> bool {
    true
}

/// Cancels an order for operations. Unpaid, it ends; paid and with nothing sent yet, its money is asked
/// back without further approval, and its parcels that were planned are given up. Of an order that was
/// sent in part, the rest is taken off by `PATCH`.
#[utoipa::path(
    post, path = "/api/admin/orders/{id}/cancel", tag = "orders", operation_id = "cancel_any_order",
    params(("id" = OrderId, Path)),
    request_body = CancelOrder,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminOrderView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it has ended, or something of it has left; `STOCK_FROZEN`: a stocktake holds what is to be written off", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<OrderId>,
    kit::Json(form): kit::Json<CancelOrder>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: OrderId,
    form: &CancelOrder,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let (actor, reason) = (permit.actor(), form.reason.as_str());
    let fate = if form.restock { Fate::OnSale } else { Fate::WrittenOff };
    let mut tx = state.db.begin().await?;
    let order = state.checkout.cancel_for_operations(&mut tx, id, fate, reason, actor, now).await?;
    let change = Change {
        after: Some(json!({"status": order.status, "restock": form.restock})),
        reason: Some(reason),
        ..Change::default()
    };
    permit.record(&mut tx, &resource(&order), change).await?;
    let answer = tagged(&mut tx, id).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
