//! `GET /api/admin/refunds`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{OrderId, RefundId},
};
use payments::refunds::{self, RefundFilter, RefundStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::RefundHead;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which refunds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefundParams {
    /// With this status: `requested`, `approved`, `processing`, `succeeded`, `failed`, `rejected`.
    #[param(value_type = Option<String>)]
    status: Option<RefundStatus>,
    /// Of this order.
    order_id: Option<OrderId>,
    /// Requested by the shop itself, or by somebody.
    automatic: Option<bool>,
    /// To be transferred by hand, or not.
    by_hand: Option<bool>,
    /// Requested at this time or later.
    from: Option<Timestamp>,
    /// Requested before this time.
    until: Option<Timestamp>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of refunds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct RefundPage {
    /// The refunds, the newest first.
    items: Vec<RefundHead>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The refunds, the newest first.
#[utoipa::path(
    get, path = "/api/admin/refunds", tag = "refunds", operation_id = "list_refunds",
    params(RefundParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = RefundPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<RefundParams>,
) -> Result<Json<Page<RefundHead>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<RefundId>).transpose();
    let after = after.map_err(bad_cursor)?;
    let filter = RefundFilter {
        status: params.status,
        order: params.order_id,
        automatic: params.automatic,
        by_hand: params.by_hand,
        from: params.from,
        until: params.until,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = refunds::list(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(|refund| RefundHead::from(&refund))))
}
