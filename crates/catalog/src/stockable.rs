//! Which of many variants can have stock.

use std::collections::HashSet;

use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::{sql_bundles, sql_stockable};

/// Those of these variants that are bundles, and so have no stock of their own. Until the end of the
/// transaction none of the others becomes one. Ask before any stock row is locked.
pub async fn hold_stockable(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<HashSet<VariantId>> {
    sql_stockable::hold(conn, variants).await?;
    sql_bundles::bundles_among(conn, variants).await
}
