//! `GET /api/orders`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Page, PageLimit};
use queries::orders::{self, OrderSummary};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    kit::{Problem, Query, SignedIn, problem::ProblemBody},
    storefront::products::list::problem,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of orders.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct OrderPage {
    /// The orders, the newest first.
    items: Vec<OrderSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The orders of the person signed in, the newest first.
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", operation_id = "list_orders",
    params(PageParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    SignedIn(claims): SignedIn,
    Query(params): Query<PageParams>,
) -> Result<Json<Page<OrderSummary>>, Problem> {
    let limit = PageLimit::clamped(params.limit);
    let cursor = params.cursor.as_deref();
    let mut conn = state.db.acquire().await?;
    let page = orders::list_for_customer(&mut conn, claims.user_id, cursor, limit).await;
    Ok(Json(page.map_err(problem)?))
}
