//! Orders, parcels and returns as the back office sees them.

mod detail;
mod list;
mod lists;
mod sql;
mod sql_lists;

pub use detail::{AdminOrderView, EditView, FulfilmentView, detail};
pub use list::{AdminOrderSummary, OrderFilter, list};
pub use lists::{ParcelSummary, ReturnSummary, ShipmentFilter, parcels, returns};
