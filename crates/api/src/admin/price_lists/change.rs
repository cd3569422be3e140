//! `PUT /api/admin/price-lists/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::id::PriceListId;
use pg::DbError;
use pricing::PriceList;
use serde_json::json;

use super::{PriceListView, form::PriceListForm, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Changes a price list, from the next order on; its prices stay. `If-Match` has to be the `ETag` that was read last. When
/// everything is as it was, nothing happens.
#[utoipa::path(
    put, path = "/api/admin/price-lists/{id}", tag = "pricing", operation_id = "change_price_list",
    params(
        ("id" = PriceListId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = PriceListForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PriceListView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also terms that make no sense, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<PriceListId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<PriceListForm>,
) -> Result<Response, Problem> {
    let (wish, reason) = form.into_list(id);
    let work = || perform(&state, &permit, (&wish, seen), reason.as_deref());
    let after = edit(&state.ids, work).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (wish, seen): (&PriceList, i64),
    reason: Option<&str>,
) -> Result<PriceListView, Problem> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let changed = pricing::price_lists::change(&mut tx, wish, seen, now).await;
    let (before, after) = changed.map_err(problem)?;
    let (before, after) = (PriceListView::from(before), PriceListView::from(after));
    if before != after {
        let change = Change { before: Some(json!(before)), after: Some(json!(after)), reason };
        permit.record(&mut tx, &resource(after.id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
