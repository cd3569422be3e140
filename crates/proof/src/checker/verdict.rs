//! What the checker found.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{
    history::{Answer, Ask, History},
    snapshot::Snapshot,
};

/// Violations of one kind that are written down; the rest is only counted.
const KEPT_A_KIND: usize = 25;

/// Which promise was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// More units are held or sold than ever came in.
    Oversold,
    /// Refused for want of stock that was surely there, or units that nobody could buy.
    Undersold,
    /// An acknowledged order is not there.
    LostOrder,
    /// One key, two orders.
    DoubleOrder,
    /// An order is not what was asked for or acknowledged.
    ChangedOrder,
    /// An order nobody asked for, or one that was refused.
    PhantomOrder,
    /// Stock was given back without a cancellation, and before its time was over.
    UnjustifiedRelease,
    /// Balances, movements, reservations and orders contradict one another.
    UnbalancedLedger,
    /// Goods that were acknowledged as received are not in the books, or are there twice.
    LostReceipt,
    /// Money that was acknowledged is neither an order paid nor on its way back.
    LostPayment,
    /// Paid without a notice.
    PhantomPayment,
    /// An order was seen to go back, or an acknowledged move was undone.
    BackwardsRead,
    /// An answer that no client should ever get, such as a 500.
    UnexpectedAnswer,
    /// The shop's own audit found something.
    AuditFailed,
    /// Something did not come to its end in time: no recovery, no expiry, no answer.
    Stuck,
}

impl Kind {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oversold => "oversold",
            Self::Undersold => "undersold",
            Self::LostOrder => "lost order",
            Self::DoubleOrder => "double order",
            Self::ChangedOrder => "changed order",
            Self::PhantomOrder => "phantom order",
            Self::UnjustifiedRelease => "unjustified release",
            Self::UnbalancedLedger => "unbalanced ledger",
            Self::LostReceipt => "lost receipt",
            Self::LostPayment => "lost payment",
            Self::PhantomPayment => "phantom payment",
            Self::BackwardsRead => "backwards read",
            Self::UnexpectedAnswer => "unexpected answer",
            Self::AuditFailed => "audit failed",
            Self::Stuck => "stuck",
        }
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which promise.
    pub kind: Kind,
    /// What happened, with the ids to look for.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.what)
    }
}

/// How much was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests.
    pub requests: usize,
    /// Of them, those without an answer.
    pub lost_answers: usize,
    /// Keys for which an order was asked.
    pub keys: usize,
    /// Keys that were asked more than once.
    pub keys_retried: usize,
    /// Keys whose order was acknowledged.
    pub keys_acknowledged: usize,
    /// Answers "there is not enough".
    pub shortages: usize,
    /// Reads of an order.
    pub reads: usize,
    /// Orders in the end, by state.
    pub orders: BTreeMap<String, usize>,
    /// Movements of stock in the end.
    pub movements: usize,
}

impl Counts {
    /// Counts.
    pub(super) fn of(history: &History, snapshot: &Snapshot) -> Self {
        let placings = history.placings();
        let acknowledged = |attempts: &&super::history::Attempts<'_>| {
            attempts.events.iter().any(|event| matches!(event.answer, Answer::Placed { .. }))
        };
        let count = |wanted: fn(&super::Event) -> bool| {
            history.events.iter().filter(|event| wanted(event)).count()
        };
        let mut orders: BTreeMap<String, usize> = BTreeMap::new();
        for order in &snapshot.orders {
            *orders.entry(order.state.as_str().to_owned()).or_default() += 1;
        }
        Self {
            requests: history.events.len(),
            lost_answers: count(|event| matches!(event.answer, Answer::Lost { .. })),
            keys: placings.len(),
            keys_retried: placings.values().filter(|attempts| attempts.events.len() > 1).count(),
            keys_acknowledged: placings.values().filter(acknowledged).count(),
            shortages: count(|event| matches!(event.answer, Answer::Short { .. })),
            reads: count(|event| matches!(event.ask, Ask::Read { .. })),
            orders,
            movements: snapshot.movements.len(),
        }
    }
}

/// The verdict.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Verdict {
    /// How much was looked at.
    pub counts: Counts,
    /// How many violations of each kind there are.
    pub found: BTreeMap<Kind, usize>,
    /// The first of each kind.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// How many violations there are of this kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.found.get(&kind).copied().unwrap_or(0)
    }

    /// Adds a violation.
    pub fn add(&mut self, kind: Kind, what: impl Into<String>) {
        let count = self.found.entry(kind).or_default();
        *count += 1;
        if *count <= KEPT_A_KIND {
            self.violations.push(Violation { kind, what: what.into() });
        }
    }

    /// The kinds found with their numbers, on one line.
    pub fn summary(&self) -> String {
        let kinds: Vec<String> =
            self.found.iter().map(|(kind, count)| format!("{count} × {}", kind.as_str())).collect();
        kinds.join(", ")
    }
}
