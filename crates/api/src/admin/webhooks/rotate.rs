//! `POST /api/admin/webhooks/{id}/secrets`

use ::webhooks::endpoints;
use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use jiff::SignedDuration;
use kernel::{ErrorCode, id::WebhookId};
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    problem, resource,
    view::{WebhookWithSecret, whole},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit, problem::ProblemBody},
};

/// How one secret follows another.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateForm {
    /// Hours for which deliveries are signed with both; 0 when the old one is known to somebody else.
    #[serde(default = "a_day")]
    #[garde(range(min = 0, max = 168))]
    #[schema(default = 24, minimum = 0, maximum = 168)]
    pub overlap_hours: u16,
    /// For the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

const fn a_day() -> u16 {
    24
}

/// Gives a webhook a new secret, shown this once. The one before signs beside it for a while, so that
/// the receiver can exchange it without missing anything.
#[utoipa::path(
    post, path = "/api/admin/webhooks/{id}/secrets", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = WebhookId, Path)),
    request_body = RotateForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = WebhookWithSecret),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
    kit::Json(form): kit::Json<RotateForm>,
) -> Result<(StatusCode, Json<WebhookWithSecret>), Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: WebhookId,
    form: &RotateForm,
) -> Result<(StatusCode, Json<WebhookWithSecret>), Problem> {
    let overlap = SignedDuration::from_hours(i64::from(form.overlap_hours));
    let context = (&state.ids, &*state.clock);
    let mut tx = state.db.begin().await?;
    let rotated = endpoints::rotate(&mut tx, id, overlap, &state.webhooks.sealer, context).await;
    let secret = rotated.map_err(problem)?;
    let endpoint = endpoints::find(&mut tx, id).await?.ok_or(ErrorCode::WebhookNotFound)?;
    let webhook = whole(&mut tx, endpoint, state.clock.now()).await?;
    let change = Change {
        after: Some(json!({"secrets": webhook.secrets})),
        reason: Some(&form.reason),
        ..Change::default()
    };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, Json(WebhookWithSecret { webhook, secret: secret.reveal() })))
}
