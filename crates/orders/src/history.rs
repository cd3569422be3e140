//! Where an order was before.

use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::{model::OrderStatus, sql_history};

/// Where an order was when it last came to this status; nothing if it never did.
pub async fn came_from(
    conn: &mut Connection,
    order: OrderId,
    to: OrderStatus,
) -> DbResult<Option<OrderStatus>> {
    sql_history::came_from(conn, order, to).await
}
