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

/// Takes units off purchases; those of which nothing is left are forgotten.
pub(crate) async fn reduce(conn: &mut Connection, less: &[Purchase]) -> DbResult<()> {
    let keys = Keys::of(less);
    let quantities: Vec<i64> = less.iter().map(|purchase| purchase.quantity).collect();
    sqlx::query!(
        r#"
        DELETE FROM orders.purchases AS p
         USING unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
               AS less (shard, variant_id, buyer, order_id, quantity)
         WHERE p.shard = less.shard AND p.variant_id = less.variant_id AND p.buyer = less.buyer
           AND p.order_id = less.order_id AND p.quantity <= less.quantity
        "#,
        &keys.shards,
        &keys.variants,
        &keys.buyers,
        &keys.orders,
        &quantities,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        r#"
        UPDATE orders.purchases AS p SET quantity = (p.quantity - less.quantity)::int
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[])
               AS less (shard, variant_id, buyer, order_id, quantity)
         WHERE p.shard = less.shard AND p.variant_id = less.variant_id AND p.buyer = less.buyer
           AND p.order_id = less.order_id
        "#,
        &keys.shards,
        &keys.variants,
        &keys.buyers,
        &keys.orders,
        &quantities,
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
