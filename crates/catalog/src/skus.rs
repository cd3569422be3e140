//! Variants by what people in the warehouse call them.

use std::collections::HashMap;

use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::sql_skus;

/// The variants with these SKUs; unknown ones are missing from the answer. One statement, whatever
/// the number of SKUs.
pub async fn variants_by_sku(
    conn: &mut Connection,
    skus: &[String],
) -> DbResult<HashMap<String, VariantId>> {
    sql_skus::variants_by_sku(conn, skus).await
}
