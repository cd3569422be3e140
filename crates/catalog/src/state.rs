//! The phases of a product as people speak of them, and what may be done in which.
//!
//! *Scheduled* 已排程 is no state that is written down: it is a published product whose time has not
//! come. So nobody has to do anything when it comes, and nothing can be late (ADR 0028).

use jiff::Timestamp;
use thiserror::Error;

use crate::model::ProductStatus;

/// What a product is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductPhase {
    /// Nobody sees it yet.
    Draft,
    /// It appears by itself.
    Scheduled,
    /// Everybody sees it.
    Published,
    /// Nobody sees it any more.
    Archived,
}

impl ProductPhase {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Scheduled, Self::Published, Self::Archived];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// What is to become of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Show it, now.
    Publish,
    /// Show it from then on.
    Schedule(Timestamp),
    /// Work on it again: nobody sees it.
    Withdraw,
    /// Take it away for good; its orders stay readable.
    Archive,
}

/// Why nothing became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoveError {
    /// It is not in a state from which this can be done.
    #[error("not possible while the product is {}", .0.as_str())]
    Illegal(ProductPhase),
    /// What is scheduled is in the future.
    #[error("the time has passed")]
    Past,
}

impl ProductStatus {
    /// What it is at `now`.
    pub fn at(self, now: Timestamp) -> ProductPhase {
        match self {
            Self::Draft => ProductPhase::Draft,
            Self::Published { at } if at > now => ProductPhase::Scheduled,
            Self::Published { .. } => ProductPhase::Published,
            Self::Archived => ProductPhase::Archived,
        }
    }

    /// What it is after a move. What was archived may come back; what is shown already is not shown
    /// again, nor at another time.
    pub fn after(self, step: Move, now: Timestamp) -> Result<Self, MoveError> {
        use ProductPhase::{Archived, Draft, Published, Scheduled};
        let state = self.at(now);
        match (step, state) {
            (Move::Publish, Draft | Scheduled | Archived) => Ok(Self::Published { at: now }),
            (Move::Schedule(at), Draft | Scheduled | Archived) if at > now => {
                Ok(Self::Published { at })
            }
            (Move::Schedule(_), Draft | Scheduled | Archived) => Err(MoveError::Past),
            (Move::Withdraw, Scheduled | Published | Archived) => Ok(Self::Draft),
            (Move::Archive, Draft | Scheduled | Published) => Ok(Self::Archived),
            (Move::Publish | Move::Schedule(_), Published)
            | (Move::Withdraw, Draft)
            | (Move::Archive, Archived) => Err(MoveError::Illegal(state)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn every_move_from_every_state() {
        let now = Timestamp::UNIX_EPOCH;
        let (later, earlier) =
            (now + SignedDuration::from_hours(1), now - SignedDuration::from_hours(1));
        let of = |state| match state {
            ProductPhase::Draft => ProductStatus::Draft,
            ProductPhase::Scheduled => ProductStatus::Published { at: later },
            ProductPhase::Published => ProductStatus::Published { at: now },
            ProductPhase::Archived => ProductStatus::Archived,
        };
        for state in ProductPhase::ALL {
            assert_eq!(of(state).at(now), state);
            let illegal = Err(MoveError::Illegal(state));
            let is = |other| state == other;
            let published = is(ProductPhase::Published);
            let expected =
                if published { illegal } else { Ok(ProductStatus::Published { at: now }) };
            assert_eq!(of(state).after(Move::Publish, now), expected);
            let expected =
                if published { illegal } else { Ok(ProductStatus::Published { at: later }) };
            assert_eq!(of(state).after(Move::Schedule(later), now), expected);
            for past in [now, earlier] {
                let expected = if published { illegal } else { Err(MoveError::Past) };
                assert_eq!(of(state).after(Move::Schedule(past), now), expected);
            }
            let expected = if is(ProductPhase::Draft) { illegal } else { Ok(ProductStatus::Draft) };
            assert_eq!(of(state).after(Move::Withdraw, now), expected);
            let expected =
                if is(ProductPhase::Archived) { illegal } else { Ok(ProductStatus::Archived) };
            assert_eq!(of(state).after(Move::Archive, now), expected);
        }
        assert_eq!(of(ProductPhase::Scheduled).at(later), ProductPhase::Published);
    }
}
