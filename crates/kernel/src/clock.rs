//! Time as a parameter.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp, TimestampArithmetic};

/// Where "now" comes from. Everything that compares or stores a time asks this.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present, in whole microseconds: what PostgreSQL can keep.
    fn now(&self) -> Timestamp;
}

/// A clock handed to many owners.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        whole_micros(Timestamp::now())
    }
}

/// A clock moved by hand: an offset on top of another clock, or standing still.
#[derive(Debug)]
pub struct ManualClock {
    base: Option<SharedClock>,
    micros: AtomicI64,
}

impl ManualClock {
    /// Stands still at `at` until it is moved.
    pub fn at(at: Timestamp) -> Self {
        Self { base: None, micros: AtomicI64::new(at.as_microsecond()) }
    }

    /// Runs with `base`, shifted by what [`advance`](Self::advance) has added up to.
    pub const fn over(base: SharedClock) -> Self {
        Self { base: Some(base), micros: AtomicI64::new(0) }
    }

    /// Moves the clock forward (or, with a negative duration, back).
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        let micros = self.micros.load(Ordering::SeqCst);
        let base = self.base.as_ref().map_or(0, |base| base.now().as_microsecond());
        Timestamp::from_microsecond(base.saturating_add(micros)).unwrap_or(Timestamp::MAX)
    }
}

/// `now` and `pause` after it; the last time there is, where that would be past the end of time.
pub fn later(now: Timestamp, pause: impl Into<TimestampArithmetic>) -> Timestamp {
    now.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        clock.advance(SignedDuration::from_mins(30));
        assert_eq!(clock.now().as_second(), 1800);
    }

    #[test]
    fn later_is_never_earlier_and_never_fails() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(later(now, SignedDuration::from_secs(90)).as_second(), 90);
        assert_eq!(later(now, Duration::from_millis(1500)).as_millisecond(), 1500);
        assert_eq!(later(now, SignedDuration::MAX), Timestamp::MAX);
        assert_eq!(later(Timestamp::MAX, Duration::MAX), Timestamp::MAX);
    }

    #[test]
    fn the_system_clock_gives_whole_microseconds() {
        assert_eq!(SystemClock.now().as_nanosecond() % 1000, 0);
    }
}
