//! Adds a product with its variants and images, or changes the one with the same id.

use jiff::Timestamp;
use pg::Connection;

use crate::{CatalogError, model::Product, pictures, sql_bundles, sql_slugs, sql_write};

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
    write(conn, &[product], now).await
}

/// Under the lock of the revision. Everybody writes products here, one or many: each of these is a few
/// statements, whatever the number of products. Nobody may find a product twice among them, nor a slug
/// or a SKU that another one had until now.
pub(crate) async fn write(
    conn: &mut Connection,
    products: &[&Product],
    now: Timestamp,
) -> Result<(), CatalogError> {
    sql_slugs::keep_products(conn, products, now).await?;
    // The upsert of a product locks its row: two writers of one product take turns.
    sql_write::upsert_products(conn, products, now).await?;
    sql_write::deactivate_other_variants(conn, products).await?;
    let variants: usize = products.iter().map(|product| product.variants.len()).sum();
    if sql_write::upsert_variants(conn, products, now).await? != variants {
        return Err(CatalogError::ForeignVariant);
    }
    sql_write::replace_images(conn, products).await?;
    pictures::mark_used(conn, products, now).await?;
    sql_write::replace_related(conn, products).await?;
    Ok(())
}
