//! What the system under test answered, and what can be seen in it: in the words of the language.

use std::collections::BTreeMap;

use super::scenario::{Attempt, Coupon, House, Key, Variant};

/// What a command was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It names what does not exist, as far as its caller knows.
    Skipped,
    /// No answer came: it may have happened or not.
    Lost,
    /// Done; there is nothing to tell.
    Done,
    /// An order was placed.
    Placed(Receipt),
    /// Too little is left: what, how many were asked for, how many there are.
    Short(Vec<(Variant, i64, i64)>),
    /// A stocktake holds these.
    Frozen(Vec<Variant>),
    /// It is more than one buyer may have: what, how many were asked for, how many may still be had.
    OverLimit(Vec<(Variant, i64, i64)>),
    /// The coupon cannot be used: the product's word for why.
    NoCoupon(String),
    /// The buyer saw another price.
    PriceChanged,
    /// The key was used for something else.
    KeyReused,
    /// What the buyer has to post to pay.
    Form {
        /// The attempt's number at the provider.
        trade_no: String,
        /// What is to be paid.
        amount: i64,
    },
    /// The order is not where this can be done.
    NotNow,
    /// The time to pay is over.
    TooLate,
    /// What was made of a notice: the word kept in the database.
    Told(&'static str),
    /// The notice's signature is not the provider's.
    BadSignature,
    /// So many orders ended.
    Expired(usize),
    /// The row after goods arrived: total, available, reserved, sold.
    Row([i32; 4]),
    /// The row is being counted.
    StockFrozen,
    /// Something that must not happen.
    Broken(String),
}

/// What a buyer is told about a placed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The order's id.
    pub id: u128,
    /// To pay.
    pub total: i64,
    /// Until when the stock is held, in minutes.
    pub until: i64,
    /// Whether the key had placed it before.
    pub replayed: bool,
    /// Where the units came from.
    pub takes: Vec<Take>,
}

/// Units that one line took from one warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// The line, from 1.
    pub line: u8,
    /// What.
    pub variant: Variant,
    /// Where.
    pub house: House,
    /// How many.
    pub units: u32,
    /// What was available there just before.
    pub before: u32,
}

/// What became of a step, and when: `began` and `ended` are moments of one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its place in the scenario's list.
    pub step: usize,
    /// When it began.
    pub began: u32,
    /// When its answer came.
    pub ended: u32,
    /// The answer.
    pub answer: Answer,
}

/// Everything there is to see when nothing is going on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The stock rows.
    pub stock: BTreeMap<(Variant, House), StockSeen>,
    /// The orders under their keys: one key, one order, or something is wrong.
    pub orders: BTreeMap<Key, Vec<OrderSeen>>,
    /// What orders hold (`false`) or have bought (`true`), by line and warehouse.
    pub holds: BTreeMap<(Key, u8, House), (Variant, i64, bool)>,
    /// Units that count against purchase limits, by variant and order.
    pub purchases: BTreeMap<(Variant, Key), i64>,
    /// Coupons in use: by order, which one, and what it saves.
    pub redemptions: BTreeMap<Key, (Coupon, i64)>,
    /// How often each coupon says it is in use.
    pub redeemed: BTreeMap<Coupon, i64>,
    /// Attempts to pay.
    pub attempts: BTreeMap<(Key, Attempt), AttemptSeen>,
    /// How many events of a kind there are about an order, its payments, or a stock row. `None`
    /// where the system has no events.
    pub events: Option<BTreeMap<String, usize>>,
    /// Rows that belong to nothing the client ever asked for, described.
    pub strays: Vec<String>,
}

/// A stock row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockSeen {
    /// Total, available, reserved, sold.
    pub balance: [i32; 4],
    /// Being counted.
    pub frozen: bool,
    /// The level below which operations are told.
    pub safety: i32,
    /// How many movements it has had.
    pub version: i64,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSeen {
    /// Its id.
    pub id: u128,
    /// Its status, as the product says it.
    pub status: String,
    /// To pay.
    pub total: i64,
    /// Its lines.
    pub lines: Vec<(Variant, i64)>,
    /// Whether a time of payment is noted.
    pub paid: bool,
}

/// An attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptSeen {
    /// Its number at the provider.
    pub trade_no: String,
    /// Its status, as the product says it.
    pub status: String,
    /// What is to be paid.
    pub amount: i64,
    /// Whether its money, if it came, is kept.
    pub kept: bool,
    /// Refunds: why, and how much.
    pub refunds: Vec<(String, i64)>,
}
