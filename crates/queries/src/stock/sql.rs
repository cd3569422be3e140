//! Statements over stock and what it is.

use kernel::{
    LocalizedText, PageLimit,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};
use sqlx::{query, query_as};
use tracing::instrument;

use super::{Place, Replenishment, StockLine, StockNamed};

#[instrument(name = "db.queries.stock_lines", skip_all, err)]
pub async fn lines(
    conn: &mut Connection,
    after: Option<(&str, &str)>,
    limit: u16,
) -> DbResult<Vec<StockLine>> {
    let (sku, warehouse) = after.unzip();
    Ok(query_as!(
        StockLine,
        r#"SELECT v.sku, w.code AS warehouse, s.total, s.available, s.reserved, s.sold
             , s.safety_stock
          FROM catalog.variants v
          JOIN inventory.stock s ON s.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint
                                AND s.variant_id = v.id
          JOIN inventory.warehouses w ON w.id = s.warehouse_id
         WHERE $1::text IS NULL OR (v.sku >= $1 AND (v.sku > $1 OR w.code > $2))
         ORDER BY v.sku, w.code
         LIMIT $3"#,
        sku,
        warehouse,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?)
}

#[instrument(name = "db.queries.below_safety_stock", skip_all, err)]
pub async fn below_safety_stock(
    conn: &mut Connection,
    warehouse: Option<WarehouseId>,
    after: Option<Place>,
    limit: PageLimit,
) -> DbResult<Vec<Replenishment>> {
    let rows = query!(
        r#"SELECT v.id, v.sku, p.name_zh, p.name_en, v.name_zh AS variant_zh, v.name_en AS variant_en
             , low.warehouse_id, w.code, low.available, low.safety_stock
             , low.missing AS "missing!", (low.frozen_by IS NOT NULL) AS "frozen!"
          FROM (SELECT *, available::bigint * 1000 / safety_stock AS permille
                     , safety_stock - available AS missing
                  FROM inventory.stock
                 WHERE available < safety_stock
                   AND ($1::uuid IS NULL OR warehouse_id = $1)) AS low
          JOIN inventory.warehouses w ON w.id = low.warehouse_id AND w.active
          JOIN catalog.variants v ON v.id = low.variant_id
          JOIN catalog.products p ON p.id = v.product_id
         WHERE $2::bigint IS NULL
            OR (low.permille, -low.missing, low.variant_id, low.warehouse_id) > ($2, -$3::int, $4, $5)
         ORDER BY low.permille, low.missing DESC, low.variant_id, low.warehouse_id
         LIMIT $6"#,
        warehouse.map(WarehouseId::as_uuid),
        after.as_ref().map(|it| it.permille),
        after.as_ref().map(|it| it.missing),
        after.as_ref().map(|it| it.variant.as_uuid()),
        after.as_ref().map(|it| it.warehouse.as_uuid()),
        limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Replenishment {
            variant_id: row.id.into(),
            sku: row.sku,
            name: LocalizedText::new(row.name_zh, row.name_en),
            variant_name: LocalizedText::new(row.variant_zh, row.variant_en),
            warehouse_id: row.warehouse_id.into(),
            warehouse: row.code,
            available: row.available,
            safety_stock: row.safety_stock,
            missing: row.missing,
            frozen: row.frozen,
        })
        .collect())
}

#[instrument(name = "db.queries.stock_named", skip_all, err)]
pub async fn named(
    conn: &mut Connection,
    variant: VariantId,
    warehouse: WarehouseId,
) -> DbResult<Option<StockNamed>> {
    let row = query!(
        r#"SELECT v.sku, p.name_zh, p.name_en, v.name_zh AS variant_zh, v.name_en AS variant_en
             , w.code
          FROM catalog.variants v
          JOIN catalog.products p ON p.id = v.product_id
         CROSS JOIN inventory.warehouses w
         WHERE v.id = $1 AND w.id = $2"#,
        variant.as_uuid(),
        warehouse.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| StockNamed {
        sku: row.sku,
        product: LocalizedText::new(row.name_zh, row.name_en),
        variant: LocalizedText::new(row.variant_zh, row.variant_en),
        warehouse: row.code,
    }))
}
