//! What handlers need, put together once at the start.

use std::{ops::Deref, sync::Arc};

use checkout::Checkout;
use identity::{AccessTokens, Passwords};
use intake::{Intake, Pending};
use kernel::{Ids, ManualClock, SharedClock};
use pg::Db;
use tokio_util::task::TaskTracker;

use crate::kit::streams::Streams;

/// The parts of the state.
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time.
    pub clock: SharedClock,
    /// Ids and secrets.
    pub ids: Ids,
    /// The order engine.
    pub intake: Intake,
    /// What happens to orders afterwards.
    pub checkout: Checkout,
    /// Signs and checks access tokens.
    pub tokens: AccessTokens,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// The shop's address as browsers see it, without a slash at the end.
    pub public_url: String,
    /// In development only: the clock that `/api/dev/clock` moves.
    pub dev_clock: Option<Arc<ManualClock>>,
    /// The metrics to show at `/metrics`.
    pub metrics: telemetry::Metrics,
}

/// What handlers need. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Whole>);

#[derive(Debug)]
struct Whole {
    parts: Parts,
    streams: Streams,
    pending: Pending,
    tasks: TaskTracker,
}

impl AppState {
    /// From its parts.
    pub fn new(parts: Parts) -> Self {
        let (streams, tasks) = (Streams::new(), TaskTracker::new());
        let pending = Pending::new(parts.clock.clone(), tasks.clone());
        Self(Arc::new(Whole { parts, streams, pending, tasks }))
    }

    /// The event streams that may be open.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The orders whose clients come back for the answer.
    pub fn pending(&self) -> &Pending {
        &self.0.pending
    }

    /// Ends the event streams: the program is to stop.
    pub fn end_streams(&self) {
        self.0.streams.end();
    }

    /// Waits for work that outlives its request. Its orders are answered by the engine's own end,
    /// so this comes after it.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Whether browsers reach the shop by TLS, so that cookies may demand it.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
