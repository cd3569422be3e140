//! `GET /api/admin/dead-letters`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{Cursor, ErrorCode, Page, PageLimit};
use outbox::letters::{self, LetterFilter};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{LetterView, Source};
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which dead letters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LetterParams {
    /// `event` or `job`.
    #[param(inline)]
    source: Option<Source>,
    /// Of this kind, e.g. `order.paid` or `send_order_confirmation`.
    #[param(max_length = 100)]
    kind: Option<String>,
    /// That occurred, or were due, not before this.
    from: Option<Timestamp>,
    /// Before this.
    until: Option<Timestamp>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of dead letters.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct LetterPage {
    /// The dead letters, the newest first.
    items: Vec<LetterView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Events and jobs that failed too often, the newest first.
#[utoipa::path(
    get, path = "/api/admin/dead-letters", tag = "events", operation_id = "list_dead_letters",
    params(LetterParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = LetterPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<LetterParams>,
) -> Result<Json<Page<LetterView>>, Problem> {
    let wrong =
        |name: &str, detail: &str| Problem::new(ErrorCode::ValidationFailed).field(name, detail);
    let after = params.cursor.as_deref().map(Cursor::unpack::<Uuid>).transpose();
    let after = after.map_err(|_| wrong("#cursor", "is not from this list"))?;
    let usable = |text: &String| text.chars().count() <= 100 && !text.contains('\0');
    if !params.kind.as_ref().is_none_or(usable) {
        return Err(wrong("#kind", "has at most 100 characters"));
    }
    let filter = LetterFilter {
        source: params.source.map(Into::into),
        kind: params.kind,
        from: params.from,
        until: params.until,
        id: None,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = letters::letters(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(LetterView::from)))
}
