//! Background work that belongs to no module.

pub mod gauges;
pub mod housekeeping;
pub mod stock_alerts;
pub mod stocktakes;
pub mod watch;
