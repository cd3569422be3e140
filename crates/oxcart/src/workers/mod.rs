//! Background work that belongs to no module.

pub mod audit;
pub mod back_in_stock;
pub mod finding;
pub mod gauges;
pub mod housekeeping;
pub mod pictures;
pub mod product_imports;
pub mod scheduled;
pub mod stock_alerts;
pub mod stocktakes;
pub mod watch;
pub mod webhooks;
