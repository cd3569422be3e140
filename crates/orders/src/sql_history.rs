//! The statements about where orders were before.

use kernel::id::OrderId;
use pg::{Connection, DbError, DbResult};

use crate::model::OrderStatus;

pub(crate) async fn came_from(
    conn: &mut Connection,
    order: OrderId,
    to: OrderStatus,
) -> DbResult<Option<OrderStatus>> {
    let from = sqlx::query_scalar!(
        r#"
        SELECT from_status
          FROM orders.transitions
         WHERE shard = $1 AND order_id = $2 AND to_status = $3
         ORDER BY seq DESC
         LIMIT 1
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        to.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    let known = |word: String| {
        OrderStatus::parse(&word).ok_or(DbError::Corrupt {
            table: "orders.transitions",
            column: "from_status",
            value: word,
        })
    };
    from.map(known).transpose()
}
