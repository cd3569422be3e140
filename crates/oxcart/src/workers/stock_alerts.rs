//! Who tells operations that stock is low, when they want to be told.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use kernel::id::{VariantId, WarehouseId};
use notifications::{StockAlerts, StockName, StockNames};
use outbox::{BoxFuture, Subscriber};
use pg::{Connection, DbResult};

use crate::{compose::Base, config::Config};

/// The subscriber, where an address is configured.
pub fn of(config: &Config, base: &Base) -> Result<Option<Arc<dyn Subscriber>>> {
    let Some(to) = &config.ops_email else { return Ok(None) };
    let to = identity::Email::new(to).context("OXCART_OPS_EMAIL")?;
    let (clock, ids) = (base.clock.clone(), base.ids.clone());
    let alerts = StockAlerts::new(clock, ids, Arc::new(Names), to.as_str().to_owned());
    Ok(Some(Arc::new(alerts)))
}

/// The names, from the read side.
#[derive(Clone, Copy, Debug)]
struct Names;

impl StockNames for Names {
    fn of<'a>(
        &'a self,
        conn: &'a mut Connection,
        variant: VariantId,
        warehouse: WarehouseId,
    ) -> BoxFuture<'a, DbResult<Option<StockName>>> {
        Box::pin(async move {
            let named = queries::stock::named(conn, variant, warehouse).await?;
            Ok(named.map(|it| StockName {
                sku: it.sku,
                product: it.product,
                variant: it.variant,
                warehouse: it.warehouse,
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::LocalizedText;
    use testkit::{TestDb, seed::Shop};

    use super::*;

    #[tokio::test]
    async fn a_stock_row_is_named_as_people_know_it() {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let mut conn = test.db().acquire().await.unwrap();
        let name = Names.of(&mut conn, shop.mug_white, shop.taipei).await.unwrap().unwrap();
        assert_eq!((&*name.sku, &*name.warehouse), ("MUG-WHITE", "TPE"));
        assert_eq!(name.product, LocalizedText::new("馬克杯", "Mug"));
        let nowhere = WarehouseId::from(uuid::Uuid::nil());
        assert!(Names.of(&mut conn, shop.mug_white, nowhere).await.unwrap().is_none());
    }
}
