//! What one round of the relay keeps in mind.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Interest,
    sql::{Due, Place, deferred::Trouble},
};

/// Savepoints a round uses at most: PostgreSQL keeps 64 subtransactions of a transaction at hand,
/// and every snapshot in the whole database gets slower past that.
const SAVEPOINTS: u16 = 50;
/// When a round has been handing over this long, it defers the rest and commits.
pub(super) const BATCH_TIME: Duration = Duration::from_secs(1);

/// What a round has done so far.
pub(super) struct Round {
    pub(super) now: Timestamp,
    pub(super) started: Instant,
    pub(super) savepoints: u16,
    pub(super) handled: usize,
    /// Subjects whose later events wait.
    pub(super) waiting: HashSet<Uuid>,
    pub(super) audience: Audience,
}

impl Round {
    pub(super) fn new(now: Timestamp) -> Self {
        let (started, waiting) = (Instant::now(), HashSet::new());
        let audience = Audience::default();
        Self { now, started, savepoints: 0, handled: 0, waiting, audience }
    }

    /// It has done enough and leaves the rest to the next one.
    pub(super) fn is_full(&self) -> bool {
        self.savepoints >= SAVEPOINTS || self.started.elapsed() > BATCH_TIME
    }

    /// Whether an event has to wait for an earlier one of its subject.
    pub(super) fn holds_back(&self, event: &Due) -> bool {
        event.held || self.waiting.contains(&event.subject)
    }

    /// Whether an event can be handed over now, and somebody wants it.
    pub(super) fn hands_over(&self, event: &Due) -> bool {
        !self.holds_back(event) && self.audience.whole.includes(&event.kind)
    }
}

/// Who wants what in a round.
#[derive(Default)]
pub(super) struct Audience {
    /// Of each subscriber.
    pub(super) each: Vec<Interest>,
    /// Of all together.
    pub(super) whole: Interest,
}

/// What became of events that were to be handed over.
#[derive(Default)]
pub(super) struct Verdicts<'a> {
    pub(super) done: Vec<Place>,
    pub(super) troubles: Vec<(&'a Due, Trouble)>,
    /// The first one that nothing has been decided about.
    pub(super) rest: Option<i64>,
}
