//! Who may do what: questions answered by Cedar policies.
//!
//! [`Guardian::ask`] answers a [`Question`] by the policies that count now. Nothing is allowed that
//! no policy permits; what one forbids, no other permits. Policies are written in the Cedar
//! language against the schema `policies/shop.cedarschema`, which names the subjects, resources,
//! actions and circumstances; those in `policies/*.cedar` ship with the program and count until
//! others are activated.
//!
//! *Invariant:* a set of policies that does not hold against the schema is never saved
//! ([`Policies`] exists only when it does), and a saved one never changes. *Invariant:* which set
//! counted when can be seen for ever (`access.activations`).
//!
//! *Lock order:* one advisory lock for saving and activating.

pub mod action;
pub mod decisions;
pub mod engine;
pub mod guardian;
pub mod model;
pub mod policies;
mod sql;
pub mod trial;
pub mod versions;

pub use action::{Action, Kind};
pub use decisions::{Decided, Decisions, decided_since};
pub use engine::Engine;
pub use guardian::Guardian;
pub use model::{Circumstances, Effect, Question, Reason, Resource, Source, Subject, Verdict};
pub use policies::{Policies, PolicyError, PolicyFile, SCHEMA};
pub use trial::{ChangedDecision, MatrixRow, Trial, try_out};
pub use versions::{AccessError, Version, activate, active, files, load, save, versions};
