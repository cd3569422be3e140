//! Shipping: the ways goods reach people, and what they cost.
//!
//! *Invariant:* a method is known by its code for ever; orders keep the code.

mod sql;

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
