//! `POST /api/admin/webhooks/{id}/pause`

use ::webhooks::model::EndpointMove;
use axum::{extract::State, response::Response};
use kernel::id::WebhookId;

use super::{status::set, view::WebhookView};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, edit, problem::ProblemBody},
};

/// Stops telling a webhook of events. What waits for it stays until it is resumed; what happens meanwhile it is not told of (`redeliver` sends that, too).
#[utoipa::path(
    post, path = "/api/admin/webhooks/{id}/pause", tag = "webhooks", operation_id = "pause_webhook",
    params(
        ("id" = WebhookId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WebhookView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`WEBHOOK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<WebhookId>,
    seen: Option<IfMatch>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Response, Problem> {
    let asked = EndpointMove::Pause;
    edit(&state.ids, || set(&state, &permit, id, seen, (asked, &form.reason))).await
}
