//! The time that buckets are refilled by: how long the program has been running. Nobody asks it what
//! time it is.

use std::time::{Duration, Instant};

use governor::{
    clock::{Clock, FakeRelativeClock},
    nanos::Nanos,
};

/// A clock that is moved by hand, for tests. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct HandClock(FakeRelativeClock);

impl HandClock {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.0.advance(by);
    }
}

/// Time since the beginning.
#[derive(Clone, Debug)]
pub(super) enum Ticks {
    Real(Instant),
    ByHand(FakeRelativeClock),
}

impl Ticks {
    pub fn real() -> Self {
        Self::Real(Instant::now())
    }

    pub fn by_hand(clock: &HandClock) -> Self {
        Self::ByHand(clock.0.clone())
    }
}

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match self {
            Self::Real(beginning) => beginning.elapsed().into(),
            Self::ByHand(clock) => clock.now(),
        }
    }
}
