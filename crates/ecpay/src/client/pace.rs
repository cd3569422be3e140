//! Not asking too often, and not at all for a while after ECPay said so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::ClientOptions;

/// Time since the client was made. Nobody asks it what time it is.
#[derive(Debug, Clone)]
struct Ticks(Instant);

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Queries and actions.
    Call,
    /// The file of trades, which another host gives.
    TradesFile,
    /// The file of payouts, which is a call, too.
    FundingFile,
}

/// The pace of all calls.
#[derive(Debug)]
pub(super) struct Pace {
    calls: Lane,
    trades: Lane,
    funding: Lane,
    wait: Duration,
    closed: Duration,
    file_interval: Duration,
}

impl Pace {
    pub(super) fn new(options: &ClientOptions) -> Self {
        let ticks = Ticks(Instant::now());
        let between_calls = Duration::from_mins(1) / options.calls_per_minute.get();
        let calls = Quota::with_period(between_calls).map(|it| it.allow_burst(options.burst));
        let files = Quota::with_period(options.file_interval);
        Self {
            calls: Lane::new(calls, &ticks),
            trades: Lane::new(files, &ticks),
            funding: Lane::new(files, &ticks),
            wait: options.wait,
            closed: options.closed,
            file_interval: options.file_interval,
        }
    }

    /// Waits for the turn of a call, within bounds; otherwise tells how long it would have to wait.
    pub(super) async fn turn(&self, kind: Kind) -> Result<(), Duration> {
        let mut patience = self.wait;
        for lane in self.lanes(kind) {
            lane.turn(&mut patience).await?;
        }
        Ok(())
    }

    /// Shuts the door, and tells for how long.
    pub(super) fn close(&self, kind: Kind) -> Duration {
        for lane in self.lanes(kind) {
            lane.close(self.closed);
        }
        self.closed
    }

    /// No file of this kind for the usual while, counted from now. Tells how long that is.
    pub(super) fn too_soon(&self, kind: Kind) -> Duration {
        match kind {
            Kind::Call => {}
            Kind::TradesFile => self.trades.close(self.file_interval),
            Kind::FundingFile => self.funding.close(self.file_interval),
        }
        self.file_interval
    }

    fn lanes(&self, kind: Kind) -> impl Iterator<Item = &Lane> {
        let (first, second) = match kind {
            Kind::Call => (&self.calls, None),
            Kind::TradesFile => (&self.trades, None),
            Kind::FundingFile => (&self.funding, Some(&self.calls)),
        };
        std::iter::once(first).chain(second)
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Nanos>>;

/// One bucket and its door.
#[derive(Debug)]
struct Lane {
    ticks: Ticks,
    /// `None`: as often as one likes.
    limiter: Option<Bucket>,
    /// Until when the door is shut, in nanoseconds of the ticks.
    closed_until: AtomicU64,
}

impl Lane {
    fn new(quota: Option<Quota>, ticks: &Ticks) -> Self {
        Self {
            ticks: ticks.clone(),
            limiter: quota.map(|quota| RateLimiter::direct_with_clock(quota, ticks.clone())),
            closed_until: AtomicU64::new(0),
        }
    }

    async fn turn(&self, patience: &mut Duration) -> Result<(), Duration> {
        while let Some(wait) = self.missing() {
            *patience = patience.checked_sub(wait).ok_or(wait)?;
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Takes a turn, or tells how long there is none.
    fn missing(&self) -> Option<Duration> {
        let now = self.ticks.now();
        let closed = self.closed_until.load(Ordering::Acquire).checked_sub(now.as_u64());
        if let Some(left) = closed.filter(|left| *left > 0) {
            return Some(Duration::from_nanos(left));
        }
        let full = self.limiter.as_ref()?.check().err()?;
        Some(full.wait_time_from(now))
    }

    fn close(&self, for_so_long: Duration) {
        let span = u64::try_from(for_so_long.as_nanos()).unwrap_or(u64::MAX);
        let until = self.ticks.now().as_u64().saturating_add(span);
        self.closed_until.fetch_max(until, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use tokio::time::advance;

    use super::*;

    fn pace(calls_per_minute: u32, burst: u32, wait: u64) -> Pace {
        Pace::new(&ClientOptions {
            calls_per_minute: NonZeroU32::new(calls_per_minute).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
            wait: Duration::from_secs(wait),
            ..ClientOptions::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_one_by_one() {
        let pace = pace(60, 3, 0);
        for _ in 0..3 {
            assert_eq!(pace.turn(Kind::Call).await, Ok(()));
        }
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_secs(1)));
        advance(Duration::from_millis(400)).await;
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_millis(600)));
        advance(Duration::from_millis(600)).await;
        assert_eq!(pace.turn(Kind::Call).await, Ok(()));
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_secs(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_has_a_bound() {
        let pace = pace(60, 1, 2);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(pace.turn(Kind::Call).await, Ok(()));
        }
        assert_eq!(began.elapsed().as_secs(), 2);
        assert_eq!(pace.close(Kind::Call), Duration::from_mins(30));
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_mins(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shut_door_opens_after_half_an_hour() {
        let pace = pace(60, 5, 0);
        pace.close(Kind::Call);
        advance(Duration::from_secs(1_799)).await;
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_secs(1)));
        advance(Duration::from_secs(1)).await;
        assert_eq!(pace.turn(Kind::Call).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn each_kind_of_file_comes_once_in_its_interval() {
        let pace = pace(60, 5, 0);
        for kind in [Kind::TradesFile, Kind::FundingFile] {
            assert_eq!(pace.turn(kind).await, Ok(()));
            assert_eq!(pace.turn(kind).await, Err(Duration::from_secs(65)));
        }
        advance(Duration::from_secs(65)).await;
        assert_eq!(pace.turn(Kind::TradesFile).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_doors_of_the_two_hosts_are_two() {
        let pace = pace(60, 5, 0);
        pace.close(Kind::TradesFile);
        assert_eq!(pace.turn(Kind::Call).await, Ok(()));
        pace.close(Kind::FundingFile);
        assert_eq!(pace.turn(Kind::Call).await, Err(Duration::from_mins(30)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_file_begins_the_minute_anew() {
        let pace = pace(60, 5, 0);
        assert_eq!(pace.turn(Kind::TradesFile).await, Ok(()));
        advance(Duration::from_mins(1)).await;
        assert_eq!(pace.too_soon(Kind::TradesFile), Duration::from_secs(65));
        advance(Duration::from_secs(64)).await;
        assert_eq!(pace.turn(Kind::TradesFile).await, Err(Duration::from_secs(1)));
        assert_eq!(pace.turn(Kind::Call).await, Ok(()));
    }
}
