//! A look at the stock of several variants, without locking.

use kernel::id::VariantId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::model::{Balance, StockKey, StockRow};

/// Every stock row of these variants, in key order.
pub(crate) async fn stock_of(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<Vec<StockRow>> {
    let shards: Vec<i16> = variants.iter().map(|variant| variant.shard().to_i16()).collect();
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT s.variant_id, s.warehouse_id, s.total, s.available, s.reserved, s.sold
             , s.safety_stock, s.frozen_by, s.version
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, variant_id)
          JOIN inventory.stock AS s USING (shard, variant_id)
         ORDER BY s.variant_id, s.warehouse_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().map(|row| StockRow {
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
    });
    Ok(row.collect())
}
