//! Reservations 預留記錄: what each order holds.

use jiff::Timestamp;
use kernel::id::OrderId;
use pg::{Connection, DbResult};

use crate::{model::StockKey, reserve::Allocation, sql};

/// What became of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReservationStatus {
    /// Held, waiting for money.
    Active,
    /// Paid: the units are sold.
    Confirmed,
    /// Given back: cancelled or failed.
    Released,
    /// Given back: not paid in time (BR-003).
    Expired,
}

impl ReservationStatus {
    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Confirmed, Self::Released, Self::Expired]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// Units of one line held in one warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose.
    pub order: OrderId,
    /// Which line.
    pub line_no: i16,
    /// Where.
    pub key: StockKey,
    /// Units.
    pub quantity: i32,
    /// What was available there just before.
    pub available_before: i32,
    /// What became of it.
    pub status: ReservationStatus,
    /// Until when it is held.
    pub expires_at: Timestamp,
    /// Since when.
    pub created_at: Timestamp,
}

impl Reservation {
    /// The reservation an allocation becomes.
    pub const fn of(
        allocation: &Allocation,
        order: OrderId,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            order,
            line_no: allocation.line_no,
            key: allocation.key,
            quantity: allocation.quantity,
            available_before: allocation.available_before,
            status: ReservationStatus::Active,
            expires_at,
            created_at,
        }
    }
}

/// Writes new reservations; their movements are in the ledger that made the allocations.
pub async fn insert(conn: &mut Connection, reservations: &[Reservation]) -> DbResult<()> {
    sql::insert_reservations(conn, reservations).await
}

/// Lets a waiting order, whose row is locked, hold what it holds until a later time; never a shorter one.
pub async fn hold_until(conn: &mut Connection, order: OrderId, at: Timestamp) -> DbResult<()> {
    sql::holding::until(conn, order, at).await
}

/// Everything these orders hold or ever held, also what is in the archive by now.
pub async fn of_orders(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Reservation>> {
    sql::archive::every_reservation_of(conn, orders).await
}
