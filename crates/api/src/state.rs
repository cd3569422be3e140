//! What handlers need, put together once at the start.

use std::{ops::Deref, sync::Arc};

use ::access::Guardian;
use checkout::Checkout;
use identity::{AccessTokens, Attempts, Passwords, Revocations, SecondFactors};
use intake::{Intake, Pending};
use jiff::SignedDuration;
use kernel::{Ids, ManualClock, SharedClock};
use pg::Db;
use ports::{ObjectStore, mail::DevMailbox, sms::DevSmsBox};
use search::Search;
use tokio_util::task::TaskTracker;

use crate::{
    hooks::signature::WebhookSecret,
    kit::{challenge::Challenges, key_cache::KeyCache, limits::Limits, streams::Streams},
};

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
    /// Access tokens that are refused before their time is over.
    pub revocations: Arc<Revocations>,
    /// Who may do what, by the policies.
    pub guardian: Guardian,
    /// Seals the secrets of authenticator apps, and decides about codes.
    pub second_factors: SecondFactors,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// The shop's address as browsers see it, without a slash at the end.
    pub public_url: String,
    /// Who may ask how often.
    pub limits: Limits,
    /// Work that has to be shown before an order is taken.
    pub challenges: Challenges,
    /// What registering and sending webhooks again needs.
    pub webhooks: webhooks::Office,
    /// Where mails lie, in a shop whose mails go into a folder.
    pub mailbox: Option<DevMailbox>,
    /// Where short messages lie, in a shop whose short messages go into a folder.
    pub sms_box: Option<DevSmsBox>,
    /// Pictures of returns, and whatever else people add.
    pub objects: ObjectStore,
    /// What carriers' systems sign their messages with; without it none are taken.
    pub carrier_secret: Option<WebhookSecret>,
    /// In development only: the clock that `/api/dev/clock` moves.
    pub dev_clock: Option<Arc<ManualClock>>,
    /// The index that products are found by.
    pub search: Search,
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
    sign_ins: Attempts,
    order_lookups: Attempts,
    key_cache: KeyCache,
}

impl AppState {
    /// From its parts.
    pub fn new(parts: Parts) -> Self {
        let (streams, tasks) = (Streams::new(), TaskTracker::new());
        let pending = Pending::new(parts.clock.clone(), tasks.clone());
        let (sign_ins, key_cache) = (Attempts::sign_ins(), KeyCache::default());
        let order_lookups = Attempts::new(10, SignedDuration::from_mins(15), 50_000);
        Self(Arc::new(Whole { parts, streams, pending, tasks, sign_ins, order_lookups, key_cache }))
    }

    /// The event streams that may be open.
    pub fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// The orders whose clients come back for the answer.
    pub fn pending(&self) -> &Pending {
        &self.0.pending
    }

    /// Failed attempts to sign in, and to give the password once more.
    pub fn sign_ins(&self) -> &Attempts {
        &self.0.sign_ins
    }

    /// Failed attempts to find a guest's order.
    pub fn order_lookups(&self) -> &Attempts {
        &self.0.order_lookups
    }

    /// API keys that were good a moment ago.
    pub fn key_cache(&self) -> &KeyCache {
        &self.0.key_cache
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
