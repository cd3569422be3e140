//! What a stock row carries besides its units: who holds it, and its safety stock.

use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::ledger::Ledger;

/// Writes the marks that changed, after the balances of the same rows. A statement of its own:
/// orders change no marks, and do not pay for this.
pub(crate) async fn save(conn: &mut Connection, ledger: &Ledger) -> DbResult<()> {
    let rows: Vec<_> =
        ledger.changed().filter(|e| e.is_marked_anew()).map(|entry| entry.row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let shards: Vec<i16> = rows.iter().map(|row| row.key.variant.shard().to_i16()).collect();
    let variants: Vec<Uuid> = rows.iter().map(|row| row.key.variant.as_uuid()).collect();
    let warehouses: Vec<Uuid> = rows.iter().map(|row| row.key.warehouse.as_uuid()).collect();
    let levels: Vec<i32> = rows.iter().map(|row| row.safety_stock).collect();
    let holders: Vec<Option<Uuid>> = rows.iter().map(|row| row.frozen_by).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let done = sqlx::query!(
        r#"
        UPDATE inventory.stock AS s
           SET safety_stock = new.safety_stock, frozen_by = new.frozen_by
          FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::bigint[])
               AS new (shard, variant_id, warehouse_id, safety_stock, frozen_by, version)
         WHERE s.shard = new.shard AND s.variant_id = new.variant_id
           AND s.warehouse_id = new.warehouse_id AND s.version = new.version
        "#,
        &shards,
        &variants,
        &warehouses,
        &levels,
        &holders as &[Option<Uuid>],
        &versions,
    )
    .execute(conn)
    .await?;
    done.rows("save stock marks", rows.len())
}
