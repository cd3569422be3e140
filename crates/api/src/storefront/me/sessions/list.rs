//! `GET /api/me/sessions`

use std::net::IpAddr;

use axum::{Json, extract::State};
use identity::Session;
use jiff::Timestamp;
use kernel::id::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{Person, Problem, problem::ProblemBody},
};

/// A sign-in that is not over.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last refreshed: every quarter of an hour while it is used.
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What the program called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Where it signed in from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    pub ip: Option<IpAddr>,
}

impl SessionView {
    pub(in crate::storefront::me) fn new(session: &Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            current: session.id == current,
            user_agent: session.device.user_agent().map(str::to_owned),
            ip: session.device.ip(),
        }
    }
}

/// Where one is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sessions {
    /// The sessions, the one used last first.
    pub items: Vec<SessionView>,
}

/// Where one is signed in.
#[utoipa::path(
    get, path = "/api/me/sessions", tag = "auth", operation_id = "list_sessions",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Sessions),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
) -> Result<Json<Sessions>, Problem> {
    let mut conn = state.db.acquire().await?;
    let sessions = identity::sessions(&mut conn, claims.user_id, state.clock.now()).await?;
    let view = |session| SessionView::new(session, claims.session_id);
    Ok(Json(Sessions { items: sessions.iter().map(view).collect() }))
}
