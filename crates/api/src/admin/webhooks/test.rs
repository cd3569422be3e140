//! `POST /api/admin/webhooks/{id}/test`

use ::webhooks::{deliveries, endpoints};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use kernel::{ErrorCode, id::WebhookId};
use pg::DbError;
use serde_json::json;

use super::{problem, resource, view::DeliveryView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Path, Problem, edit, problem::ProblemBody},
};

/// Sends a webhook an event of the kind `webhook.test`, once. `Location` tells what became of it a
/// moment later.
#[utoipa::path(
    post, path = "/api/admin/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = WebhookId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 202, body = DeliveryView, headers(("Location" = String, description = "The delivery"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is paused or disabled", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
) -> Result<Response, Problem> {
    edit(&state.ids, || perform(&state, &permit, id)).await
}

async fn perform(state: &AppState, permit: &Permit, id: WebhookId) -> Result<Response, Problem> {
    let mut tx = state.db.begin().await?;
    let endpoint = endpoints::find(&mut tx, id).await?.ok_or(ErrorCode::WebhookNotFound)?;
    let sent = deliveries::test(&mut tx, &endpoint, &state.webhooks.fan_out).await;
    let delivery = DeliveryView::from(sent.map_err(problem)?);
    let change = Change { after: Some(json!({"test": delivery.id})), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    let location = format!("/api/admin/webhooks/{id}/deliveries/{}", delivery.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(delivery)).into_response())
}
