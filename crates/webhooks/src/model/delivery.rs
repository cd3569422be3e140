//! A delivery: one event on its way to one endpoint. Pure.

use jiff::Timestamp;
use kernel::id::{DeliveryId, WebhookId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// The kind of a test's message, which is no event.
pub const TEST: &str = "webhook.test";

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// To be sent, for the first time or again.
    Pending,
    /// Arrived: the endpoint answered with 2xx.
    Delivered,
    /// Given up.
    Failed,
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryMove {
    /// It arrived.
    Arrive,
    /// It did not, and is tried again.
    Retry,
    /// It did not, and that was the last time.
    GiveUp,
    /// Somebody wants it sent once more.
    Redeliver,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a delivery that is {from:?} cannot {asked:?}")]
pub struct InvalidDeliveryMove {
    /// Where the delivery is.
    pub from: DeliveryStatus,
    /// What was asked.
    pub asked: DeliveryMove,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: DeliveryMove) -> Result<Self, InvalidDeliveryMove> {
        let to = match (self, asked) {
            (Self::Pending, DeliveryMove::Arrive) => Self::Delivered,
            (Self::Pending, DeliveryMove::GiveUp) => Self::Failed,
            (Self::Pending, DeliveryMove::Retry)
            | (Self::Delivered | Self::Failed, DeliveryMove::Redeliver) => Self::Pending,
            (from, asked) => return Err(InvalidDeliveryMove { from, asked }),
        };
        Ok(to)
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where it goes.
    pub endpoint: WebhookId,
    /// The message's id, which the endpoint sees as `webhook-id`: the event's, but for a test.
    pub message_id: Uuid,
    /// What happened.
    pub kind: String,
    /// When.
    pub occurred_at: Timestamp,
    /// How far it has come.
    pub status: DeliveryStatus,
    /// How often it was tried.
    pub attempts: u16,
    /// When it is tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it arrived, or was given up.
    pub finished_at: Option<Timestamp>,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u16,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub millis: u32,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none, or why it does not count.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub reply: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the machine has exactly its moves. Method: every pair of status and move.
    #[test]
    fn a_delivery_ends_and_can_be_begun_anew() {
        type S = DeliveryStatus;
        type M = DeliveryMove;
        let moves = [
            (S::Pending, M::Arrive, S::Delivered),
            (S::Pending, M::Retry, S::Pending),
            (S::Pending, M::GiveUp, S::Failed),
            (S::Delivered, M::Redeliver, S::Pending),
            (S::Failed, M::Redeliver, S::Pending),
        ];
        for from in S::ALL {
            assert_eq!(S::parse(from.as_str()), Some(from));
            for asked in [M::Arrive, M::Retry, M::GiveUp, M::Redeliver] {
                let known = moves.iter().find(|it| (it.0, it.1) == (from, asked));
                assert_eq!(from.after(asked).ok(), known.map(|it| it.2), "{from:?} {asked:?}");
            }
        }
    }
}
