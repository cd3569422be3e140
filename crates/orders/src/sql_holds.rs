//! The statement that counts what is held under a name.

use pg::{Connection, DbResult};

use crate::holds::{Holder, HolderName, Open};

/// Each name is looked up by itself, whatever the statistics say of a table that was empty a moment
/// ago.
pub(crate) async fn open(conn: &mut Connection, holders: &[Holder]) -> DbResult<Open> {
    let rows = sqlx::query!(
        r#"
        SELECT wanted.name AS "name!", held.orders AS "orders!"
          FROM unnest($1::bigint[]) AS wanted (name)
         CROSS JOIN LATERAL (
               SELECT count(*) AS orders
                 FROM orders.orders AS o
                WHERE o.hold_customer = wanted.name
                  AND o.status IN ('pending_payment', 'payment_failed')) AS held
         WHERE held.orders > 0
        UNION ALL
        SELECT wanted.name, held.orders
          FROM unnest($2::bigint[]) AS wanted (name)
         CROSS JOIN LATERAL (
               SELECT count(*) AS orders
                 FROM orders.orders AS o
                WHERE o.hold_phone = wanted.name
                  AND o.status IN ('pending_payment', 'payment_failed')) AS held
         WHERE held.orders > 0
        "#,
        &distinct(holders, |holder| holder.customer),
        &distinct(holders, |holder| holder.phone),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (HolderName::from_i64(row.name), row.orders)).collect())
}

fn distinct(holders: &[Holder], name: impl Fn(&Holder) -> HolderName) -> Vec<i64> {
    let mut names: Vec<i64> = holders.iter().map(|holder| name(holder).to_i64()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
