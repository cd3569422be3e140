//! `GET /api/admin/webhooks/{id}/deliveries/{delivery_id}`

use ::webhooks::deliveries;
use axum::{Json, extract::State};
use kernel::id::{DeliveryId, WebhookId};

use super::{problem, view::WholeDeliveryView};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// One delivery: what is sent, and every attempt with what came back.
#[utoipa::path(
    get, path = "/api/admin/webhooks/{id}/deliveries/{delivery_id}", tag = "webhooks", operation_id = "get_delivery",
    params(("id" = WebhookId, Path), ("delivery_id" = DeliveryId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WholeDeliveryView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path((id, delivery_id)): Path<(WebhookId, DeliveryId)>,
) -> Result<Json<WholeDeliveryView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let whole = deliveries::find(&mut conn, id, delivery_id).await.map_err(problem)?;
    Ok(Json(whole.into()))
}
