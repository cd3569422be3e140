//! `GET /api/admin/audit-log`

use audit::Entry;
use axum::{Json, extract::State};
use kernel::{Cursor, ErrorCode, Page, PageLimit};
use utoipa::ToSchema;
use uuid::Uuid;

use super::AuditParams;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// A page of the audit log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct AuditPage {
    /// The entries, the newest first.
    items: Vec<Entry>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Every change made in the back office, the newest first.
#[utoipa::path(
    get, path = "/api/admin/audit-log", tag = "audit", operation_id = "list_audit_log",
    params(AuditParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AuditPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<AuditParams>,
) -> Result<Json<Page<Entry>>, Problem> {
    let filter = params.filter()?;
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after =
        params.cursor.as_deref().map(Cursor::unpack::<Uuid>).transpose().map_err(bad_cursor)?;
    let mut conn = state.db.acquire().await?;
    let limit = PageLimit::clamped(params.limit);
    Ok(Json(audit::list(&mut conn, &filter, after, limit).await?))
}
