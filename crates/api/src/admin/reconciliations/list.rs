//! `GET /api/admin/reconciliations`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use jiff::civil::Date;
use kernel::{Cursor, ErrorCode, Page, PageLimit};
use payments::reconciliation;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{PROVIDER, view::ReconciliationView};
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReconciliationParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of comparisons.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ReconciliationPage {
    /// The comparisons, the newest day first.
    items: Vec<ReconciliationView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The days that were compared, the newest first.
#[utoipa::path(
    get, path = "/api/admin/reconciliations", tag = "payments", operation_id = "list_reconciliations",
    params(ReconciliationParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReconciliationPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ReconciliationParams>,
) -> Result<Json<Page<ReconciliationView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let before = params.cursor.as_deref().map(Cursor::unpack::<Date>).transpose();
    let before = before.map_err(bad_cursor)?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = reconciliation::list(&mut conn, PROVIDER, before, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.day));
    Ok(Json(page.map(ReconciliationView::from)))
}
