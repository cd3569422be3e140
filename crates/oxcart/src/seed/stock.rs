//! The stock of the demo shop: received, once.

use anyhow::{Context as _, Result};
use inventory::{Cause, SaveContext, StockKey, receive, receive::set_safety_stock};
use kernel::{
    Actor, Quantity,
    id::{VariantId, WarehouseId},
};
use pg::Connection;

use super::{
    ids::id,
    shop_file::{ShopFile, Variant},
};
use crate::compose::Base;

/// Receives what the file says wherever nothing was ever received, and answers with the number of
/// units.
pub async fn receive_all(conn: &mut Connection, shop: &ShopFile, base: &Base) -> Result<u64> {
    let mut units = 0;
    for variant in shop.products.iter().flat_map(|product| &product.variants) {
        units += receive_variant(conn, variant, base).await.with_context(|| variant.sku.clone())?;
    }
    Ok(units)
}

async fn receive_variant(conn: &mut Connection, it: &Variant, base: &Base) -> Result<u64> {
    let variant: VariantId = id("variant", &it.sku);
    let known: Vec<WarehouseId> =
        inventory::balances(conn, variant).await?.iter().map(|row| row.key.warehouse).collect();
    let reason = Some("demo shop");
    let cause = Cause { actor: Actor::System, reference: None, reason, at: base.clock.now() };
    let context = SaveContext { clock: &*base.clock, ids: &base.ids };
    let mut units = 0;
    for (code, count) in &it.stock {
        let warehouse: WarehouseId = id("warehouse", code);
        if known.contains(&warehouse) {
            continue;
        }
        // First: the row is there then, also when it holds nothing.
        let key = StockKey { variant, warehouse };
        set_safety_stock(conn, key, it.safety_stock, &cause, &context).await?;
        if *count > 0 {
            let quantity = Quantity::new(*count)?;
            receive(conn, variant, warehouse, quantity, &cause, &context).await?;
            units += u64::from(quantity.get());
        }
    }
    Ok(units)
}
