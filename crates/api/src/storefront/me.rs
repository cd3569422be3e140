//! `GET /api/me`

use axum::{Json, extract::State};
use kernel::ErrorCode;

use super::auth::session::UserView;
use crate::{
    AppState,
    kit::{Problem, SignedIn, problem::ProblemBody},
};

/// Who is signed in.
#[utoipa::path(
    get, path = "/api/me", tag = "auth", operation_id = "me",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    SignedIn(claims): SignedIn,
) -> Result<Json<UserView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let user = identity::user(&mut conn, claims.user_id).await?;
    // Deactivated since the token was issued.
    let user = user.ok_or(ErrorCode::AuthUnauthorized)?;
    Ok(Json(UserView::from(&user)))
}
