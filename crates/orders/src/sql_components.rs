//! The statements about what bundles were made of.

use kernel::{LocalizedText, id::OrderId};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::components::LineComponent;

/// Columns to unnest: bundles are few, and their lines have few components.
#[derive(Default)]
struct Columns {
    shards: Vec<i16>,
    orders: Vec<Uuid>,
    lines: Vec<i16>,
    components: Vec<Uuid>,
    skus: Vec<String>,
    names_zh: Vec<String>,
    names_en: Vec<String>,
    variant_names_zh: Vec<String>,
    variant_names_en: Vec<String>,
    quantities: Vec<i32>,
}

impl Columns {
    fn push(&mut self, it: &LineComponent) {
        self.shards.push(it.order.shard().to_i16());
        self.orders.push(it.order.as_uuid());
        self.lines.push(it.line_no);
        self.components.push(it.variant.as_uuid());
        self.skus.push(it.sku.to_string());
        self.names_zh.push(it.name.zh_tw.to_string());
        self.names_en.push(it.name.en.to_string());
        self.variant_names_zh.push(it.variant_name.zh_tw.to_string());
        self.variant_names_en.push(it.variant_name.en.to_string());
        self.quantities.push(i32::try_from(it.quantity).unwrap_or(i32::MAX));
    }
}

pub(crate) async fn insert(conn: &mut Connection, components: &[&LineComponent]) -> DbResult<()> {
    let mut rows = Columns::default();
    for component in components {
        rows.push(component);
    }
    sqlx::query!(
        r#"
        INSERT INTO orders.line_components (shard, order_id, line_no, component_id, sku, name_zh
             , name_en, variant_name_zh, variant_name_en, quantity)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::text[]
             , $6::text[], $7::text[], $8::text[], $9::text[], $10::int[])
        "#,
        &rows.shards,
        &rows.orders,
        &rows.lines,
        &rows.components,
        &rows.skus,
        &rows.names_zh,
        &rows.names_en,
        &rows.variant_names_zh,
        &rows.variant_names_en,
        &rows.quantities,
    )
    .execute(conn)
    .await?
    .rows("insert line components", components.len())
}

pub(crate) async fn of_orders(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<Vec<LineComponent>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT c.order_id, c.line_no, c.component_id, c.sku, c.name_zh, c.name_en
             , c.variant_name_zh, c.variant_name_en, c.quantity
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN orders.line_components AS c USING (shard, order_id)
         ORDER BY c.order_id, c.line_no, c.component_id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LineComponent {
                order: row.order_id.into(),
                line_no: row.line_no,
                variant: row.component_id.into(),
                sku: row.sku.into(),
                name: LocalizedText::new(row.name_zh, row.name_en),
                variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
                quantity: u32::try_from(row.quantity).map_err(|_| DbError::Corrupt {
                    table: "orders.line_components",
                    column: "quantity",
                    value: row.quantity.to_string(),
                })?,
            })
        })
        .collect()
}
