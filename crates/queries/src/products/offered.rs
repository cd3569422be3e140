//! Variants as they are offered now, for those who only know their ids.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    LocalizedText,
    id::{ProductId, VariantId},
};
use pg::{Connection, DbResult};
use sqlx::query_scalar;
use tracing::instrument;
use uuid::Uuid;

use super::sql;
use crate::Availability;

/// A variant that shoppers may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Which.
    pub variant_id: VariantId,
    /// Of which product.
    pub product_id: ProductId,
    /// The product's slug.
    pub slug: String,
    /// The product's name.
    pub product: LocalizedText,
    /// Stock keeping unit.
    pub sku: String,
    /// What tells the variant from its siblings; may be empty.
    pub variant: LocalizedText,
    /// Whether it can be bought.
    pub availability: Availability,
}

/// Those of these variants that shoppers may see at `now`.
pub async fn offered(
    conn: &mut Connection,
    variants: &[VariantId],
    now: Timestamp,
) -> DbResult<Vec<Offered>> {
    let wanted: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let products = products_of(conn, &wanted, now).await?;
    let heads = sql::heads(conn, &products).await?;
    let heads: HashMap<Uuid, _> = heads.into_iter().map(|head| (head.id, head)).collect();
    let rows = sql::variants(conn, &products).await?;
    let offered = rows.into_iter().filter(|row| wanted.contains(&row.id)).filter_map(|row| {
        let head = heads.get(&row.product_id)?;
        Some(Offered {
            variant_id: row.id.into(),
            product_id: head.id.into(),
            slug: head.slug.clone(),
            product: LocalizedText::new(head.name_zh.as_str(), head.name_en.as_str()),
            availability: row.availability(),
            sku: row.sku,
            variant: LocalizedText::new(row.name_zh, row.name_en),
        })
    });
    Ok(offered.collect())
}

#[instrument(name = "db.queries.products_of_variants", skip_all, err)]
async fn products_of(
    conn: &mut Connection,
    variants: &[Uuid],
    now: Timestamp,
) -> DbResult<Vec<Uuid>> {
    let found = query_scalar!(
        "SELECT DISTINCT p.id
         FROM catalog.variants v
         JOIN catalog.products p ON p.id = v.product_id
         WHERE v.id = ANY ($1) AND v.active
             AND p.status = 'published' AND p.published_at <= $2",
        variants,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(found)
}
