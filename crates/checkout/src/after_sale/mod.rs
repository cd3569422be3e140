//! After the sale: an order's parcels, what is taken off it, what comes back of it, and its end.
//!
//! Everything here happens under the order's lock, in the caller's transaction, so that a change of the
//! back office and its entry in the audit log are one. Parcels, returns and counts of units have no
//! locks of their own: cancelling and shipping, two parcels for the last unit, two requests for the
//! same return take turns at the order. Money is asked back before stock is touched, because payments
//! are locked before stock.

mod cancel_paid;
mod cheaper;
mod complete;
mod delivery;
mod edit;
pub mod error;
mod facts;
mod inspect;
mod returns;
mod shipments;
mod units;

pub use delivery::CarrierWord;
pub use edit::OrderEdit;
pub use error::AfterSaleError;
pub use returns::{ReturnAsk, check_room_for_picture};
pub use shipments::{PlannedLine, ShipmentPatch, ShipmentPlan};
