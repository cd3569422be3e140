//! Statements for files of stock.

use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::model::StockKey;

/// Makes sure that stock rows exist, so that they can be locked.
pub(crate) async fn ensure_rows(conn: &mut Connection, keys: &[StockKey]) -> DbResult<()> {
    let shards: Vec<i16> = keys.iter().map(|key| key.variant.shard().to_i16()).collect();
    let variants: Vec<Uuid> = keys.iter().map(|key| key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = keys.iter().map(|key| key.warehouse.as_uuid()).collect();
    sqlx::query!(
        r#"
        INSERT INTO inventory.stock (shard, variant_id, warehouse_id)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::uuid[])
            AS new (shard, variant_id, warehouse_id)
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
