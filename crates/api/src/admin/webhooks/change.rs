//! `PUT /api/admin/webhooks/{id}`

use ::webhooks::endpoints;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::id::WebhookId;
use pg::DbError;
use serde_json::json;

use super::{form::WebhookForm, problem, resource, view::WebhookView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit, etag, problem::ProblemBody},
};

/// Changes a webhook. What is on its way goes where it is from now on.
#[utoipa::path(
    put, path = "/api/admin/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(
        ("id" = WebhookId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = WebhookForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WebhookView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also an address that is not allowed, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<WebhookForm>,
) -> Result<Response, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, seen, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: WebhookId,
    seen: i64,
    form: &WebhookForm,
) -> Result<Response, Problem> {
    let mut tx = state.db.begin().await?;
    let guard = &state.webhooks.guard;
    let changed = endpoints::change(&mut tx, id, seen, &form.endpoint(), guard).await;
    let (before, after) = changed.map_err(problem)?;
    let (before, after) = (WebhookView::from(before), WebhookView::from(after));
    let change = Change {
        before: Some(json!(before)),
        after: Some(json!(after)),
        reason: form.reason.as_deref(),
    };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((etag(after.version), Json(after)).into_response())
}
