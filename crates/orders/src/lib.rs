//! Orders: what was bought by whom for how much, and how far it has come.
//!
//! *Invariants:*
//! - an order has at least one line, and `total = subtotal − discount + shipping_fee` (CHECK);
//! - an order's id carries the shard of its first variant; everything it owns lies there;
//! - the status changes only through [`transition()`], which checks the machine, repeats the guard in
//!   SQL, and writes the audit row;
//! - an idempotency key exists exactly for accepted orders, in the transaction that made them;
//! - what buyers have of limited variants ([`purchases`]), and what they hold without having paid
//!   ([`holds`]), is what their live orders say;
//! - a line never changes; what is left of one that operations cut is told beside it ([`edit`]), and
//!   [`load`] reads what is left;
//! - what was taken off an order is explained, and adds up to its discount ([`adjustments`]).
//!
//! - an order that somebody may have money for ([`awaiting`]) does not end before they were asked.
//!
//! *Lock order:* an order's row is locked before its payment rows, its parcels and any stock row.
//! Several orders are only ever locked by [`claim_expired`] and [`claim_due`], which skip what others
//! hold, and by [`claim()`], in the order of their ids. The names of holders are locked before any
//! stock row.

pub mod adjustments;
pub mod awaiting;
pub mod buyer;
mod claim;
pub mod components;
pub mod edit;
pub mod error;
pub mod events;
pub mod find;
mod history;
pub mod holds;
pub mod idempotency;
mod locks;
pub mod model;
pub mod number;
pub mod placing;
pub mod purchases;
mod sql;
mod sql_adjustments;
mod sql_awaiting;
mod sql_components;
mod sql_edits;
mod sql_find;
mod sql_history;
mod sql_holds;
mod sql_keys;
mod sql_purchases;
mod sql_waiting;
pub mod transition;
pub mod waiting;

pub use adjustments::{Adjustment, AdjustmentSource, AdjustmentTarget};
pub use awaiting::{Awaiting, await_payment};
pub use buyer::Buyer;
pub use claim::claim;
pub use components::LineComponent;
pub use edit::{Amounts, Cut, Edit, as_placed};
pub use error::OrderError;
pub use find::{Given, find};
pub use history::came_from;
pub use holds::{Holder, HolderName};
pub use idempotency::{Fingerprint, KnownKey};
pub use locks::{claim_due, claim_expired, lock, lock_holders, lock_many};
pub use model::{InvalidTransition, Move, OrderStatus};
pub use number::OrderNumber;
pub use placing::{Address, Contact, Line, NewOrder, Order};
pub use purchases::Purchase;
pub use transition::{transition, transition_all};

use jiff::Timestamp;
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

/// Says when a locked order is completed by itself, once it is shipped; `None`: not before more is
/// known.
pub async fn set_completes_at(
    conn: &mut Connection,
    order: OrderId,
    at: Option<Timestamp>,
) -> DbResult<()> {
    sql::set_completes_at(conn, order, at).await
}
