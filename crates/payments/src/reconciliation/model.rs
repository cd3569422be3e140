//! A day's comparison, and where statements come from.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::compare::{Difference, PayoutRow, StatementRow};
use crate::provider::{BoxFuture, ProviderError};

/// How far a day's comparison has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationStatus {
    /// Somebody wants it compared, perhaps again.
    Asked,
    /// Somebody is at it.
    Running,
    /// It was compared.
    Done,
    /// The provider's statements could not be had; it is tried again.
    Failed,
}

impl ReconciliationStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Running, Self::Done, Self::Failed];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A day's comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// With whose statements.
    pub provider: String,
    /// Of which day, in Taipei.
    pub day: Date,
    /// How far it has come.
    pub status: ReconciliationStatus,
    /// When it was last begun.
    pub started_at: Timestamp,
    /// When it was last done.
    pub finished_at: Option<Timestamp>,
    /// Times it could not be done.
    pub failures: u16,
    /// Why it could not be done the last time.
    pub failure: Option<String>,
    /// Payments of the day in our books.
    pub ours: i32,
    /// Rows of the provider's statements.
    pub theirs: i32,
    /// What differs.
    pub differences: Vec<Difference>,
}

/// Where a provider's statements come from. Never asked with a transaction open.
pub trait Statements: Send + Sync + std::fmt::Debug {
    /// Whose, e.g. `ecpay`.
    fn provider(&self) -> &'static str;

    /// Whether they are compared every day, or only when somebody asks.
    fn are_compared_daily(&self) -> bool {
        true
    }

    /// What was paid on a day in Taipei.
    fn trades(&self, day: Date) -> BoxFuture<'_, Result<Vec<StatementRow>, ProviderError>>;

    /// What was paid out to the shop on a day in Taipei; nothing where the provider does not tell.
    fn payouts(&self, day: Date) -> BoxFuture<'_, Result<Vec<PayoutRow>, ProviderError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unambiguous() {
        for status in ReconciliationStatus::ALL {
            assert_eq!(ReconciliationStatus::parse(status.as_str()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        assert_eq!(ReconciliationStatus::parse(""), None);
    }
}
