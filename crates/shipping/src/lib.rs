//! Shipping: the ways goods reach people and what they cost, the parcels they travel in, and what
//! comes back.
//!
//! *Invariants:*
//! - a method is known by its code for ever; orders keep the code. So is a carrier;
//! - a shipment leaves from one warehouse, and its lines never change; a return's lines are those that
//!   were asked for;
//! - the status of both changes only through their transition functions, which check the machine,
//!   repeat the guard in SQL, and write the audit row;
//! - an order has at most one return under way (unique index).
//!
//! *Lock order:* shipments and returns have no locks of their own. Whoever writes them holds the row of
//! their order; a version that was seen is compared under it.

pub mod carriers;
pub mod error;
pub mod events;
pub mod returns;
pub mod shipments;
mod sql;

pub use carriers::Carrier;
pub use error::ShippingError;
pub use returns::{Return, ReturnStatus};
pub use shipments::{Shipment, ShipmentStatus};

use kernel::{LocalizedText, Money};
use pg::{Connection, DbResult};

/// A way of shipping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// E.g. `home_delivery`.
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// How long it takes, who brings it.
    pub description: LocalizedText,
    /// The fee.
    pub fee: Money,
    /// No fee when the goods cost at least this.
    pub free_from: Option<Money>,
    /// Its place in the list.
    pub position: i32,
    /// Only active methods are on offer.
    pub active: bool,
}

/// The methods on offer, in their order.
pub async fn methods(conn: &mut Connection) -> DbResult<Vec<Method>> {
    sql::active_methods(conn).await
}

/// Adds a method, or changes the one with this code.
pub async fn put_method(conn: &mut Connection, method: &Method) -> DbResult<()> {
    sql::put_method(conn, method).await
}
