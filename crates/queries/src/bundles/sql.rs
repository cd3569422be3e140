//! The statements behind what bundles are made of.

use kernel::{
    LocalizedText,
    id::{OrderId, VariantId},
};
use pg::{Connection, DbResult};
use sqlx::query_as;
use tracing::instrument;
use uuid::Uuid;

use super::BundlePartView;
use crate::corrupt::corrupt;

struct PartRow<K> {
    whole: K,
    component_id: Uuid,
    sku: String,
    name_zh: String,
    name_en: String,
    variant_name_zh: String,
    variant_name_en: String,
    quantity: i32,
}

impl<K> PartRow<K> {
    fn view(self) -> DbResult<(K, BundlePartView)> {
        let wrong = |_| corrupt("bundle components", "quantity", &self.quantity);
        let part = BundlePartView {
            variant_id: self.component_id.into(),
            sku: self.sku.into(),
            name: LocalizedText::new(self.name_zh, self.name_en),
            variant_name: LocalizedText::new(self.variant_name_zh, self.variant_name_en),
            quantity: u32::try_from(self.quantity).map_err(wrong)?,
        };
        Ok((self.whole, part))
    }
}

/// What these variants are made of now: by variant, in the order of the components' ids.
#[instrument(name = "db.queries.bundle_parts", skip_all, err)]
pub async fn of_variants(
    conn: &mut Connection,
    bundles: &[Uuid],
) -> DbResult<Vec<(VariantId, BundlePartView)>> {
    let rows = query_as!(
        PartRow::<Uuid>,
        "SELECT b.bundle_id AS whole, b.component_id, v.sku, p.name_zh, p.name_en,
             v.name_zh AS variant_name_zh, v.name_en AS variant_name_en, b.quantity
         FROM catalog.bundle_components b
         JOIN catalog.variants v ON v.id = b.component_id
         JOIN catalog.products p ON p.id = v.product_id
         WHERE b.bundle_id = ANY ($1)
         ORDER BY b.bundle_id, b.component_id",
        bundles,
    )
    .fetch_all(conn)
    .await?;
    let view = |row: PartRow<Uuid>| row.view().map(|(bundle, part)| (bundle.into(), part));
    rows.into_iter().map(view).collect()
}

/// What the lines of an order were made of when it was placed.
#[instrument(name = "db.queries.order_parts", skip_all, err)]
pub async fn of_lines(conn: &mut Connection, id: OrderId) -> DbResult<Vec<(i16, BundlePartView)>> {
    let rows = query_as!(
        PartRow::<i16>,
        "SELECT line_no AS whole, component_id, sku, name_zh, name_en, variant_name_zh,
             variant_name_en, quantity
         FROM orders.line_components WHERE shard = $1 AND order_id = $2
         ORDER BY line_no, component_id",
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PartRow::view).collect()
}
