//! The demo shop: `demo/shop.toml` and its pictures, which are part of the program.
//!
//! It is written through the modules' own functions, as a person would do it: every unit of stock
//! has its movement. Ids are computed from slugs and SKUs, so doing it again finds what it made:
//! names, prices and pictures are set to those of the file again, stock is received only where
//! nothing ever was.

mod ids;
mod pictures;
mod shop_file;
mod stock;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use anyhow::{Context as _, Result, bail};
use queries::audit;

use self::shop_file::ShopFile;
use crate::compose::Base;

/// What was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    products: usize,
    variants: usize,
    units: u64,
    pictures: usize,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { products, variants, units, pictures } = self;
        write!(
            f,
            "demo shop: {products} products in {variants} variants, {units} units received, \
             {pictures} pictures"
        )
    }
}

/// Whether the shop is as empty as a new one.
pub async fn is_wanted(base: &Base) -> Result<bool> {
    let census = audit::census(&mut *base.db.acquire().await?).await?;
    Ok(census.products == 0 && census.orders == 0)
}

/// Loads the demo shop, all or nothing.
pub async fn load(base: &Base) -> Result<Loaded> {
    let shop = ShopFile::read()?;
    // Before the rows that name them.
    let (pictures, replaced) = pictures::put_all(&base.objects).await?;
    let mut tx = base.db.begin().await?;
    let census = audit::census(&mut tx).await?;
    if census.orders > 0 {
        bail!(
            "this shop has {} orders: the demo shop is only loaded into a shop without any",
            census.orders
        );
    }
    write::warehouses(&mut tx, &shop).await?;
    write::shipping_methods(&mut tx, &shop).await?;
    write::coupons(&mut tx, &shop, base.clock.now()).await?;
    write::catalog(&mut tx, &shop, &pictures, base.clock.now()).await?;
    catalog::forget_pictures(&mut tx, &replaced).await?;
    write::bundles(&mut tx, &shop).await?;
    let units = stock::receive_all(&mut tx, &shop, base).await?;
    tx.commit().await.context("could not write the demo shop")?;
    Ok(Loaded {
        products: shop.products.len(),
        variants: shop.products.iter().map(|product| product.variants.len()).sum(),
        units,
        pictures: pictures.len(),
    })
}
