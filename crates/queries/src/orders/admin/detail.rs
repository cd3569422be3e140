//! An order with everything.

use inventory::Fulfilment;
use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, UserId, VariantId, WarehouseId},
};
use pg::{Connection, DbResult};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::sql;
use crate::orders::{self, HistoryEntry, OrderView, sql_timeline};

/// What became of a line's units in one warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Fulfilment)]
pub struct FulfilmentView {
    /// Which line.
    pub line_no: i16,
    /// Of which variant; of a bundle's line, one of its components.
    pub variant_id: VariantId,
    /// Where.
    pub warehouse_id: WarehouseId,
    /// Units bought.
    pub quantity: i32,
    /// Of these, how many left.
    pub shipped: i32,
    /// Of those, how many came back.
    pub returned: i32,
    /// Of those bought, how many were given back before they left.
    pub withdrawn: i32,
    /// How many are still to be sent.
    pub to_ship: i32,
}

impl From<&Fulfilment> for FulfilmentView {
    fn from(it: &Fulfilment) -> Self {
        Self {
            line_no: it.line_no,
            variant_id: it.key.variant,
            warehouse_id: it.key.warehouse,
            quantity: it.quantity,
            shipped: it.left(),
            returned: it.returned - it.withdrawn,
            withdrawn: it.withdrawn,
            to_ship: it.to_ship(),
        }
    }
}

/// What operations changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderEditRecord)]
pub struct EditView {
    /// When.
    pub at: Timestamp,
    /// Who.
    #[schema(required)]
    pub by: Option<UserId>,
    /// Why.
    pub reason: String,
    /// What it was, as far as it changed.
    pub before: Value,
    /// What it is since.
    pub after: Value,
    /// What the order cost.
    pub total_before: Money,
    /// What it costs since.
    pub total_after: Money,
    /// What of the difference went back.
    pub refunded: Money,
}

/// An order, as the back office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminOrder)]
pub struct AdminOrderView {
    /// What its buyer sees.
    #[serde(flatten)]
    pub order: OrderView,
    /// Counts its changes: the `ETag`.
    pub version: i64,
    /// Whose account; `null` for a guest.
    #[schema(required)]
    pub customer_id: Option<UserId>,
    /// The buyer's language.
    #[schema(example = "zh-TW")]
    pub locale: String,
    /// The coupon used.
    #[schema(required)]
    pub coupon_code: Option<String>,
    /// When it is completed by itself.
    #[schema(required)]
    pub completes_at: Option<Timestamp>,
    /// Where its units are.
    pub fulfilments: Vec<FulfilmentView>,
    /// What operations changed of it, the first change first.
    pub edits: Vec<EditView>,
    /// The whole timeline, with who and why.
    pub history: Vec<HistoryEntry>,
}

/// The order, if there is one.
pub async fn detail(conn: &mut Connection, id: OrderId) -> DbResult<Option<AdminOrderView>> {
    // First: who then changes what they have not seen whole is told so.
    let version = sql::version(conn, id).await?;
    let Some(order) = orders::detail(conn, id).await? else { return Ok(None) };
    let Some(backside) = sql::backside(conn, id).await? else { return Ok(None) };
    let fulfilments = inventory::parts::fulfilments(conn, &[id]).await?;
    Ok(Some(AdminOrderView {
        customer_id: order.customer,
        order,
        version,
        locale: backside.locale,
        coupon_code: backside.coupon_code,
        completes_at: backside.completes_at.map(jiff_sqlx::Timestamp::to_jiff),
        fulfilments: fulfilments.iter().map(FulfilmentView::from).collect(),
        edits: sql::edits(conn, id).await?,
        history: sql_timeline::steps(conn, id).await?,
    }))
}
