//! `GET /api/admin/inventory/{variant_id}/backorders`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::inventory::backorders::{self, Backorder};
use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{OrderId, VariantId},
};
use orders::OrderNumber;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::put::BackorderRule;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BackorderParams {
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Units of an order that wait for stock.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingOrder {
    /// The order.
    pub order_id: OrderId,
    /// Its number for people.
    pub number: String,
    /// Which of its lines.
    pub line_no: i16,
    /// Units sold beyond stock.
    pub quantity: i32,
    /// Of these, how many have got nothing yet.
    pub waiting: i32,
    /// Whether the order is paid.
    pub paid: bool,
    /// Since when they wait.
    pub created_at: Timestamp,
}

/// Who waits for a variant.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingOrders {
    /// What may be sold beyond stock.
    #[serde(flatten)]
    pub rule: BackorderRule,
    /// Units that wait, of all orders together.
    pub waiting: i64,
    /// The oldest first.
    pub items: Vec<WaitingOrder>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Who waits for a variant, the oldest first: in this order they get what comes in.
#[utoipa::path(
    get, path = "/api/admin/inventory/{variant_id}/backorders", tag = "inventory", operation_id = "list_backorders",
    params(("variant_id" = VariantId, Path), BackorderParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = WaitingOrders),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
    Query(params): Query<BackorderParams>,
) -> Result<Json<WaitingOrders>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after =
        params.cursor.as_deref().map(Cursor::unpack::<i64>).transpose().map_err(bad_cursor)?;
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rule = catalog::backorders(&mut conn, variant).await?.ok_or(ErrorCode::ProductNotFound)?;
    let waiting = backorders::waiting(&mut conn, variant).await?;
    let rows = backorders::queue(&mut conn, variant, after.unwrap_or(0), limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.seq));
    Ok(Json(WaitingOrders {
        rule: rule.into(),
        waiting,
        items: page.items.iter().map(WaitingOrder::from).collect(),
        next_cursor: page.next_cursor,
    }))
}

impl From<&Backorder> for WaitingOrder {
    fn from(it: &Backorder) -> Self {
        Self {
            order_id: it.order,
            number: OrderNumber::of(it.order).to_string(),
            line_no: it.line_no,
            quantity: it.quantity,
            waiting: it.waiting,
            paid: it.paid,
            created_at: it.created_at,
        }
    }
}
