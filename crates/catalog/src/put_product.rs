//! Adds a product with its variants and images, or changes the one with the same id.

use jiff::Timestamp;
use pg::Connection;

use crate::{CatalogError, model::Product, sql};

/// Writes `product` as given. Variants it had before and has no more turn inactive; images are
/// replaced. Call it within a transaction: it writes several tables.
pub async fn put_product(
    conn: &mut Connection,
    product: &Product,
    now: Timestamp,
) -> Result<(), CatalogError> {
    product.validate()?;
    // The upsert of the product locks its row: two writers of one product take turns.
    sql::upsert_product(conn, product, now).await?;
    sql::deactivate_other_variants(conn, product).await?;
    let written = sql::upsert_variants(conn, product, now).await?;
    if written != product.variants.len() {
        return Err(CatalogError::ForeignVariant);
    }
    sql::replace_images(conn, product).await?;
    Ok(())
}
