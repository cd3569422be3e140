//! `POST /api/admin/webhooks/{id}/redeliver`

use ::webhooks::{
    Redelivered,
    deliveries::{self, Range},
    endpoints,
};
use axum::{Json, extract::State};
use garde::Validate;
use jiff::Timestamp;
use kernel::{ErrorCode, id::WebhookId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit, problem::ProblemBody},
};

/// Of which time.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeForm {
    /// Events that occurred not before this.
    #[garde(skip)]
    pub from: Timestamp,
    /// Before this; now, when left out.
    #[serde(default)]
    #[garde(skip)]
    pub until: Option<Timestamp>,
    /// Also what arrived.
    #[serde(default)]
    #[garde(skip)]
    #[schema(default = false)]
    pub delivered_too: bool,
    /// For the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// What is sent once more.
#[derive(Debug, Serialize, ToSchema)]
pub struct RangeView {
    /// Deliveries that had arrived or were given up. 5,000: there may be more, call again.
    pub again: u64,
    /// Events that the webhook was never told of: it was paused, disabled, or not there yet.
    pub missed: u64,
    /// There may be more before this: call again with this as `until`.
    #[schema(required)]
    pub rest_until: Option<Timestamp>,
}

/// Sends a webhook what was given up in a time, and what it missed, as far as events are kept: a
/// week. At most 5,000 at a time.
#[utoipa::path(
    post, path = "/api/admin/webhooks/{id}/redeliver", tag = "webhooks", operation_id = "redeliver_range",
    params(("id" = WebhookId, Path)),
    request_body = RangeForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RangeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is paused or disabled", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
    kit::Json(form): kit::Json<RangeForm>,
) -> Result<Json<RangeView>, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: WebhookId,
    form: &RangeForm,
) -> Result<Json<RangeView>, Problem> {
    let until = form.until.unwrap_or_else(|| state.clock.now());
    if form.from >= until {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/from", "is not before the end of the time"));
    }
    let range = Range { from: form.from, until, only_failed: !form.delivered_too };
    let mut tx = state.db.begin().await?;
    let endpoint = endpoints::find(&mut tx, id).await?.ok_or(ErrorCode::WebhookNotFound)?;
    let begun =
        deliveries::redeliver_range(&mut tx, &endpoint, range, &state.webhooks.fan_out).await;
    let Redelivered { again, missed, rest_until } = begun.map_err(problem)?;
    let after = json!({
        "from": form.from, "until": until, "delivered_too": form.delivered_too, "again": again,
        "missed": missed,
    });
    let change = Change { after: Some(after), reason: Some(&form.reason), ..Change::default() };
    permit.record(&mut tx, &resource(id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(RangeView { again, missed, rest_until }))
}
