//! `GET /api/admin/returns`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Page, PageLimit};
use queries::orders::{
    ReturnStatusWord,
    admin::{self, ReturnSummary},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
    storefront::products::list::problem,
};

/// Which returns.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReturnParams {
    /// With this status.
    status: Option<ReturnStatusWord>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of returns.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct ReturnPage {
    /// The returns, the newest first.
    items: Vec<ReturnSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The returns, the newest first.
#[utoipa::path(
    get, path = "/api/admin/returns", tag = "returns", operation_id = "list_returns",
    params(ReturnParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReturnPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<ReturnParams>,
) -> Result<Json<Page<ReturnSummary>>, Problem> {
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let page = admin::returns(&mut conn, params.status, params.cursor.as_deref(), limit).await;
    Ok(Json(page.map_err(problem)?))
}
