//! What handlers need, put together once at the start.

use std::{ops::Deref, sync::Arc};

use checkout::Checkout;
use identity::{AccessTokens, Passwords};
use intake::Intake;
use kernel::{Ids, ManualClock, SharedClock};
use pg::Db;

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
pub struct AppState(Arc<Parts>);

impl AppState {
    /// From its parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether browsers reach the shop by TLS, so that cookies may demand it.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
