//! `DELETE /api/admin/webhooks/{id}`

use ::webhooks::endpoints;
use axum::{extract::State, http::StatusCode};
use kernel::id::WebhookId;
use pg::DbError;
use serde_json::json;

use super::{problem, resource, view::WebhookView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Path, Problem, edit, problem::ProblemBody},
};

/// Removes a webhook, with its secrets and its log. What waits for it is not sent any more.
#[utoipa::path(
    delete, path = "/api/admin/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = WebhookId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Problem> {
    edit(&state.ids, || perform(&state, &permit, id)).await
}

async fn perform(state: &AppState, permit: &Permit, id: WebhookId) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let gone = endpoints::remove(&mut tx, id).await.map_err(problem)?;
    let change = Change { before: Some(json!(WebhookView::from(gone))), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
