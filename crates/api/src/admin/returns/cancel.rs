//! `POST /api/admin/returns/{id}/cancel`

use axum::extract::State;
use kernel::id::ReturnId;
use queries::orders::ReturnView;

use super::{Seen, Tagged, finish};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// A return is given up because nothing came; the order goes back to where it was.
#[utoipa::path(
    post, path = "/api/admin/returns/{id}/cancel", tag = "returns", operation_id = "cancel_any_return",
    params(
        ("id" = ReturnId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`RETURN_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
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
    Path(id): Path<ReturnId>,
    seen: Option<IfMatch>,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Tagged, Problem> {
    let seen = (id, seen.map(|IfMatch(version)| version));
    edit(&state.ids, || perform(&state, &permit, seen, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (id, seen): Seen,
    form: &Reason,
) -> Result<Tagged, Problem> {
    let (now, reason) = (state.clock.now(), Some(form.reason.as_str()));
    let mut tx = state.db.begin().await?;
    let checkout = &state.checkout;
    let moved = checkout.cancel_return(&mut tx, id, seen, reason, permit.actor(), now).await?;
    finish(tx, permit, moved, reason).await
}
