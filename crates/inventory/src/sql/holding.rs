//! For how long waiting orders hold what they hold.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::OrderId;
use pg::{Connection, DbResult};

/// Lets a locked order hold its units, and its places in queues, until a later time.
pub(crate) async fn until(conn: &mut Connection, order: OrderId, at: Timestamp) -> DbResult<()> {
    let shard = order.shard().to_i16();
    sqlx::query!(
        r#"
        UPDATE inventory.reservations
           SET expires_at = $3
         WHERE shard = $1 AND order_id = $2 AND status = 'active' AND expires_at < $3
        "#,
        shard,
        order.as_uuid(),
        at.to_sqlx(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        UPDATE inventory.backorders
           SET expires_at = $3
         WHERE shard = $1 AND order_id = $2 AND status = 'waiting' AND expires_at < $3
        "#,
        shard,
        order.as_uuid(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
