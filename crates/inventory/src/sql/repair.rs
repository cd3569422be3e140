//! The statement that finds where ledger and balance differ.

use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    model::{Balance, StockKey, StockRow},
    movements::Sums,
    repair::Books,
};

/// Of one row, or of all.
pub(crate) async fn discrepancies(
    conn: &mut Connection,
    key: Option<StockKey>,
) -> DbResult<Vec<Books>> {
    let variant: Option<Uuid> = key.map(|key| key.variant.as_uuid());
    let warehouse: Option<Uuid> = key.map(|key| key.warehouse.as_uuid());
    let rows = sqlx::query!(
        r#"
        WITH ledger AS (
            SELECT shard, variant_id, warehouse_id, sum(d_total) AS total
                 , sum(d_available) AS available, sum(d_reserved) AS reserved, sum(d_sold) AS sold
                 , count(*) AS movements, max(seq) AS last_seq
              FROM inventory.movements
             WHERE $1::uuid IS NULL OR (variant_id = $1 AND warehouse_id = $2::uuid)
             GROUP BY shard, variant_id, warehouse_id),
        row AS (
            SELECT * FROM inventory.stock
             WHERE $1::uuid IS NULL OR (variant_id = $1 AND warehouse_id = $2::uuid)),
        held AS (
            SELECT variant_id, warehouse_id, sum(quantity) AS units
              FROM inventory.reservations
             WHERE status = 'active'
               AND ($1::uuid IS NULL OR (variant_id = $1 AND warehouse_id = $2::uuid))
             GROUP BY variant_id, warehouse_id)
        SELECT variant_id AS "variant!", warehouse_id AS "warehouse!", row.total AS "total?"
             , row.available AS "available?", row.reserved AS "reserved?", row.sold AS "sold?"
             , row.safety_stock AS "safety_stock?", row.frozen_by, row.version AS "version?"
             , coalesce(ledger.total, 0) AS "l_total!"
             , coalesce(ledger.available, 0) AS "l_available!"
             , coalesce(ledger.reserved, 0) AS "l_reserved!", coalesce(ledger.sold, 0) AS "l_sold!"
             , coalesce(ledger.movements, 0) AS "movements!"
             , coalesce(ledger.last_seq, 0) AS "last_seq!", coalesce(held.units, 0) AS "held!"
          FROM row
          FULL JOIN ledger USING (shard, variant_id, warehouse_id)
          LEFT JOIN held USING (variant_id, warehouse_id)
         WHERE (row.total, row.available, row.reserved, row.sold, row.version) IS DISTINCT FROM
               (coalesce(ledger.total, 0), coalesce(ledger.available, 0)
             , coalesce(ledger.reserved, 0), coalesce(ledger.sold, 0)
             , coalesce(ledger.movements, 0))
         ORDER BY variant_id, warehouse_id
        "#,
        variant,
        warehouse,
    )
    .fetch_all(conn)
    .await?;
    let books = rows.into_iter().map(|row| {
        let key = StockKey { variant: row.variant.into(), warehouse: row.warehouse.into() };
        let stock = row.total.map(|total| StockRow {
            key,
            balance: Balance {
                total,
                available: row.available.unwrap_or(0),
                reserved: row.reserved.unwrap_or(0),
                sold: row.sold.unwrap_or(0),
            },
            safety_stock: row.safety_stock.unwrap_or(0),
            frozen_by: row.frozen_by,
            version: row.version.unwrap_or(0),
        });
        let (total, available, reserved) = (row.l_total, row.l_available, row.l_reserved);
        let ledger = Sums { total, available, reserved, sold: row.l_sold };
        let (movements, last_seq, held) = (row.movements, row.last_seq, row.held);
        Books { key, row: stock, ledger, movements, last_seq, held }
    });
    Ok(books.collect())
}
