//! Forgetting idempotency keys.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use pg::{Connection, DbResult};

/// Forgets the keys of before `before` that lie on `count` pages of the table from page `first` on.
/// How many it was, and how many pages the table has.
pub(crate) async fn forget(
    conn: &mut Connection,
    before: Timestamp,
    first: i64,
    count: i64,
) -> DbResult<(i64, i64)> {
    let done = sqlx::query!(
        r#"
        WITH gone AS (
            DELETE FROM orders.idempotency_keys
             WHERE ctid >= format('(%s,0)', $2::bigint)::tid
               AND ctid < format('(%s,0)', $2 + $3::bigint)::tid AND created_at < $1
            RETURNING 1)
        SELECT count(*) AS "gone!"
             , pg_relation_size('orders.idempotency_keys')
             / current_setting('block_size')::bigint AS "pages!"
          FROM gone
        "#,
        before.to_sqlx(),
        first,
        count,
    )
    .fetch_one(conn)
    .await?;
    Ok((done.gone, done.pages))
}
