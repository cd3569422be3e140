//! Requests whose clients do not wait for the answer but come back for it.
//!
//! What is known of them is kept in memory, bounded in number and in time. It is a convenience,
//! not a promise: after a restart, or on another node, the idempotency key tells what became of a
//! request ([`recall()`](crate::recall())).

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use kernel::{SharedClock, id::UserId};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{
    engine::Intake,
    placed::Placed,
    request::{PlaceError, PlaceOrder},
    ticket::{Answer, Place, Submission},
};

/// What a client calls its request by: unguessable, and the same for the same request.
pub type RequestName = [u8; 32];

/// How many requests are remembered. One takes a few kilobytes at most.
const CAPACITY: usize = 10_000;
/// For how long.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_mins(15);
/// Every wait has a bound; this one begins anew.
const LOOK: Duration = Duration::from_mins(1);

/// One request, followed from afar. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Followed {
    customer: Option<UserId>,
    place: Place,
    outcome: watch::Receiver<Option<Answer>>,
}

impl Followed {
    /// Whose it is; a guest's is nobody's.
    pub const fn customer(&self) -> Option<UserId> {
        self.customer
    }

    /// How many requests are ahead of it.
    pub fn ahead(&self) -> u64 {
        self.place.ahead()
    }

    /// What became of it, once that is known.
    pub fn outcome(&self) -> Option<Answer> {
        self.outcome.borrow().clone()
    }

    /// Waits until it is known what became of it. `None` when nobody will ever tell: the program
    /// is ending.
    pub async fn decided(&mut self) -> Option<Answer> {
        self.outcome.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone())
    }

    /// Whether asking again means this request. A refused one has left nothing behind: asked again,
    /// it is decided anew.
    fn stands(&self) -> bool {
        let outcome = self.outcome.borrow();
        match &*outcome {
            // Without an answer, and nobody to give one: it was cut off.
            None => self.outcome.has_changed().is_ok(),
            Some(outcome) => outcome.is_ok(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    number: u64,
    since: Timestamp,
    followed: Followed,
}

#[derive(Debug, Default)]
struct Store {
    entries: HashMap<RequestName, Entry>,
    /// In the order they came. A name that was asked anew stands here twice; its number tells which
    /// is the one.
    order: VecDeque<(RequestName, u64)>,
    last: u64,
}

impl Store {
    /// Forgets what is too old, and the oldest ones until there is room for one more. `false` when
    /// all that are left are still waiting.
    fn make_room(&mut self, now: Timestamp, capacity: usize) -> bool {
        while let Some((name, number)) = self.order.front() {
            let entry = self.entries.get(name).filter(|entry| entry.number == *number);
            if let Some(entry) = entry {
                let full = self.order.len() >= capacity;
                if !full && now < entry.since + TIME_TO_LIVE {
                    return true;
                }
                if entry.followed.outcome().is_none() && entry.followed.stands() {
                    return !full;
                }
                let name = *name;
                self.entries.remove(&name);
            }
            self.order.pop_front();
        }
        true
    }

    fn insert(&mut self, name: RequestName, since: Timestamp, followed: Followed) {
        self.last += 1;
        self.order.push_back((name, self.last));
        self.entries.insert(name, Entry { number: self.last, since, followed });
    }
}

/// The requests that are followed.
#[derive(Debug)]
pub struct Pending {
    clock: SharedClock,
    tasks: TaskTracker,
    store: Mutex<Store>,
    capacity: usize,
}

impl Pending {
    /// Without any request. What has to be done when a request is decided runs on `tasks`.
    pub fn new(clock: SharedClock, tasks: TaskTracker) -> Self {
        Self { clock, tasks, store: Mutex::default(), capacity: CAPACITY }
    }

    /// The request of this name, if it is remembered.
    pub fn find(&self, name: &RequestName) -> Option<Followed> {
        let now = self.clock.now();
        let store = self.store();
        let entry = store.entries.get(name).filter(|entry| now < entry.since + TIME_TO_LIVE)?;
        Some(entry.followed.clone())
    }

    /// Hands a request to the engine and remembers it; a request that is waiting or placed under
    /// this name already is that one. `placed` runs after the commit, before anybody is told.
    pub fn submit<F: Future<Output = ()> + Send>(
        &self,
        intake: &Intake,
        name: RequestName,
        request: PlaceOrder,
        placed: impl FnOnce(Arc<Placed>) -> F + Send + 'static,
    ) -> Result<Followed, PlaceError> {
        let now = self.clock.now();
        let mut store = self.store();
        let known = store.entries.get(&name).filter(|entry| now < entry.since + TIME_TO_LIVE);
        if let Some(entry) = known.filter(|entry| entry.followed.stands()) {
            return Ok(entry.followed.clone());
        }
        if !store.make_room(now, self.capacity) {
            return Err(PlaceError::QueueFull);
        }
        let customer = request.customer;
        let submission = intake.submit(request)?;
        let (tell, outcome) = watch::channel(None);
        let followed = Followed { customer, place: submission.place(), outcome };
        store.insert(name, now, followed.clone());
        drop(store);
        self.tasks.spawn(async move {
            let outcome = answer(submission).await;
            if let Ok(order) = &outcome {
                placed(Arc::clone(order)).await;
            }
            tell.send_replace(Some(outcome));
        });
        Ok(followed)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Nothing in here is worth more than a 404 that says "ask again".
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody's patience ends here: the engine answers everything it let in.
async fn answer(mut submission: Submission) -> Answer {
    loop {
        match submission.wait(LOOK).await {
            Err(PlaceError::StillWorking) => {}
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests;
