//! Every lock of this module.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::id::{OrderId, UserId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    error::OrderError,
    holds::{Holder, HolderName},
    placing::Order,
    sql,
};

/// Locks one order for the rest of the transaction.
pub async fn lock(conn: &mut Connection, order: OrderId) -> Result<Order, OrderError> {
    let mut locked = lock_many(conn, &[order]).await?;
    locked.pop().ok_or(OrderError::NotFound)
}

/// Locks orders in id order; unknown ones are absent.
pub async fn lock_many(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Order>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let locked = sqlx::query_scalar!(
        r#"
        SELECT o.id
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN orders.orders AS o USING (shard, id)
         ORDER BY o.id
           FOR UPDATE OF o
        "#,
        &shards,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let locked: Vec<OrderId> = locked.into_iter().map(OrderId::from).collect();
    sql::load(conn, &locked).await
}

/// Locks up to `limit` orders whose time to pay is over, skipping those somebody else holds (being
/// paid or cancelled at this moment, or claimed by another node), and those about which somebody has
/// to be asked first (`claim_to_ask`).
pub async fn claim_expired(
    conn: &mut Connection,
    now: Timestamp,
    limit: i64,
) -> DbResult<Vec<Order>> {
    let claimed = sqlx::query_scalar!(
        r#"
        SELECT id
          FROM orders.orders
         WHERE status IN ('pending_payment', 'payment_failed') AND reserved_until <= $1
           AND ask_at IS NULL
         ORDER BY reserved_until
         LIMIT $2
           FOR UPDATE SKIP LOCKED
        "#,
        now.to_sqlx(),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let claimed: Vec<OrderId> = claimed.into_iter().map(OrderId::from).collect();
    sql::load(conn, &claimed).await
}

/// Locks up to `limit` shipped orders whose time to be completed has come, and whose money is there
/// (what is paid at the door comes later than the parcel), skipping those somebody
/// else holds (asking for a return at this moment, or claimed by another node).
pub async fn claim_due(conn: &mut Connection, now: Timestamp, limit: i64) -> DbResult<Vec<Order>> {
    let claimed = sqlx::query_scalar!(
        r#"
        SELECT id
          FROM orders.orders
         WHERE status = 'shipped' AND completes_at <= $1 AND paid_at IS NOT NULL
         ORDER BY completes_at
         LIMIT $2
           FOR UPDATE SKIP LOCKED
        "#,
        now.to_sqlx(),
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let claimed: Vec<OrderId> = claimed.into_iter().map(OrderId::from).collect();
    sql::load(conn, &claimed).await
}

/// Claims up to `limit` orders whose time to pay is over and about which somebody has to be asked, so
/// that nobody else claims them until `lease`.
pub(crate) async fn claim_to_ask(
    conn: &mut Connection,
    now: Timestamp,
    lease: Timestamp,
    limit: i64,
) -> DbResult<Vec<OrderId>> {
    let claimed = sqlx::query_scalar!(
        r#"
        WITH due AS MATERIALIZED (
            SELECT shard, id
              FROM orders.orders
             WHERE status IN ('pending_payment', 'payment_failed') AND ask_at <= $1
               AND reserved_until <= $1
             ORDER BY ask_at
             LIMIT $3
               FOR UPDATE SKIP LOCKED
        )
        UPDATE orders.orders AS o
           SET ask_at = $2
          FROM due
         WHERE o.shard = due.shard AND o.id = due.id
        RETURNING o.id
        "#,
        now.to_sqlx(),
        lease.to_sqlx(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(claimed.into_iter().map(OrderId::from).collect())
}

/// Locks a guest's orders in id order and writes the account on them. Returns how many.
pub(crate) async fn claim_for(conn: &mut Connection, email: &str, user: UserId) -> DbResult<u64> {
    let claimed = sqlx::query!(
        r#"
        WITH theirs AS MATERIALIZED (
            SELECT shard, id
              FROM orders.orders
             WHERE customer_id IS NULL AND lower(contact_email) = lower($1)
             ORDER BY id
               FOR UPDATE
        )
        UPDATE orders.orders AS o
           SET customer_id = $2
          FROM theirs
         WHERE o.shard = theirs.shard AND o.id = theirs.id
        "#,
        email,
        user.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(claimed.rows_affected())
}

/// The first half of PostgreSQL's pair of advisory lock keys; the second is a bucket of names.
/// ("oxho")
const HOLDERS: i32 = 0x6f78_686f;
/// Names share this many locks: a batch of thousands must not fill PostgreSQL's table of locks.
const BUCKETS: i64 = 1024;

/// Locks the names of these holders for the rest of the transaction, in key order: whoever counts
/// what is open under one of them next, counts what this transaction writes.
pub async fn lock_holders(conn: &mut Connection, holders: &[Holder]) -> DbResult<()> {
    let bucket = |name: HolderName| i32::try_from(name.to_i64().rem_euclid(BUCKETS)).unwrap_or(0);
    let mut buckets: Vec<i32> =
        holders.iter().flat_map(|holder| holder.names().map(bucket)).collect();
    if buckets.is_empty() {
        return Ok(());
    }
    buckets.sort_unstable();
    buckets.dedup();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock($1, bucket) FROM unnest($2::int[]) AS wanted (bucket)",
        HOLDERS,
        &buckets,
    )
    .execute(conn)
    .await?;
    Ok(())
}
