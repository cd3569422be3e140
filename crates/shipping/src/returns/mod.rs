//! Returns 退貨: goods of an order that the customer sends back, from the request to the inspection.

mod change;
pub mod cooling_off;
pub mod model;
mod sql;

pub use change::{Change, add_picture, change, create};
pub use cooling_off::returns_until;
pub use model::{
    Arrival, Finding, InvalidReturnMove, Picture, Return, ReturnCause, ReturnLine, ReturnLineError,
    ReturnMove, ReturnStatus,
};

use kernel::id::{OrderId, ReturnId};
use pg::{Connection, DbResult};

/// A return, without locking.
pub async fn find(conn: &mut Connection, id: ReturnId) -> DbResult<Option<Return>> {
    sql::find(conn, id).await
}

/// The returns of an order, the first one first. The order's row is locked where something is decided
/// by them.
pub async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Return>> {
    sql::of_order(conn, order).await
}
