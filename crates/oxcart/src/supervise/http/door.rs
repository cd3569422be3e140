//! Who is inside, who is let in, and who has to go.
//!
//! At most [`Limits::connections`] are inside. When they are, those who have been asking nothing
//! for the longest make room; when everybody is busy, newcomers are told so by a few seats in the
//! lobby (503 with `Retry-After`), and beyond those the connection is closed.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use telemetry::{
    Metrics,
    prometheus::{IntCounterVec, IntGauge},
};
use tokio::{
    task::AbortHandle,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    Limits,
    watch::{Clock, Cut, Watch},
};

/// Connections that are only told to come back.
const LOBBY: usize = 256;
/// Who asked within this time is not sent away for others.
const FRESH: Duration = Duration::from_secs(1);
/// The sweeper's period is a quarter of the shortest limit, within these.
const SHORTEST_PERIOD: Duration = Duration::from_millis(50);
const LONGEST_PERIOD: Duration = Duration::from_secs(1);

/// Where a newcomer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// It is served.
    Inside,
    /// It is told to come back.
    Lobby,
    /// It is closed.
    Outside,
}

#[derive(Debug)]
struct Visitor {
    watch: Arc<Watch>,
    seat: Seat,
    /// None only between its entry and its start.
    task: Option<AbortHandle>,
}

#[derive(Debug, Default)]
struct Book {
    visitors: HashMap<u64, Visitor>,
    lobby: usize,
    last: u64,
}

impl Book {
    fn remove(&mut self, number: u64) {
        let left = self.visitors.remove(&number);
        if left.is_some_and(|visitor| visitor.seat == Seat::Lobby) {
            self.lobby -= 1;
        }
    }

    /// Removes a connection in order to cut it.
    fn strike(&mut self, number: u64) -> Option<AbortHandle> {
        let task = self.visitors.get(&number)?.task.clone()?;
        self.remove(number);
        Some(task)
    }

    fn inside(&self) -> usize {
        self.visitors.len() - self.lobby
    }
}

#[derive(Debug)]
struct Counts {
    open: IntGauge,
    cut: IntCounterVec,
    turned_away: IntCounterVec,
}

/// The door.
#[derive(Debug)]
pub struct Door {
    limits: Limits,
    clock: Arc<Clock>,
    book: Mutex<Book>,
    counts: Option<Counts>,
    /// When making room was last tried in vain.
    in_vain: AtomicU64,
}

impl Door {
    /// Nobody is inside.
    pub fn new(limits: Limits, metrics: &Metrics) -> Self {
        // Two doors in one process would count together; there is one.
        let counts = Counts::new(metrics)
            .inspect_err(|error| tracing::warn!(%error, "connections are not counted"));
        Self {
            limits,
            clock: Arc::new(Clock::new()),
            book: Mutex::default(),
            counts: counts.ok(),
            in_vain: AtomicU64::new(0),
        }
    }

    /// A watch for a newcomer.
    pub fn watch(&self) -> Arc<Watch> {
        Arc::new(Watch::new(Arc::clone(&self.clock)))
    }

    /// Where a newcomer goes; room is made for it if need be.
    pub fn seat(&self) -> Seat {
        let mut book = self.book();
        let full = book.inside() >= self.limits.connections;
        let cut = if full { self.make_room(&mut book) } else { Vec::new() };
        let seat = if !full || !cut.is_empty() {
            Seat::Inside
        } else if book.lobby < LOBBY {
            Seat::Lobby
        } else {
            Seat::Outside
        };
        drop(book);
        self.cut(cut);
        if let (Some(counts), Some(how)) = (&self.counts, seat.turned_away()) {
            counts.turned_away.with_label_values(&[how]).inc();
        }
        seat
    }

    /// Enters a newcomer; `start` starts its task with what strikes it out again at its end.
    pub fn enter(
        self: &Arc<Self>,
        seat: Seat,
        watch: Arc<Watch>,
        start: impl FnOnce(Leave) -> AbortHandle,
    ) {
        let mut book = self.book();
        book.last += 1;
        let number = book.last;
        book.lobby += usize::from(seat == Seat::Lobby);
        book.visitors.insert(number, Visitor { watch, seat, task: None });
        self.count(&book);
        // Tasks begin and end without the book in anybody's hand: their end takes it.
        drop(book);
        let task = start(Leave { door: Arc::clone(self), number });
        if let Some(visitor) = self.book().visitors.get_mut(&number) {
            visitor.task = Some(task);
        }
    }

    /// Keeps the time, and cuts whoever is over a limit. Never ends.
    pub async fn sweep(&self) {
        let limits = &self.limits;
        let shortest = limits.idle.min(limits.read).min(limits.write);
        let mut period = interval((shortest / 4).clamp(SHORTEST_PERIOD, LONGEST_PERIOD));
        period.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let opened = Instant::now();
        loop {
            period.tick().await;
            self.clock.set(opened.elapsed());
            self.cut_overdue();
        }
    }

    fn cut_overdue(&self) {
        let now = self.clock.now();
        let mut book = self.book();
        let overdue: Vec<(u64, Cut)> = book
            .visitors
            .iter()
            .filter_map(|(number, visitor)| {
                let verdict = visitor.watch.verdict(now, &self.limits).or_else(|| {
                    // The lobby is for those who ask at once.
                    let waited = visitor.watch.waiting(now)?;
                    (visitor.seat == Seat::Lobby && waited > millis(FRESH)).then_some(Cut::Crowded)
                })?;
                Some((*number, verdict))
            })
            .collect();
        let cut = overdue.into_iter().filter_map(|(n, why)| Some((book.strike(n)?, why))).collect();
        self.count(&book);
        drop(book);
        self.cut(cut);
    }

    /// Strikes out the connections that have been waiting for a request for the longest.
    fn make_room(&self, book: &mut Book) -> Vec<(AbortHandle, Cut)> {
        let now = self.clock.now();
        if self.in_vain.load(Relaxed) == now {
            return Vec::new();
        }
        let mut waiting: Vec<(u64, u64)> = book
            .visitors
            .iter()
            .filter(|(_, visitor)| visitor.seat == Seat::Inside)
            .filter_map(|(number, visitor)| Some((visitor.watch.waiting(now)?, *number)))
            .filter(|(waited, _)| *waited > millis(FRESH))
            .collect();
        waiting.sort_unstable_by(|a, b| b.cmp(a));
        // Several at a time, so that the book is not read anew for each newcomer.
        waiting.truncate((self.limits.connections / 64).max(1));
        let cut: Vec<_> = waiting
            .into_iter()
            .filter_map(|(_, number)| Some((book.strike(number)?, Cut::Crowded)))
            .collect();
        if cut.is_empty() {
            self.in_vain.store(now, Relaxed);
        }
        cut
    }

    fn cut(&self, connections: Vec<(AbortHandle, Cut)>) {
        for (task, why) in connections {
            task.abort();
            if let Some(counts) = &self.counts {
                counts.cut.with_label_values(&[why.as_str()]).inc();
            }
        }
    }

    fn count(&self, book: &Book) {
        if let Some(counts) = &self.counts {
            counts.open.set(i64::try_from(book.visitors.len()).unwrap_or(i64::MAX));
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked over it had not begun to write.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    const fn turned_away(self) -> Option<&'static str> {
        match self {
            Self::Inside => None,
            Self::Lobby => Some("answered"),
            Self::Outside => Some("closed"),
        }
    }
}

impl Counts {
    fn new(metrics: &Metrics) -> telemetry::prometheus::Result<Self> {
        let counts = Self {
            open: metrics.gauge("oxcart_http_connections", "Open connections")?,
            cut: metrics.counters(
                "oxcart_http_connections_cut_total",
                "Connections cut, by what their client did not do in time",
                &["reason"],
            )?,
            turned_away: metrics.counters(
                "oxcart_http_connections_turned_away_total",
                "Connections not served because too many were busy",
                &["how"],
            )?,
        };
        for reason in Cut::ALL {
            counts.cut.with_label_values(&[reason.as_str()]);
        }
        Ok(counts)
    }
}

/// Strikes a connection out when its task ends, however that happens.
#[derive(Debug)]
pub struct Leave {
    door: Arc<Door>,
    number: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut book = self.door.book();
        book.remove(self.number);
        self.door.count(&book);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
