//! Stock: what lies where, what is promised to whom, and the ledger that explains every unit.
//!
//! *Invariants*, at every commit and for every variant and warehouse:
//! - `total = available + reserved + sold`, all ≥ 0 (BR-001, BR-004; CHECK constraints repeat it);
//! - a balance is the sum of its movements, and `version` is the number of its movements: the
//!   ledger has no gaps (`oxcart audit` proves it);
//! - stock changes only through [`Ledger::apply`], which writes the movement beside the change.
//!
//! *Lock order:* stock rows are locked in `(variant, warehouse)` order, after the order and payment
//! rows a flow may hold (`docs/CONCURRENCY.md`). Reservations are only touched under their order's
//! lock or in the transaction that makes them; those that were closed long ago are moved out of the
//! way by a worker that passes by what is locked ([`archive`]).
//!
//! Nothing here opens or commits a transaction.

pub mod adjust;
pub mod archive;
pub mod backorders;
pub mod bulk;
pub mod districts;
pub mod error;
pub mod events;
pub mod ledger;
mod locks;
mod locks_keys;
#[cfg(feature = "mutants")]
mod locks_mutant;
pub mod model;
pub mod movements;
pub mod parts;
mod place;
pub mod receive;
pub mod repair;
pub mod reservations;
pub mod reserve;
pub mod settle;
pub mod sourcing;
mod sql;
pub mod stocktakes;
pub mod transfers;
pub mod warehouses;

pub use adjust::adjust;
pub use error::InventoryError;
pub use ledger::{Cause, Ledger};
pub use model::{Balance, MovementKind, StockError, StockKey, StockRow};
pub use parts::{Fate, Fulfilment, Part, PartError, release_part, return_, ship};
pub use receive::receive;
pub use reservations::{Reservation, ReservationStatus};
pub use reserve::{Allocation, Demand, Shortage, Unfillable, allocate, free};
pub use settle::{confirm, reclaim, release};
pub use sourcing::{Preference, Sourcing, Strategy};
pub use warehouses::{
    Warehouse, WarehouseError, add_warehouse, change_warehouse, put_warehouse, warehouse,
    warehouses,
};

use std::collections::HashSet;

use kernel::id::VariantId;
use pg::{Connection, DbResult};

/// Of these variants, those of which something is available in any warehouse right now; without
/// locking.
pub async fn in_stock(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<HashSet<VariantId>> {
    sql::in_stock(conn, variants).await
}

/// Locks every stock row of these variants, in order, for the rest of the transaction.
pub async fn lock(conn: &mut Connection, variants: &[VariantId]) -> DbResult<Ledger> {
    #[cfg(feature = "mutants")]
    if locks_mutant::is_on() {
        return locks_mutant::read(conn, variants).await;
    }
    locks::lock_variants(conn, variants).await
}

/// Writes what a ledger has gathered: balances, movements, and the events they mean.
pub async fn save(conn: &mut Connection, ledger: Ledger, cause: &SaveContext<'_>) -> DbResult<()> {
    sql::save(conn, ledger, cause).await
}

/// The balances of one variant in every warehouse that ever had it, without locking.
pub async fn balances(conn: &mut Connection, variant: VariantId) -> DbResult<Vec<StockRow>> {
    sql::balances(conn, variant).await
}

/// What saving needs besides the ledger: ids for the events.
#[derive(Clone, Copy, Debug)]
pub struct SaveContext<'a> {
    /// The time written into events.
    pub clock: &'a dyn kernel::Clock,
    /// Where event ids come from.
    pub ids: &'a kernel::Ids,
}
