//! What the clients asked, when, and what they were told.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Microseconds since the run began, by a clock that only runs forward.
pub type Micros = u64;

/// One request: an attempt of its own, also when it repeats an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Who asked.
    pub client: u32,
    /// Just before the request was sent.
    pub start: Micros,
    /// Just after its answer was read, or given up.
    pub end: Micros,
    /// What was asked.
    #[serde(flatten)]
    pub ask: Ask,
    /// What was answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// A line to buy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What.
    pub variant: Uuid,
    /// How many.
    pub quantity: i64,
}

/// What a client asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// To place an order. The key is also written into the order's note, so that the order can be
    /// told from the database without trusting the shop's own book of keys.
    Place {
        /// The client's key.
        key: String,
        /// What to buy.
        lines: Vec<Line>,
    },
    /// To see an order.
    Read {
        /// Which.
        order: Uuid,
    },
    /// To cancel an order.
    Cancel {
        /// Which.
        order: Uuid,
    },
    /// To begin a payment.
    BeginPayment {
        /// Of which order.
        order: Uuid,
    },
    /// The payment provider's notice.
    Notice {
        /// Of which order.
        order: Uuid,
        /// The attempt's number.
        trade_no: String,
        /// Whether it says "paid" or "failed".
        paid: bool,
    },
    /// To receive goods.
    Receive {
        /// What.
        variant: Uuid,
        /// Where.
        warehouse: Uuid,
        /// How many.
        quantity: i64,
        /// Found again in the ledger; every receipt has another one.
        reason: String,
    },
    /// To move the shop's clock.
    AdvanceClock {
        /// How far.
        seconds: i64,
    },
}

/// How far an order has come, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of DESIGN 5.3")]
pub enum State {
    PendingPayment,
    PaymentFailed,
    Paid,
    PreparingShipment,
    Shipped,
    Completed,
    Cancelled,
    RefundRequested,
    RefundRejected,
    Refunded,
    ReturnRequested,
    Returned,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::PendingPayment,
        Self::PaymentFailed,
        Self::Paid,
        Self::PreparingShipment,
        Self::Shipped,
        Self::Completed,
        Self::Cancelled,
        Self::RefundRequested,
        Self::RefundRejected,
        Self::Refunded,
        Self::ReturnRequested,
        Self::Returned,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::PaymentFailed => "payment_failed",
            Self::Paid => "paid",
            Self::PreparingShipment => "preparing_shipment",
            Self::Shipped => "shipped",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::RefundRequested => "refund_requested",
            Self::RefundRejected => "refund_rejected",
            Self::Refunded => "refunded",
            Self::ReturnRequested => "return_requested",
            Self::Returned => "returned",
        }
    }

    /// The state a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the order's stock is held for it or was sold to it.
    pub const fn has_stock(self) -> bool {
        !matches!(self, Self::Cancelled) && !self.is_given_up()
    }

    /// Whether its buyer ended it after paying: its stock is free again, and its money goes back.
    pub const fn is_given_up(self) -> bool {
        matches!(self, Self::RefundRequested | Self::Refunded)
    }

    /// Whether somebody paid for it.
    pub const fn is_paid(self) -> bool {
        !matches!(self, Self::PendingPayment | Self::PaymentFailed | Self::Cancelled)
    }
}

/// A variant of which there was too little, as the shop said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Short {
    /// Which.
    pub variant: Uuid,
    /// What the order wanted of it.
    pub requested: i64,
}

/// What a client was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Nothing, or not all of it: whether it was done is not known.
    Lost {
        /// What was seen instead.
        why: String,
    },
    /// The order is placed.
    Placed {
        /// Its id.
        order: Uuid,
        /// To pay.
        total: i64,
        /// Until when its stock is held: microseconds since 1970 by the shop's clock.
        reserved_until: i64,
        /// Over the whole body: the same body has the same one.
        digest: String,
    },
    /// There is not enough.
    Short {
        /// Of what.
        short: Vec<Short>,
    },
    /// The order, as it is.
    Seen {
        /// How far it has come.
        state: State,
    },
    /// Done; there is nothing more to say.
    Done,
    /// Anything else.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's code.
        code: String,
    },
}

impl Answer {
    /// Whether the request surely had no effect, and never will have.
    pub fn is_surely_without_effect(&self) -> bool {
        match self {
            Self::Short { .. } => true,
            Self::Refused { status, code } => match (*status, code.as_str()) {
                (503, "QUEUE_FULL") => true,
                (408, _) | (_, "REQUEST_IN_PROGRESS") => false,
                (status, _) => (400..500).contains(&status),
            },
            _ => false,
        }
    }

    /// Whether the request surely had its effect.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Placed { .. } | Self::Seen { .. } | Self::Done)
    }
}

/// Everything that was asked in a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// When the run began: microseconds since 1970 by the machine's clock.
    pub began_at: i64,
    /// In no particular order.
    pub events: Vec<Event>,
}

/// Every attempt to place an order with one key.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    /// What was asked; the same each time.
    pub lines: &'a [Line],
    /// The attempts.
    pub events: Vec<&'a Event>,
}

impl Attempts<'_> {
    /// When the first one began.
    pub fn first_start(&self) -> Micros {
        self.events.iter().map(|event| event.start).min().unwrap_or(0)
    }
}

impl History {
    /// The attempts to place orders, by key.
    pub(super) fn placings(&self) -> HashMap<&str, Attempts<'_>> {
        let mut by_key: HashMap<&str, Attempts<'_>> = HashMap::new();
        for event in &self.events {
            if let Ask::Place { key, lines } = &event.ask {
                let attempts = by_key.entry(key);
                let attempts = attempts.or_insert_with(|| Attempts { lines, events: Vec::new() });
                attempts.events.push(event);
            }
        }
        by_key
    }

    /// The moment of the run at which the machine's clock showed this; 0 when that was before.
    pub(super) fn moment_of(&self, wall: i64) -> Micros {
        u64::try_from(wall.saturating_sub(self.began_at)).unwrap_or(0)
    }

    /// What the machine's clock showed at that moment of the run.
    pub(super) fn wall_of(&self, moment: Micros) -> i64 {
        self.began_at.saturating_add(i64::try_from(moment).unwrap_or(i64::MAX))
    }

    /// When the shop's clock was first moved, if ever.
    pub(super) fn clock_moved(&self) -> Option<Micros> {
        let moved = |event: &&Event| matches!(event.ask, Ask::AdvanceClock { .. });
        self.events.iter().filter(moved).map(|event| event.start).min()
    }
}
