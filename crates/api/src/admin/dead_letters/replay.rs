//! `POST /api/admin/dead-letters/{id}/replay`

use ::access::{Kind, Resource};
use axum::{extract::State, http::StatusCode};
use kernel::ErrorCode;
use outbox::letters::{self, LetterFilter};
use pg::DbError;
use serde_json::json;
use uuid::Uuid;

use super::LetterView;
use crate::{
    AppState,
    access::{Change, Permit},
    admin::reason::Reason,
    kit::{self, Path, Problem, edit, problem::ProblemBody},
};

/// Lets a dead letter be handed over or done again, with all its attempts. An event may come after
/// later ones of its subject, which did not wait for it any more.
#[utoipa::path(
    post, path = "/api/admin/dead-letters/{id}/replay", tag = "events", operation_id = "replay_dead_letter",
    params(("id" = Uuid, Path)),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is on its way"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`DEAD_LETTER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<Uuid>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<StatusCode, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: Uuid,
    form: &Reason,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let letter = letters::letter(&mut tx, id).await?.ok_or(ErrorCode::DeadLetterNotFound)?;
    let one = LetterFilter::one(id);
    if letters::replay_letters(&mut tx, &one, state.clock.now(), 1).await?.is_empty() {
        return Err(ErrorCode::DeadLetterNotFound.into());
    }
    let change = Change {
        before: Some(json!(LetterView::from(letter))),
        after: Some(json!({"replayed": true})),
        reason: Some(&form.reason),
    };
    permit.record(&mut tx, &Resource::one(Kind::Event, id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
