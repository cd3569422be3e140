//! `POST /api/admin/webhooks/{id}/deliveries/{delivery_id}/redeliver`

use ::webhooks::deliveries;
use axum::{Json, extract::State};
use kernel::id::{DeliveryId, WebhookId};
use pg::DbError;
use serde_json::json;

use super::{problem, resource, view::DeliveryView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Path, Problem, edit, problem::ProblemBody},
};

/// Sends one that arrived or was given up once more, with all its attempts and the same `webhook-id`.
#[utoipa::path(
    post, path = "/api/admin/webhooks/{id}/deliveries/{delivery_id}/redeliver", tag = "webhooks", operation_id = "redeliver",
    params(("id" = WebhookId, Path), ("delivery_id" = DeliveryId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DeliveryView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is on its way", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path((id, delivery_id)): Path<(WebhookId, DeliveryId)>,
) -> Result<Json<DeliveryView>, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, delivery_id)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: WebhookId,
    delivery_id: DeliveryId,
) -> Result<Json<DeliveryView>, Problem> {
    let mut tx = state.db.begin().await?;
    let begun = deliveries::redeliver(&mut tx, id, delivery_id, state.clock.now()).await;
    let delivery = begun.map_err(problem)?;
    let change = Change { after: Some(json!({"redeliver": delivery_id})), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(delivery.into()))
}
