//! What a task is: pure.

use jiff::Timestamp;
use kernel::id::{OrderId, PaymentId, PaymentTaskId, RefundId, UserId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// What has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Our books and the provider's differ.
    ReconciliationDifference,
    /// Money has to be transferred by hand.
    BankTransferRefund,
    /// The provider refused to pay money back.
    RefundFailed,
    /// The provider could not be asked for too long.
    ProviderUnreachable,
}

/// Whether somebody has dealt with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It waits for somebody.
    Open,
    /// Somebody has dealt with it, or it went away by itself.
    Resolved,
}

/// How it was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResolution {
    /// The provider's word was taken: the payment was settled.
    TakenAsPaid,
    /// The money goes back.
    Refunded,
    /// It is as it is, for a reason.
    Accepted,
    /// What had to be done was done.
    Done,
}

impl TaskKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::ReconciliationDifference,
        Self::BankTransferRefund,
        Self::RefundFailed,
        Self::ProviderUnreachable,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReconciliationDifference => "reconciliation_difference",
            Self::BankTransferRefund => "bank_transfer_refund",
            Self::RefundFailed => "refund_failed",
            Self::ProviderUnreachable => "provider_unreachable",
        }
    }

    /// The kind a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl TaskStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Open, Self::Resolved];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl TaskResolution {
    /// Every resolution.
    pub const ALL: [Self; 4] = [Self::TakenAsPaid, Self::Refunded, Self::Accepted, Self::Done];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TakenAsPaid => "taken_as_paid",
            Self::Refunded => "refunded",
            Self::Accepted => "accepted",
            Self::Done => "done",
        }
    }

    /// The resolution a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resolution| resolution.as_str() == word)
    }
}

/// It was resolved before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a task that is {from:?} cannot be resolved")]
pub struct InvalidTaskMove {
    /// Where the task is.
    pub from: TaskStatus,
}

/// What can go wrong with a task.
#[derive(Debug, Error)]
pub enum TaskError {
    /// It was resolved before.
    #[error(transparent)]
    InvalidMove(#[from] InvalidTaskMove),
    /// Somebody else resolved it since it was read.
    #[error("somebody else was quicker")]
    Overtaken,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A task to be opened.
#[derive(Clone, Debug)]
pub struct NewTask<'a> {
    /// What has to be looked at.
    pub kind: TaskKind,
    /// What it is about, in words of its kind: the same is not opened twice.
    pub reference: &'a str,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The refund it is about.
    pub refund: Option<RefundId>,
    /// What somebody needs to know about it.
    pub details: Value,
}

/// Something that a person has to look at, or has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentTask {
    /// Its id.
    pub id: PaymentTaskId,
    /// What has to be looked at.
    pub kind: TaskKind,
    /// What it is about, in words of its kind.
    pub reference: String,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The refund it is about.
    pub refund: Option<RefundId>,
    /// What somebody needs to know about it.
    pub details: Value,
    /// Whether somebody has dealt with it.
    pub status: TaskStatus,
    /// Counts its changes.
    pub version: i64,
    /// How it was dealt with.
    pub resolution: Option<TaskResolution>,
    /// Why, in the person's words.
    pub note: Option<String>,
    /// What kind of author resolved it.
    pub resolved_by_kind: Option<String>,
    /// Who resolved it.
    pub resolved_by: Option<UserId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
}

/// Which tasks.
#[derive(Clone, Copy, Debug, Default)]
pub struct TaskFilter<'a> {
    /// With this status.
    pub status: Option<TaskStatus>,
    /// Of this kind.
    pub kind: Option<TaskKind>,
    /// About this order.
    pub order: Option<OrderId>,
    /// With a reference that begins so.
    pub reference: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unambiguous_and_the_same_on_the_wire() {
        for kind in TaskKind::ALL {
            assert_eq!(TaskKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for resolution in TaskResolution::ALL {
            assert_eq!(TaskResolution::parse(resolution.as_str()), Some(resolution));
            assert_eq!(serde_json::to_value(resolution).unwrap(), resolution.as_str());
        }
        assert_eq!(TaskKind::parse("OPEN"), None);
    }
}
