//! Adds a product with its variants and images, or changes the one with the same id.

use jiff::Timestamp;
use pg::Connection;

use crate::{CatalogError, model::Product, pictures, sql, sql_bundles, sql_products, sql_slugs};

/// Writes `product` as given. Variants it had before and has no more turn inactive; images are
/// replaced. This is how a shop is loaded: nobody is told, and it counts as no change; people use
/// [`change_product`](crate::change_product), which sees what it overwrites. Call it within a
/// transaction: it writes several tables.
pub async fn put_product(
    conn: &mut Connection,
    product: &Product,
    now: Timestamp,
) -> Result<(), CatalogError> {
    product.validate()?;
    sql_bundles::lock_revision(conn).await?;
    write(conn, product, now).await
}

/// Under the lock of the revision.
pub(crate) async fn write(
    conn: &mut Connection,
    product: &Product,
    now: Timestamp,
) -> Result<(), CatalogError> {
    sql_slugs::keep_product(conn, product.id, &product.slug, now).await?;
    // The upsert of the product locks its row: two writers of one product take turns.
    sql::upsert_product(conn, product, now).await?;
    sql::deactivate_other_variants(conn, product).await?;
    let written = sql::upsert_variants(conn, product, now).await?;
    if written != product.variants.len() {
        return Err(CatalogError::ForeignVariant);
    }
    sql::replace_images(conn, product).await?;
    pictures::mark_used(conn, product, now).await?;
    sql_products::replace_related(conn, product).await?;
    Ok(())
}
