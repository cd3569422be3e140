//! The statement about SKUs.

use std::collections::HashMap;

use kernel::id::VariantId;
use pg::{Connection, DbResult};
use sqlx::query;
use tracing::instrument;

#[instrument(name = "db.variant.by_sku", skip_all, err)]
pub async fn variants_by_sku(
    conn: &mut Connection,
    skus: &[String],
) -> DbResult<HashMap<String, VariantId>> {
    let rows = query!("SELECT sku, id FROM catalog.variants WHERE sku = ANY ($1)", skus)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.sku, row.id.into())).collect())
}
