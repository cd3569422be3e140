//! Questions that are under way: whoever wants the same page waits for the same answer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{body::Body, http::HeaderMap, http::StatusCode, response::Response};
use bytes::Bytes;
use tokio::sync::watch;

use crate::page::Page;

/// A page, of a generation: who knows that the catalogue changed does not wait for what was asked
/// before.
pub type Name = (Arc<str>, i64);
type Told = watch::Receiver<Option<Outcome>>;
type Open = Arc<Mutex<HashMap<Name, Told>>>;

/// What came of a question.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A page for everybody.
    Page(Arc<Page>),
    /// The origin failed; everybody who waited is told so.
    Failed(Arc<Failure>),
    /// The asker was refused; somebody else may ask.
    Refused,
    /// The answer is the asker's alone: everybody asks by themselves.
    Private,
}

/// An answer that is none, as all who waited get it.
#[derive(Debug)]
pub struct Failure {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Failure {
    /// The answer.
    pub fn reply(&self) -> Response {
        let mut reply = Response::new(Body::from(self.body.clone()));
        *reply.status_mut() = self.status;
        reply.headers_mut().clone_from(&self.headers);
        reply
    }
}

/// Questions that are under way. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Flights {
    open: Open,
    most: usize,
}

/// What to do for a page.
#[derive(Debug)]
pub enum Seat {
    /// Ask.
    Asker(Landing, Told),
    /// Wait for who asks.
    Waiter(Told),
    /// Too many different pages are asked for.
    None,
}

impl Flights {
    /// At most so many at a time.
    pub fn new(most: usize) -> Self {
        Self { open: Open::default(), most }
    }

    /// Joins who asks for this page, or asks.
    pub fn board(&self, name: Name) -> Seat {
        let mut open = lock(&self.open);
        if let Some(told) = open.get(&name) {
            return Seat::Waiter(told.clone());
        }
        if open.len() >= self.most {
            return Seat::None;
        }
        let (tell, told) = watch::channel(None);
        open.insert(name.clone(), told.clone());
        Seat::Asker(Landing { open: Arc::clone(&self.open), name, tell }, told)
    }
}

fn lock(open: &Open) -> MutexGuard<'_, HashMap<Name, Told>> {
    // Nothing that runs under the lock can leave it half done.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The asker's duty to tell the others. Dropped without a word, it sends them away.
#[derive(Debug)]
pub struct Landing {
    open: Open,
    name: Name,
    tell: watch::Sender<Option<Outcome>>,
}

impl Landing {
    /// Tells all who wait. What newcomers should find has to be in its place by now.
    pub fn land(self, outcome: Outcome) {
        self.tell.send_replace(Some(outcome));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        lock(&self.open).remove(&self.name);
    }
}

/// What came of it; nothing when the asker is gone.
pub async fn outcome(mut told: Told) -> Option<Outcome> {
    told.wait_for(Option::is_some).await.ok()?.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(generation: i64) -> Name {
        ("shop/".into(), generation)
    }

    #[tokio::test]
    async fn one_asks_and_the_others_wait() {
        let flights = Flights::new(2);
        let Seat::Asker(landing, first) = flights.board(name(1)) else { panic!("nobody asks yet") };
        let Seat::Waiter(second) = flights.board(name(1)) else { panic!("somebody asks") };
        let Seat::Asker(other, third) = flights.board(name(2)) else {
            panic!("another generation")
        };
        assert!(matches!(flights.board(name(3)), Seat::None));
        landing.land(Outcome::Private);
        assert!(matches!(outcome(first).await, Some(Outcome::Private)));
        assert!(matches!(outcome(second).await, Some(Outcome::Private)));
        drop(other);
        assert!(outcome(third).await.is_none(), "the asker broke");
        assert!(matches!(flights.board(name(1)), Seat::Asker(..)));
    }
}
