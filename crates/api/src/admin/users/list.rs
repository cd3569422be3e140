//! `GET /api/admin/users`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use identity::{AccountFilter, Role};
use kernel::{Cursor, ErrorCode, Page, PageLimit};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{AccountView, resource};
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserParams {
    /// With these letters in the name or the e-mail.
    #[param(max_length = 100)]
    q: Option<String>,
    /// With this role: `ops`, `warehouse`, `admin`.
    #[param(value_type = Option<String>)]
    role: Option<Role>,
    /// Only people of the shop.
    #[serde(default)]
    #[param(required = false)]
    staff: bool,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of accounts.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct StaffAccountPage {
    /// The accounts, the newest first; only those the caller may see.
    items: Vec<AccountView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The accounts, the newest first. What the policies do not let the caller see is left out, so a
/// page may be shorter than asked for.
#[utoipa::path(
    get, path = "/api/admin/users", tag = "users", operation_id = "list_users",
    params(UserParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StaffAccountPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Query(params): Query<UserParams>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after =
        params.cursor.as_deref().map(Cursor::unpack::<Uuid>).transpose().map_err(bad_cursor)?;
    if params.q.as_ref().is_some_and(|q| q.chars().count() > 100) {
        let problem = Problem::new(ErrorCode::ValidationFailed);
        return Err(problem.field("#q", "has at most 100 characters"));
    }
    let filter = AccountFilter { q: params.q, role: params.role, staff_only: params.staff };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = identity::accounts(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    let items = permit.filter(page.items, resource).into_iter().map(AccountView::from).collect();
    Ok(Json(Page { items, next_cursor: page.next_cursor }))
}
