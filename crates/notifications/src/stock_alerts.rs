//! What operations are told by mail: stock that fell below its safety stock.

use std::{fmt, sync::Arc};

use kernel::{
    Ids, Locale, LocalizedText, SharedClock,
    id::{VariantId, WarehouseId},
};
use outbox::{BoxFuture, Event, HandleError, Subscriber, Wants};
use pg::{Connection, DbResult};

use crate::{
    jobs,
    mails::operations::LowStockAlert,
    payload::{LOW_STOCK, LowStock},
    templates::SEND_LOW_STOCK,
};

/// By which names people know a variant and a warehouse.
#[derive(Clone, Debug)]
pub struct StockName {
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub product: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant: LocalizedText,
    /// The warehouse's code.
    pub warehouse: String,
}

/// Who knows the names: the event has only numbers, and this module reads nobody's tables.
pub trait StockNames: Send + Sync {
    /// The names, in the relay's transaction; nothing of what is unknown.
    fn of<'a>(
        &'a self,
        conn: &'a mut Connection,
        variant: VariantId,
        warehouse: WarehouseId,
    ) -> BoxFuture<'a, DbResult<Option<StockName>>>;
}

/// Writes the jobs that tell operations of low stock.
#[derive(Clone)]
pub struct StockAlerts {
    clock: SharedClock,
    ids: Ids,
    names: Arc<dyn StockNames>,
    to: String,
}

impl fmt::Debug for StockAlerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StockAlerts").field("to", &self.to).finish_non_exhaustive()
    }
}

impl StockAlerts {
    /// To this address.
    pub const fn new(clock: SharedClock, ids: Ids, names: Arc<dyn StockNames>, to: String) -> Self {
        Self { clock, ids, names, to }
    }
}

impl Subscriber for StockAlerts {
    fn name(&self) -> &'static str {
        "notifications.stock_alerts"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[LOW_STOCK])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let low: LowStock = serde_json::from_value(event.data.clone())?;
            let Some(name) = self.names.of(conn, low.variant_id, low.warehouse_id).await? else {
                return Ok(());
            };
            let alert = LowStockAlert {
                email: self.to.clone(),
                locale: Locale::default(),
                sku: name.sku,
                name: name.product,
                variant_name: name.variant,
                warehouse: name.warehouse,
                available: low.available,
                safety_stock: low.safety_stock,
            };
            let job = jobs::job(SEND_LOW_STOCK, &alert, Some(event.id), &self.ids, &*self.clock);
            Ok(outbox::enqueue(conn, &[job]).await?)
        })
    }
}
