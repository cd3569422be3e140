//! Orders: what was bought by whom for how much, and how far it has come.
//!
//! *Invariants:*
//! - an order has at least one line, and `total = subtotal − discount + shipping_fee` (CHECK);
//! - an order's id carries the shard of its first variant; everything it owns lies there;
//! - the status changes only through [`transition()`], which checks the machine, repeats the guard in
//!   SQL, and writes the audit row;
//! - an idempotency key exists exactly for accepted orders, in the transaction that made them;
//! - what buyers have of limited variants ([`purchases`]), and what they hold without having paid
//!   ([`holds`]), is what their live orders say.
//!
//! *Lock order:* an order's row is locked before its payment rows and before any stock row. Several
//! orders are only ever locked by [`claim_expired`], which skips what others hold, and by [`claim()`],
//! in the order of their ids. The names of holders are locked before any stock row.

pub mod buyer;
mod claim;
pub mod components;
pub mod error;
pub mod events;
pub mod holds;
pub mod idempotency;
mod locks;
pub mod model;
pub mod number;
pub mod placing;
pub mod purchases;
mod sql;
mod sql_components;
mod sql_holds;
mod sql_keys;
mod sql_purchases;
pub mod transition;

pub use buyer::Buyer;
pub use claim::claim;
pub use components::LineComponent;
pub use error::OrderError;
pub use holds::{Holder, HolderName};
pub use idempotency::{Fingerprint, KnownKey};
pub use locks::{claim_expired, lock, lock_holders, lock_many};
pub use model::{InvalidTransition, Move, OrderStatus};
pub use number::OrderNumber;
pub use placing::{Address, Contact, Line, NewOrder, Order};
pub use purchases::Purchase;
pub use transition::{transition, transition_all};

use kernel::id::OrderId;
use pg::{Connection, DbResult};

/// Writes new orders with their lines; set-based.
pub async fn insert(conn: &mut Connection, orders: &[NewOrder<'_>]) -> DbResult<()> {
    sql::insert_orders(conn, orders).await?;
    sql::insert_lines(conn, orders).await
}

/// Orders as they are now, with their lines, without locking. Unknown ids are absent.
pub async fn load(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Order>> {
    sql::load(conn, orders).await
}
