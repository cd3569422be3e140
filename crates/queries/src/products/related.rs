//! What goes with a product.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use pg::{Connection, DbResult};
use sqlx::query_scalar;
use tracing::instrument;
use uuid::Uuid;

use super::{ProductSummary, list};

/// As many as a page shows beside it.
const MOST: i64 = 8;

/// What was chosen by hand, in its order, then the newest of the same category. Of
/// both, what shoppers may see at `now`.
pub(super) async fn of(
    conn: &mut Connection,
    product: Uuid,
    category: Uuid,
    now: Timestamp,
) -> DbResult<Vec<ProductSummary>> {
    let ids = ids(conn, product, category, now).await?;
    list::summaries(conn, &ids, now).await
}

#[instrument(name = "db.queries.related_products", skip_all, err)]
async fn ids(
    conn: &mut Connection,
    product: Uuid,
    category: Uuid,
    now: Timestamp,
) -> DbResult<Vec<Uuid>> {
    // Two looks into indexes, each as long as what is shown. As one condition ("chosen, or of the
    // category") every product of the shop was read for each page.
    let ids = query_scalar!(
        r#"SELECT beside.id AS "id!"
         FROM (
             (SELECT p.id, r.position, p.published_at
              FROM catalog.related_products r
              JOIN catalog.products p ON p.id = r.related_id
              WHERE r.product_id = $1 AND p.id <> $1
                  AND p.status = 'published' AND p.published_at <= $3
                  AND EXISTS (
                      SELECT FROM catalog.variants v WHERE v.product_id = p.id AND v.active)
              ORDER BY r.position LIMIT $4)
             UNION ALL
             (SELECT p.id, NULL, p.published_at
              FROM catalog.products p
              WHERE p.category_id = $2 AND p.id <> $1
                  AND p.status = 'published' AND p.published_at <= $3
                  AND EXISTS (
                      SELECT FROM catalog.variants v WHERE v.product_id = p.id AND v.active)
                  AND NOT EXISTS (
                      SELECT FROM catalog.related_products r
                      WHERE r.product_id = $1 AND r.related_id = p.id)
              ORDER BY p.published_at DESC, p.id DESC LIMIT $4)
         ) beside
         ORDER BY beside.position NULLS LAST, beside.published_at DESC, beside.id DESC
         LIMIT $4"#,
        product,
        category,
        now.to_sqlx() as _,
        MOST,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids)
}
