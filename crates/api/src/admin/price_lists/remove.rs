//! `DELETE /api/admin/price-lists/{id}`

use axum::{extract::State, http::StatusCode};
use kernel::id::PriceListId;
use pg::DbError;
use serde_json::json;

use super::{PriceListView, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Deletes a price list with its prices. Orders keep what they cost. `If-Match` has to be the `ETag`
/// that was read last.
#[utoipa::path(
    delete, path = "/api/admin/price-lists/{id}", tag = "pricing", operation_id = "remove_price_list",
    params(
        ("id" = PriceListId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<PriceListId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, seen)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: PriceListId,
    seen: i64,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let gone = pricing::price_lists::remove(&mut tx, id, seen).await.map_err(problem)?;
    let change = Change { before: Some(json!(PriceListView::from(gone))), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
