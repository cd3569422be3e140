//! Locks on single stock rows, in the same order as all others: transfers and stocktakes touch rows
//! of one warehouse, and leave the others to the orders.

use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    ledger::Ledger,
    model::{Balance, StockKey, StockRow},
};

/// The columns of keys, in lock order, each once.
fn columns(keys: &[StockKey]) -> (Vec<i16>, Vec<Uuid>, Vec<Uuid>) {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    (
        keys.iter().map(|key| key.variant.shard().to_i16()).collect(),
        keys.iter().map(|key| key.variant.as_uuid()).collect(),
        keys.iter().map(|key| key.warehouse.as_uuid()).collect(),
    )
}

/// Makes sure that these rows exist, so that they can be locked.
pub(crate) async fn ensure(conn: &mut Connection, keys: &[StockKey]) -> DbResult<()> {
    let (shards, variants, warehouses) = columns(keys);
    sqlx::query!(
        r#"
        INSERT INTO inventory.stock (shard, variant_id, warehouse_id)
        SELECT shard, variant_id, warehouse_id
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[])
               AS wanted (shard, variant_id, warehouse_id)
         ORDER BY variant_id, warehouse_id
        ON CONFLICT DO NOTHING
        "#,
        &shards,
        &variants,
        &warehouses,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks these rows. Rows that do not exist are simply absent.
pub(crate) async fn lock(conn: &mut Connection, keys: &[StockKey]) -> DbResult<Ledger> {
    let (shards, variants, warehouses) = columns(keys);
    let rows = sqlx::query!(
        r#"
        SELECT s.variant_id, s.warehouse_id, s.total, s.available, s.reserved, s.sold
             , s.safety_stock, s.frozen_by, s.version
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[])
               AS wanted (shard, variant_id, warehouse_id)
          JOIN inventory.stock AS s USING (shard, variant_id, warehouse_id)
         ORDER BY s.variant_id, s.warehouse_id
           FOR UPDATE OF s
        "#,
        &shards,
        &variants,
        &warehouses,
    )
    .fetch_all(conn)
    .await?;
    Ok(Ledger::new(rows.into_iter().map(|row| StockRow {
        key: StockKey { variant: row.variant_id.into(), warehouse: row.warehouse_id.into() },
        balance: Balance {
            total: row.total,
            available: row.available,
            reserved: row.reserved,
            sold: row.sold,
        },
        safety_stock: row.safety_stock,
        frozen_by: row.frozen_by,
        version: row.version,
    })))
}
