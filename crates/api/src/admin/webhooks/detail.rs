//! `GET /api/admin/webhooks/{id}`

use ::webhooks::endpoints;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::WebhookId};

use super::view::{WholeWebhook, whole};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// One webhook. Its `ETag` is what a change has to send back.
#[utoipa::path(
    get, path = "/api/admin/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = WebhookId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WholeWebhook, headers(("ETag" = String, description = "Its version"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<WebhookId>,
) -> Result<Response, Problem> {
    let mut conn = state.db.acquire().await?;
    let endpoint = endpoints::find(&mut conn, id).await?.ok_or(ErrorCode::WebhookNotFound)?;
    let version = etag(endpoint.version);
    let webhook = whole(&mut conn, endpoint, state.clock.now()).await?;
    Ok((version, Json(webhook)).into_response())
}
