//! The statement that keeps many variants as they are.

use kernel::id::VariantId;
use pg::{Connection, DbResult};
use sqlx::query_scalar;
use tracing::instrument;
use uuid::Uuid;

/// Keeps variants from being locked, in id order.
#[instrument(name = "db.variant.hold_many", skip_all, err)]
pub async fn hold(conn: &mut Connection, variants: &[VariantId]) -> DbResult<()> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.as_uuid()).collect();
    query_scalar!(
        "SELECT count(*) FROM (
             SELECT FROM catalog.variants WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE) AS held",
        &ids,
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
