//! `POST /api/admin/price-lists`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pg::DbError;
use pricing::PriceList;
use serde_json::json;

use super::{PriceListView, form::PriceListForm, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a price list, without prices.
#[utoipa::path(
    post, path = "/api/admin/price-lists", tag = "pricing", operation_id = "create_price_list",
    request_body = PriceListForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = PriceListView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also terms that make no sense, and too many that are switched on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<PriceListForm>,
) -> Result<Response, Problem> {
    let (list, reason) = form.into_list(state.ids.next(&*state.clock));
    let work = || perform(&state, &permit, &list, reason.as_deref());
    let view = edit(&state.ids, work).await?;
    let location = [(header::LOCATION, format!("/api/admin/price-lists/{}", view.id))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    list: &PriceList,
    reason: Option<&str>,
) -> Result<PriceListView, Problem> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let stored = pricing::price_lists::add(&mut tx, list, now).await.map_err(problem)?;
    let view = PriceListView::from(stored);
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &resource(view.id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
