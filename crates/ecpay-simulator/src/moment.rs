//! Waiting by two clocks.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// When something was, by the machine's clock and by the one the simulator was given. What has to
/// wait has waited as soon as either says so: a test that stops the time need not stop the notices,
/// and one that turns the time forward need not wait for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    real: Instant,
    told: Timestamp,
}

impl Moment {
    /// Now, which the simulator's clock calls `told`.
    pub(crate) fn now(told: Timestamp) -> Self {
        Self { real: Instant::now(), told }
    }

    /// How long ago it was, by the clock that ran further.
    pub(crate) fn elapsed(&self, told_now: Timestamp) -> Duration {
        let told = told_now.duration_since(self.told);
        self.real.elapsed().max(told.try_into().unwrap_or(Duration::ZERO))
    }

    /// When that much will have passed at the latest.
    pub(crate) fn after(&self, wait: Duration) -> Instant {
        self.real + wait
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_clock_that_ran_further_counts() {
        let told: Timestamp = "2026-01-02T04:00:00Z".parse().unwrap();
        let moment = Moment::now(told);
        assert!(moment.elapsed(told) < Duration::from_mins(1));
        let hour = moment.elapsed(told + SignedDuration::from_hours(1));
        assert_eq!(hour, Duration::from_hours(1));
        // Turned back, it is the machine's clock that counts.
        assert!(moment.elapsed(told - SignedDuration::from_hours(1)) < Duration::from_mins(1));
    }
}
