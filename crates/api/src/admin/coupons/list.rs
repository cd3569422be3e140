//! `GET /api/admin/coupons`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Cursor, ErrorCode, Page, PageLimit};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::CouponView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which coupons.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminCouponParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of coupons.
#[derive(ToSchema)]
#[schema(as = AdminCouponPage)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct AdminCouponPage {
    /// By code.
    items: Vec<CouponView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The shop's coupons, those that are switched off or over too.
#[utoipa::path(
    get, path = "/api/admin/coupons", tag = "pricing", operation_id = "list_admin_coupons",
    params(AdminCouponParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminCouponPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<AdminCouponParams>,
) -> Result<Json<Page<CouponView>>, Problem> {
    let limit = PageLimit::clamped(params.limit);
    let after: Option<String> =
        params.cursor.as_deref().map(Cursor::unpack).transpose().map_err(|_| {
            Problem::new(ErrorCode::ValidationFailed)
                .field("#cursor", "is not one this list gave out")
        })?;
    let mut conn = state.db.acquire().await?;
    let rows = pricing::coupons::list(&mut conn, after.as_deref(), limit.fetch()).await?;
    let rows = rows.into_iter().map(CouponView::from).collect();
    Ok(Json(Page::from_rows(rows, limit, |last: &CouponView| Cursor::pack(&last.code))))
}
