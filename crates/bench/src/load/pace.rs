//! When requests are sent: in a closed loop (each connection asks again when it was answered), a
//! fixed number, or by a schedule that does not wait for anybody.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::{engine::Pace, outcome::Statuses, watch::Watch};

/// What is counted while a window of time is open.
#[derive(Debug)]
pub struct Tally {
    /// Every answer, also outside the window.
    pub statuses: Statuses,
    /// Requests sent.
    pub sent: u64,
    /// Answers with the expected status within the window.
    pub measured: u64,
    /// From the intended start to the answer, in microseconds, of those measured.
    pub latency: Histogram<u64>,
    expected: u16,
    window: Watch,
}

impl Tally {
    fn new(expected: u16, window: Watch) -> Self {
        // From 1 µs to 5 minutes, three digits: no latency is too long to be noted.
        let latency = Histogram::new_with_bounds(1, 300_000_000, 3);
        Self {
            statuses: Statuses::default(),
            sent: 0,
            measured: 0,
            latency: latency.unwrap_or_else(|error| panic!("bounds of the histogram: {error}")),
            expected,
            window,
        }
    }

    fn note(&mut self, status: u16, meant: Instant, now: Instant, counts: bool) {
        self.statuses.add(status);
        if counts && status == self.expected {
            self.measured += 1;
            self.latency.saturating_record(micros(now.duration_since(meant)).max(1));
        }
    }

    /// What was used while the window was open.
    pub const fn window(&self) -> &Watch {
        &self.window
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Each connection asks again as soon as it was answered.
#[derive(Debug)]
pub struct Closed {
    /// What was counted.
    pub tally: Tally,
    from: Instant,
    until: Instant,
}

impl Closed {
    /// Starts now; what is answered within `measure` after `warm_up` counts.
    pub fn new(warm_up: Duration, measure: Duration, expected: u16, window: Watch) -> Self {
        let from = Instant::now() + warm_up;
        Self { tally: Tally::new(expected, window), from, until: from + measure }
    }
}

impl Pace for Closed {
    fn next(&mut self, now: Instant) -> Option<Instant> {
        (now < self.until).then(|| {
            self.tally.sent += 1;
            now
        })
    }

    fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    fn answered(&mut self, status: u16, meant: Instant, now: Instant) {
        let counts = now >= self.from && now < self.until;
        self.tally.note(status, meant, now, counts);
    }

    fn tick(&mut self, now: Instant) {
        self.tally.window.look(now, self.from, self.until);
    }
}

/// So many requests, as fast as the connections allow; all of them count.
#[derive(Debug)]
pub struct Number {
    /// What was counted.
    pub tally: Tally,
    left: u64,
    answered: u64,
    total: u64,
    from: Instant,
    /// When the last answer came.
    ended: Instant,
}

impl Number {
    /// Starts now.
    pub fn new(total: u64, expected: u16, window: Watch) -> Self {
        let from = Instant::now();
        let tally = Tally::new(expected, window);
        Self { tally, left: total, answered: 0, total, from, ended: from }
    }

    /// From the start to the last answer.
    pub fn duration(&self) -> Duration {
        self.ended.duration_since(self.from)
    }
}

impl Pace for Number {
    fn next(&mut self, now: Instant) -> Option<Instant> {
        self.left = self.left.checked_sub(1)?;
        self.tally.sent += 1;
        Some(now)
    }

    fn is_over(&self, _: Instant) -> bool {
        self.left == 0
    }

    fn answered(&mut self, status: u16, meant: Instant, now: Instant) {
        self.tally.note(status, meant, now, true);
        self.answered += 1;
        self.ended = now;
    }

    fn tick(&mut self, now: Instant) {
        let done = self.answered == self.total;
        let until = if done { now } else { now + Duration::from_secs(1) };
        self.tally.window.look(now, self.from, until);
    }
}

/// Requests begin by a fixed schedule, however long the answers take. One that finds no free
/// connection waits for one, and its waiting counts: nothing is left out.
#[derive(Debug)]
pub struct Open {
    /// What was counted.
    pub tally: Tally,
    start: Instant,
    from: Instant,
    until: Instant,
    interval: f64,
    next: u64,
    total: u64,
    /// How late the latest request went out.
    pub latest: Duration,
}

impl Open {
    /// Starts now, with `rate` requests a second.
    pub fn new(
        rate: f64,
        warm_up: Duration,
        measure: Duration,
        expected: u16,
        window: Watch,
    ) -> Self {
        let start = Instant::now();
        let (from, until) = (start + warm_up, start + warm_up + measure);
        let seconds = (warm_up + measure).as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of requests, positive and far from the bounds"
        )]
        let total = (rate * seconds) as u64;
        Self {
            tally: Tally::new(expected, window),
            start,
            from,
            until,
            interval: 1.0 / rate.max(1.0),
            next: 0,
            total,
            latest: Duration::ZERO,
        }
    }

    fn due(&self, number: u64) -> Instant {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        let seconds = number as f64 * self.interval;
        self.start + Duration::from_secs_f64(seconds)
    }
}

impl Pace for Open {
    fn next(&mut self, now: Instant) -> Option<Instant> {
        let due = self.due(self.next);
        if self.next >= self.total || due > now {
            return None;
        }
        self.next += 1;
        self.tally.sent += 1;
        if due >= self.from {
            self.latest = self.latest.max(now.duration_since(due));
        }
        Some(due)
    }

    fn is_over(&self, _: Instant) -> bool {
        self.next >= self.total
    }

    fn answered(&mut self, status: u16, meant: Instant, now: Instant) {
        // By the schedule, not by the answer: who waits longest must not fall out of the window.
        let counts = meant >= self.from && meant < self.until;
        self.tally.note(status, meant, now, counts);
    }

    fn tick(&mut self, now: Instant) {
        self.tally.window.look(now, self.from, self.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_loop_keeps_its_schedule_and_forgets_nobody() {
        let window = Watch::new(Vec::new());
        let second = Duration::from_secs(1);
        let mut pace = Open::new(1000.0, Duration::ZERO, second, 201, window);
        let start = pace.start;
        assert_eq!(pace.next(start), Some(start));
        assert_eq!(pace.next(start), None);
        // Nothing happened for half a second: everything that was due is due.
        let later = start + Duration::from_millis(500);
        let mut due = 0;
        while let Some(meant) = pace.next(later) {
            assert!(meant <= later);
            pace.answered(201, meant, later);
            due += 1;
        }
        assert_eq!(due, 500);
        // Whoever was to begin first has waited longest.
        assert!(pace.tally.latency.max() >= 498_000);
        assert!(pace.tally.latency.value_at_quantile(0.5).abs_diff(250_000) < 2_000);
        assert!(!pace.is_over(later));
        while pace.next(start + second * 2).is_some() {}
        assert!(pace.is_over(later));
        assert_eq!(pace.tally.sent, 1000);
    }

    #[test]
    fn a_closed_loop_counts_only_its_window() {
        let (warm_up, measure) = (Duration::from_secs(1), Duration::from_secs(2));
        let mut pace = Closed::new(warm_up, measure, 201, Watch::new(Vec::new()));
        let (from, until) = (pace.from, pace.until);
        for (at, status) in [
            (from.checked_sub(warm_up / 2).unwrap(), 201),
            (from, 201),
            (from + measure / 2, 201),
            (from + measure / 2, 503),
            (until, 201),
        ] {
            pace.answered(status, at.checked_sub(warm_up / 4).unwrap(), at);
        }
        assert_eq!(pace.tally.measured, 2);
        assert_eq!(pace.tally.statuses.of(201), 4);
        assert_eq!(pace.tally.statuses.of(503), 1);
        assert!(pace.next(until).is_none() && pace.is_over(until));
    }
}
