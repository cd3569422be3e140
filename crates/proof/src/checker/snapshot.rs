//! What the database held in the end (and a little of what it held in the beginning), row by row.
//! Times are microseconds since 1970 by the shop's clock.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::history::State;

/// The final database, as far as the promises speak of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The stock before the first request.
    pub stock_before: Vec<StockRow>,
    /// The stock.
    pub stock: Vec<StockRow>,
    /// The ledger, row by row in the order of its numbers.
    pub movements: Vec<Movement>,
    /// Every order.
    pub orders: Vec<Order>,
    /// What was reserved for whom.
    pub reservations: Vec<Reservation>,
    /// Attempts to pay.
    pub attempts: Vec<Attempt>,
    /// Money on its way back.
    pub refunds: Vec<Refund>,
    /// Variants that were bought to the last unit after the faults: nothing of them may be left.
    pub sold_to_the_last: Vec<Uuid>,
}

/// A variant in a warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of DESIGN 5.2")]
pub struct StockRow {
    pub variant: Uuid,
    pub warehouse: Uuid,
    pub total: i64,
    pub available: i64,
    pub reserved: i64,
    pub sold: i64,
    pub version: i64,
}

/// A movement of stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of DESIGN 5.2")]
pub struct Movement {
    pub variant: Uuid,
    pub warehouse: Uuid,
    pub seq: i64,
    pub kind: String,
    pub total: i64,
    pub available: i64,
    pub reserved: i64,
    pub sold: i64,
    pub available_after: i64,
    /// The order behind it.
    pub reference: Option<Uuid>,
    /// Of goods that came in: the stock keeper's words.
    pub reason: Option<String>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// The client's key, out of the note.
    pub key: Option<String>,
    /// How far it has come.
    pub state: State,
    /// To pay.
    pub total: i64,
    /// Until when its stock is held.
    pub reserved_until: i64,
    /// In the order of their numbers.
    pub lines: Vec<OrderLine>,
    /// In the order of their numbers.
    pub transitions: Vec<Transition>,
}

/// A line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// What.
    pub variant: Uuid,
    /// How many.
    pub quantity: i64,
}

/// A move of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Where it went.
    pub to: State,
    /// `system` when its time was over.
    pub actor: String,
    /// When.
    pub at: i64,
}

/// What an order holds or held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Whose.
    pub order: Uuid,
    /// What.
    pub variant: Uuid,
    /// How many.
    pub quantity: i64,
    /// `active`, `confirmed`, `released` or `expired`.
    pub status: String,
    /// Until when.
    pub expires_at: i64,
    /// When it ended.
    pub closed_at: Option<i64>,
}

/// An attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// For which order.
    pub order: Uuid,
    /// What the provider knows it by.
    pub trade_no: String,
    /// How much.
    pub amount: i64,
    /// How far it has come.
    pub status: String,
    /// Whether the money stays here.
    pub kept: bool,
}

/// Money that goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Of which attempt.
    pub attempt: Uuid,
    /// How much.
    pub amount: i64,
}
