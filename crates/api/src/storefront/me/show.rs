//! `GET /api/me`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::UserId};
use pg::Connection;

use crate::{
    AppState,
    kit::{Problem, SignedIn, problem::ProblemBody},
    storefront::auth::{problem, session::UserView},
};

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/me", tag = "auth", operation_id = "me",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    SignedIn(claims): SignedIn,
) -> Result<Json<UserView>, Problem> {
    let mut conn = state.db.acquire().await?;
    Ok(Json(read(&mut conn, claims.user_id).await?))
}

/// The person as they are now.
pub(super) async fn read(conn: &mut Connection, id: UserId) -> Result<UserView, Problem> {
    let user = identity::user(conn, id).await?;
    // Deactivated since the token was issued.
    let user = user.ok_or(ErrorCode::AuthUnauthorized)?;
    let second_factor = identity::second_factor_state(conn, id).await.map_err(problem)?;
    Ok(UserView::new(&user, second_factor.enabled))
}
