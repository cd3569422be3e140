//! A request on its way through the engine, and the promise of its answer.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    placed::Placed,
    request::{PlaceError, PlaceOrder},
};

/// What becomes of a request.
pub(crate) type Answer = Result<Arc<Placed>, PlaceError>;

/// A request that waits, with the way back to who asked.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub request: PlaceOrder,
    answer: oneshot::Sender<Answer>,
    /// When it came in.
    pub since: Instant,
    /// The span of the request that brought it: the batch tells it what became of its order.
    pub span: tracing::Span,
}

impl Ticket {
    pub fn new(request: PlaceOrder) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        (Self { request, answer, since: Instant::now(), span }, answered)
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    /// Answers. Who asked may have gone meanwhile; the key finds the order.
    pub fn answer(self, answer: Answer) {
        drop(self.answer.send(answer));
    }
}

/// The requests of this process that are being worked on, by key. A request with the key of another
/// waits behind it instead of running beside it: two bodies under one key, whose orders would lie on
/// different shards, would not meet in a unique constraint (ADR 0004).
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    followers: Mutex<HashMap<Uuid, Vec<Ticket>>>,
}

/// Requests that may wait behind one with the same key.
const FOLLOWERS_MAX: usize = 100;

impl InFlight {
    /// Takes a request in: it comes back when no other with its key is under way, and has to be
    /// followed by [`leave`](Self::leave).
    pub fn enter(&self, ticket: Ticket) -> Result<Option<Ticket>, PlaceError> {
        match self.lock().entry(ticket.request.key) {
            Entry::Vacant(place) => {
                place.insert(Vec::new());
                Ok(Some(ticket))
            }
            Entry::Occupied(place) if place.get().len() >= FOLLOWERS_MAX => {
                Err(PlaceError::QueueFull)
            }
            Entry::Occupied(mut place) => {
                place.get_mut().push(ticket);
                Ok(None)
            }
        }
    }

    /// Ends the way of a key; who waited behind it comes back, to be asked anew.
    pub fn leave(&self, keys: impl IntoIterator<Item = Uuid>) -> Vec<Ticket> {
        let mut followers = self.lock();
        keys.into_iter().flat_map(|key| followers.remove(&key).unwrap_or_default()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Vec<Ticket>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests have entered the queue, and how many have left it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    entered: AtomicU64,
    taken: AtomicU64,
}

impl Counts {
    /// One more has entered; its number.
    pub fn enter(&self) -> u64 {
        self.entered.fetch_add(1, Ordering::Relaxed)
    }

    /// So many have left.
    pub fn take(&self, count: usize) {
        self.taken.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
    }
}

/// A request that was let in: where it stands, and in the end its answer. Dropping it gives up the
/// answer only; the order may still be placed, and its key still finds it.
#[derive(Debug)]
pub struct Submission {
    pub(crate) answered: oneshot::Receiver<Answer>,
    pub(crate) counts: Arc<Counts>,
    /// Its number in the queue; none when it waits behind another request with its key.
    pub(crate) number: Option<u64>,
    pub(crate) patience: Duration,
}

/// Where a request stands, for somebody else than who waits for its answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    counts: Arc<Counts>,
    number: Option<u64>,
}

impl Place {
    /// How many requests stand before it in the queue; none once it is being placed.
    pub fn ahead(&self) -> u64 {
        let taken = self.counts.taken.load(Ordering::Relaxed);
        self.number.map_or(0, |number| number.saturating_sub(taken))
    }
}

impl Submission {
    /// How many requests stand before it in the queue; none once it is being placed.
    pub fn ahead(&self) -> u64 {
        self.place().ahead()
    }

    pub(crate) fn place(&self) -> Place {
        Place { counts: Arc::clone(&self.counts), number: self.number }
    }

    /// The answer. After a bound, [`PlaceError::StillWorking`].
    pub async fn outcome(mut self) -> Result<Arc<Placed>, PlaceError> {
        self.wait(self.patience).await
    }

    /// The answer, if it comes within `patience`; else [`PlaceError::StillWorking`], and one may go
    /// on waiting.
    pub async fn wait(&mut self, patience: Duration) -> Result<Arc<Placed>, PlaceError> {
        match tokio::time::timeout(patience, &mut self.answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(PlaceError::Unavailable),
            Err(_) => Err(PlaceError::StillWorking),
        }
    }
}
