//! `POST /api/admin/webhooks`

use ::webhooks::endpoints;
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pg::DbError;
use serde_json::json;

use super::{
    form::WebhookForm,
    problem, resource,
    view::{WebhookWithSecret, whole},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit, etag, problem::ProblemBody},
};

/// Has another system told of events from now on. The answer holds the secret that deliveries are
/// signed with; it is not shown again.
#[utoipa::path(
    post, path = "/api/admin/webhooks", tag = "webhooks", operation_id = "register_webhook",
    request_body = WebhookForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = WebhookWithSecret, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also an address that is not allowed, and one webhook too many", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<WebhookForm>,
) -> Result<Response, Problem> {
    edit(&state.ids, || perform(&state, &permit, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    form: &WebhookForm,
) -> Result<Response, Problem> {
    let (office, by) = (&state.webhooks, permit.claims().user_id);
    let context = (&state.ids, &*state.clock);
    let mut tx = state.db.begin().await?;
    let tools = (&office.guard, &office.sealer);
    let registered = endpoints::register(&mut tx, &form.endpoint(), by, tools, context).await;
    let (endpoint, secret) = registered.map_err(problem)?;
    let id = endpoint.id;
    let webhook = whole(&mut tx, endpoint, state.clock.now()).await?;
    let change =
        Change { after: Some(json!(webhook)), reason: form.reason.as_deref(), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    let location = [(header::LOCATION, format!("/api/admin/webhooks/{id}"))];
    let version = etag(webhook.webhook.version);
    let body = WebhookWithSecret { webhook, secret: secret.reveal() };
    Ok((StatusCode::CREATED, version, location, Json(body)).into_response())
}
