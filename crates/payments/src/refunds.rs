//! Money that has to go back without anybody asking: it came too late or twice.

use jiff::Timestamp;
use kernel::{Clock, Ids};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{model::Payment, sql};

/// Why money goes back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutomaticRefund {
    /// The reservation was over and the stock is gone.
    StockGone,
    /// The reservation was over, and the buyer or others have used up a limit since.
    LimitReached,
    /// The order was cancelled by its buyer before the money came.
    OrderCancelled,
    /// The order is paid already.
    PaidTwice,
}

impl AutomaticRefund {
    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StockGone => "stock_gone",
            Self::LimitReached => "limit_reached",
            Self::OrderCancelled => "order_cancelled",
            Self::PaidTwice => "paid_twice",
        }
    }
}

/// Requests that all of a payment goes back.
pub async fn request(
    conn: &mut Connection,
    payment: &Payment,
    reason: AutomaticRefund,
    clock: &dyn Clock,
    ids: &Ids,
) -> DbResult<()> {
    let at: Timestamp = clock.now();
    let id: Uuid = payment.order.shard().stamp(ids.uuid(clock));
    sql::insert_refund(conn, id, payment, reason.as_str(), at).await
}
