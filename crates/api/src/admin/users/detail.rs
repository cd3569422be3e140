//! `GET /api/admin/users/{id}`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::UserId};

use super::{AccountView, asked_about};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// An account.
#[utoipa::path(
    get, path = "/api/admin/users/{id}", tag = "users", operation_id = "get_user",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<UserId>,
) -> Result<Json<AccountView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let account = identity::account(&mut conn, id).await?;
    asked_about(&permit, account.as_ref(), id)?;
    Ok(Json(account.ok_or(ErrorCode::NotFound)?.into()))
}
