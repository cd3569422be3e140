//! What happens later, written down now: events and jobs are rows, written in the transaction that
//! made them true, so that neither can be lost and neither can be told before it is true.
//!
//! An **event** says that something happened ([`append()`]). The [`Relay`] hands each event to the
//! [`Subscriber`]s that want it, inside a transaction of its own, so that what they write and the
//! mark that it is done commit together: at least once on the wire, exactly once in the database.
//! What reaches outside (a mail, a webhook) is a **job**: a subscriber [`enqueue`]s it, at most
//! once an event and kind, and the [`JobRunner`] runs it outside any transaction, with a lease, a
//! time limit and retries. A job may run twice (a crash after the mail went out): whoever receives
//! it recognises the repetition by its id.
//!
//! Events are append-only: an insert, one index, nothing ever written on them again. That they are
//! done is one snapshot a lane; [`relay`] says why nothing gets lost that way.
//!
//! *Invariant:* no business words here. *Invariant:* events of one subject are handed over in the
//! order of their commits; an event that fails holds back the later ones of its subject only,
//! until it succeeds or is dead. *Invariant:* a subject's events all lie on one shard.
//!
//! What comes back by other ways (a replay, a restored dump) is known by the [`inbox`]. What has to be
//! done again and again, by one node at a time, has a turn of the [`schedule`]. Dead [`letters`] wait
//! for a person; the [`history`] is for looking.
//!
//! There is no `NOTIFY`: its commit takes a lock shared by the whole database, which would make
//! concurrent order batches wait for one another's disk. Relay and runner poll four times a second
//! when there is nothing to do, and at once while there is more.

pub mod append;
pub mod dead;
pub mod depth;
pub mod error;
pub mod event;
pub mod forget;
pub mod history;
pub mod inbox;
pub mod job;
pub mod letters;
pub mod pause;
pub mod relay;
pub mod runner;
pub mod schedule;
mod sql;

pub use append::append;
pub use dead::{DeadEvent, DeadJob, dead_events, dead_jobs, replay, replay_job};
pub use depth::{Depth, pending};
pub use error::{HandleError, JobError};
pub use event::{Event, Interest, NewEvent, Subscriber, Wants};
pub use forget::{forget_finished, forget_published, forget_seen};
pub use futures::future::BoxFuture;
pub use job::{Job, JobHandler, NewJob, enqueue};
pub use relay::Relay;
pub use runner::JobRunner;
