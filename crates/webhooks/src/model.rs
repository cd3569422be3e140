//! Endpoints and deliveries: what they are, and how they move. Pure.

pub mod delivery;
pub mod retry;

use jiff::Timestamp;
use kernel::id::{UserId, WebhookId, WebhookSecretId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::delivery::{
    Attempt, Delivery, DeliveryMove, DeliveryStatus, InvalidDeliveryMove, TEST,
};
use crate::filter::EventPattern;

/// Whether an endpoint is told of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    /// It is.
    Active,
    /// Not now: somebody said so. What happens meanwhile it is not told of.
    Paused,
    /// Not any more: nothing had arrived for days, or it said that it is gone.
    Disabled,
}

/// What can happen to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointMove {
    /// Somebody stops it.
    Pause,
    /// Somebody starts it again.
    Resume,
    /// Nothing arrives any more.
    Disable,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an endpoint that is {from:?} cannot {asked:?}")]
pub struct InvalidEndpointMove {
    /// Where the endpoint is.
    pub from: EndpointStatus,
    /// What was asked.
    pub asked: EndpointMove,
}

impl EndpointStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Disabled];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: EndpointMove) -> Result<Self, InvalidEndpointMove> {
        let to = match (self, asked) {
            (Self::Active | Self::Disabled, EndpointMove::Pause) => Self::Paused,
            (Self::Paused | Self::Disabled, EndpointMove::Resume) => Self::Active,
            (Self::Active, EndpointMove::Disable) => Self::Disabled,
            (from, asked) => return Err(InvalidEndpointMove { from, asked }),
        };
        Ok(to)
    }
}

/// Whom to tell of events, and of which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: WebhookId,
    /// Where it is.
    pub url: String,
    /// What it is, in a person's words.
    pub description: String,
    /// The events it wants.
    pub filters: Vec<EventPattern>,
    /// Whether it is told of them.
    pub status: EndpointStatus,
    /// Counts what people change about it.
    pub version: i64,
    /// Who registered it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Since when nothing has arrived; none: the last one did.
    pub failing_since: Option<Timestamp>,
    /// Attempts in a row that failed.
    pub failures: u32,
}

impl Endpoint {
    /// The host of its address, for logs and mails: what stands behind it may be secret.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or(rest)
    }
}

/// A secret of an endpoint, without itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretInfo {
    /// Its id.
    pub id: WebhookSecretId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when deliveries are signed with it; none: until another follows it.
    pub ends_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the machines have exactly their moves. Method: every pair of status and move.
    #[test]
    fn an_endpoint_has_exactly_these_moves() {
        type S = EndpointStatus;
        type M = EndpointMove;
        let moves = [
            (S::Active, M::Pause, S::Paused),
            (S::Active, M::Disable, S::Disabled),
            (S::Paused, M::Resume, S::Active),
            (S::Disabled, M::Resume, S::Active),
            (S::Disabled, M::Pause, S::Paused),
        ];
        for from in S::ALL {
            assert_eq!(S::parse(from.as_str()), Some(from));
            for asked in [M::Pause, M::Resume, M::Disable] {
                let known = moves.iter().find(|it| (it.0, it.1) == (from, asked));
                assert_eq!(from.after(asked).ok(), known.map(|it| it.2), "{from:?} {asked:?}");
            }
        }
    }
}
