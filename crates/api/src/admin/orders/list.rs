//! `GET /api/admin/orders`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{ErrorCode, Page, PageLimit, id::WarehouseId};
use queries::orders::{
    OrderStatusWord, PaymentStatusWord,
    admin::{self, AdminOrderSummary, OrderFilter},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
    storefront::products::list::problem,
};

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminOrderParams {
    /// With this status.
    status: Option<OrderStatusWord>,
    /// Placed not before.
    from: Option<Timestamp>,
    /// Placed before.
    until: Option<Timestamp>,
    /// To be paid in this way: a method's code.
    #[param(max_length = 100)]
    payment_method: Option<String>,
    /// With an attempt to pay that has come so far.
    payment_status: Option<PaymentStatusWord>,
    /// Of which something lies, or lay, in this warehouse.
    warehouse_id: Option<WarehouseId>,
    /// An order's number or id, an e-mail address, a telephone number, a part of the receiver's name,
    /// or the beginning of a SKU.
    #[param(max_length = 100)]
    q: Option<String>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of orders.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct AdminOrderPage {
    /// The orders, the newest first.
    items: Vec<AdminOrderSummary>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// The orders, the newest first. A search without `from` looks through all of them.
#[utoipa::path(
    get, path = "/api/admin/orders", tag = "orders", operation_id = "list_all_orders",
    params(AdminOrderParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminOrderPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<AdminOrderParams>,
) -> Result<Json<Page<AdminOrderSummary>>, Problem> {
    for (name, text) in [("#q", &params.q), ("#payment_method", &params.payment_method)] {
        let usable = |text: &String| text.chars().count() <= 100 && !text.contains('\0');
        if !text.as_ref().is_none_or(usable) {
            let problem = Problem::new(ErrorCode::ValidationFailed);
            return Err(problem.field(name, "has at most 100 characters"));
        }
    }
    let filter = OrderFilter {
        status: params.status,
        from: params.from,
        until: params.until,
        payment_method: params.payment_method,
        payment_status: params.payment_status,
        warehouse: params.warehouse_id,
        q: params.q,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let page = admin::list(&mut conn, &filter, params.cursor.as_deref(), limit).await;
    Ok(Json(page.map_err(problem)?))
}
