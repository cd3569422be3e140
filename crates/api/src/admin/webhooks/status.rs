//! Pausing and resuming.

use ::webhooks::{
    endpoints::{self, Cause},
    model::EndpointMove,
};
use axum::{
    Json,
    response::{IntoResponse as _, Response},
};
use kernel::id::WebhookId;
use pg::DbError;
use serde_json::json;

use super::{problem, resource, view::WebhookView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{IfMatch, Problem, etag},
};

/// Moves a webhook, in one transaction.
pub(super) async fn set(
    state: &AppState,
    permit: &Permit,
    id: WebhookId,
    seen: Option<IfMatch>,
    (asked, reason): (EndpointMove, &str),
) -> Result<Response, Problem> {
    let seen = seen.map(|IfMatch(version)| version);
    let cause = Cause { actor: permit.actor(), reason: Some(reason) };
    let context = (&state.ids, &*state.clock);
    let mut tx = state.db.begin().await?;
    let moved = endpoints::set(&mut tx, id, seen, asked, cause, context).await;
    let (before, after) = moved.map_err(problem)?;
    let (before, after) = (WebhookView::from(before), WebhookView::from(after));
    let change =
        Change { before: Some(json!(before)), after: Some(json!(after)), reason: Some(reason) };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((etag(after.version), Json(after)).into_response())
}
