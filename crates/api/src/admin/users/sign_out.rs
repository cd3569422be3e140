//! `DELETE /api/admin/users/{id}/sessions`

use axum::{extract::State, http::StatusCode};
use identity::EndReason;
use kernel::id::UserId;
use pg::DbError;
use serde_json::json;

use super::asked_about;
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Path, Problem, denylist, problem::ProblemBody},
};

/// Signs somebody out everywhere, within a second.
#[utoipa::path(
    delete, path = "/api/admin/users/{id}/sessions", tag = "users", operation_id = "sign_user_out",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let target = asked_about(&permit, identity::account(&mut tx, id).await?.as_ref(), id)?;
    let reason = EndReason::ByAdministrator;
    identity::end_sessions(&mut tx, id, reason, state.clock.now()).await?;
    let change = Change { after: Some(json!({"signed_out": true})), ..Change::default() };
    permit.record(&mut tx, &target, change).await?;
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok(StatusCode::NO_CONTENT)
}
