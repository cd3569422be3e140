//! The statements of the purchases that limits count.

use kernel::id::VariantId;
use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::purchases::{Bought, Purchase};

pub(crate) async fn bought(
    conn: &mut Connection,
    wanted: &[(VariantId, Uuid)],
) -> DbResult<Bought> {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let shards: Vec<i16> = wanted.iter().map(|(variant, _)| variant.shard().to_i16()).collect();
    let variants: Vec<Uuid> = wanted.iter().map(|(variant, _)| variant.as_uuid()).collect();
    let buyers: Vec<Uuid> = wanted.iter().map(|(_, buyer)| *buyer).collect();
    let rows = sqlx::query!(
        r#"
        SELECT p.variant_id, p.buyer, sum(p.quantity) AS "quantity!"
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[]) AS wanted (shard, variant_id, buyer)
          JOIN orders.purchases AS p USING (shard, variant_id, buyer)
         GROUP BY p.variant_id, p.buyer
        "#,
        &shards,
        &variants,
        &buyers,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.variant_id.into(), row.buyer), row.quantity)).collect())
}

pub(crate) async fn insert(conn: &mut Connection, purchases: &[Purchase]) -> DbResult<()> {
    let keys = Keys::of(purchases);
    let quantities: Vec<i64> = purchases.iter().map(|purchase| purchase.quantity).collect();
    sqlx::query!(
        r#"
        INSERT INTO orders.purchases (shard, variant_id, buyer, order_id, quantity)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
        "#,
        &keys.shards,
        &keys.variants,
        &keys.buyers,
        &keys.orders,
        &quantities,
    )
    .execute(conn)
    .await?
    .rows("insert purchases", purchases.len())
}

pub(crate) async fn delete(conn: &mut Connection, purchases: &[Purchase]) -> DbResult<()> {
    let keys = Keys::of(purchases);
    sqlx::query!(
        r#"
        DELETE FROM orders.purchases AS p
         USING unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[])
               AS gone (shard, variant_id, buyer, order_id)
         WHERE p.shard = gone.shard AND p.variant_id = gone.variant_id AND p.buyer = gone.buyer
           AND p.order_id = gone.order_id
        "#,
        &keys.shards,
        &keys.variants,
        &keys.buyers,
        &keys.orders,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Primary keys turned into columns for `unnest`.
struct Keys {
    shards: Vec<i16>,
    variants: Vec<Uuid>,
    buyers: Vec<Uuid>,
    orders: Vec<Uuid>,
}

impl Keys {
    fn of(purchases: &[Purchase]) -> Self {
        Self {
            shards: purchases.iter().map(|p| p.variant.shard().to_i16()).collect(),
            variants: purchases.iter().map(|p| p.variant.as_uuid()).collect(),
            buyers: purchases.iter().map(|p| p.buyer).collect(),
            orders: purchases.iter().map(|p| p.order.as_uuid()).collect(),
        }
    }
}
