//! `GET /api/admin/webhooks`

use ::webhooks::endpoints;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::WebhookView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhooks {
    /// The oldest first.
    pub items: Vec<WebhookView>,
}

/// Which other systems are told of events.
#[utoipa::path(
    get, path = "/api/admin/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Webhooks),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, _: Permit) -> Result<Json<Webhooks>, Problem> {
    let mut conn = state.db.acquire().await?;
    let endpoints = endpoints::list(&mut conn).await?;
    Ok(Json(Webhooks { items: endpoints.into_iter().map(WebhookView::from).collect() }))
}
