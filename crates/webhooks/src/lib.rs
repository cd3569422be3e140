//! Webhooks: other systems are told of events by HTTP, signed as
//! [Standard Webhooks](https://www.standardwebhooks.com/) say, each event as `CloudEvents` 1.0.
//!
//! The [`FanOut`] listens to events and writes one *delivery* for each endpoint that wants one, in
//! the relay's transaction. A [`Dispatcher`] on every node takes deliveries that are due, sends them
//! outside any transaction, and writes down what came back. What fails is tried again for three days
//! ([`model::retry`]); an endpoint where nothing arrives for days is disabled, and operations are told
//! by the event [`events::DISABLED`].
//!
//! *Invariant:* a delivery is written before it is sent, and sent at least once: a node that dies
//! between sending and writing that down sends it again, with the same `webhook-id`, which is the
//! event's id. *Invariant:* of an event there is one delivery for each endpoint. *Invariant:* no order
//! is promised among deliveries. *Invariant:* nothing is sent to an address that is not public, unless
//! the operator has allowed its network ([`Guard`]): the address that was looked at is the one that is
//! connected to. *Invariant:* secrets are kept sealed, and shown once. *Invariant:* what is sent holds
//! no mail addresses, no telephone numbers and no links that open something ([`view`]).
//!
//! *Lock order:* endpoints, then deliveries (`docs/CONCURRENCY.md`). Nothing here but the dispatcher,
//! which is a worker, opens or commits a transaction.

pub mod deliveries;
pub mod dispatch;
pub mod endpoints;
pub mod error;
pub mod events;
pub mod fan_out;
pub mod filter;
pub mod guard;
mod locks;
pub mod model;
pub mod names;
pub mod outcome;
pub mod retention;
pub mod secret;
pub mod send;
pub mod signature;
mod sql;
pub mod view;

pub use deliveries::{DeliveryFilter, Redelivered};
pub use dispatch::{Dispatcher, Patience, WebhookMetrics};
pub use endpoints::EndpointForm;
pub use error::WebhookError;
pub use fan_out::FanOut;
pub use filter::EventPattern;
pub use guard::{Guard, Refused};
pub use model::{Attempt, Delivery, DeliveryStatus, Endpoint, EndpointStatus};
pub use secret::{Sealer, Secret};
pub use send::Sender;

/// What the back office needs to register endpoints and to send again. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Office {
    /// Where endpoints may be.
    pub guard: Guard,
    /// Seals their secrets.
    pub sealer: Sealer,
    /// Writes their deliveries.
    pub fan_out: FanOut,
}
