//! `POST /api/orders/{id}/returns/{return_id}/cancel`

use axum::{Json, extract::State};
use garde::Validate;
use kernel::id::{OrderId, ReturnId};
use pg::DbError;
use queries::orders::ReturnView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ReturnPath, of_order};
use crate::{
    AppState,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::access::AccessibleOrder,
};

/// Nothing needs to be said.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnCancellation {}

/// Gives a return up, as long as nothing came; the order goes back to where it was.
#[utoipa::path(
    post, path = "/api/orders/{id}/returns/{return_id}/cancel", tag = "returns", operation_id = "cancel_return",
    params(
        ("id" = OrderId, Path), ("return_id" = ReturnId, Path),
        ("X-Order-Token" = Option<String>, Header),
    ),
    request_body = ReturnCancellation,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`, `RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    Path(ReturnPath { return_id }): Path<ReturnPath>,
    kit::Json(ReturnCancellation {}): kit::Json<ReturnCancellation>,
) -> Result<Json<ReturnView>, Problem> {
    Ok(Json(edit(&state.ids, || perform(&state, &accessible, return_id)).await?))
}

async fn perform(
    state: &AppState,
    accessible: &AccessibleOrder,
    id: ReturnId,
) -> Result<ReturnView, Problem> {
    let (actor, now) = (accessible.actor, state.clock.now());
    let mut tx = state.db.begin().await?;
    of_order(&mut tx, accessible.order.id, id).await?;
    let (_, after) = state.checkout.cancel_return(&mut tx, id, None, None, actor, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((&after).into())
}
