//! Entries of the audit log.

use std::net::IpAddr;

use jiff::Timestamp;
use kernel::{Actor, id::UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct NewEntry<'a> {
    /// Its id, in the order of time.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// How they came: `session` or `api_key`.
    pub source: &'a str,
    /// What they did, by the action's word in the policies.
    pub action: &'a str,
    /// What they did it to, e.g. `Stock`.
    pub target_kind: &'a str,
    /// Which one.
    pub target_id: String,
    /// As it was.
    pub before: Option<Value>,
    /// As it is now.
    pub after: Option<Value>,
    /// Why, in their words.
    pub reason: Option<&'a str>,
    /// Where from.
    pub ip: Option<IpAddr>,
    /// The request's trace id.
    pub trace_id: String,
}

/// An entry that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What kind of author: `staff`, `customer`, `system`, ….
    pub actor_kind: String,
    /// Who.
    pub actor_id: Option<UserId>,
    /// How they came: `session` or `api_key`.
    pub source: String,
    /// What they did.
    #[schema(example = "stock_write")]
    pub action: String,
    /// What they did it to.
    #[schema(example = "Stock")]
    pub target_kind: String,
    /// Which one.
    pub target_id: String,
    /// As it was.
    pub before: Option<Value>,
    /// As it is since.
    pub after: Option<Value>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Where from.
    pub ip: Option<String>,
    /// The request's trace id.
    pub trace_id: String,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Filter {
    /// Of this person.
    pub actor_id: Option<UserId>,
    /// This action.
    pub action: Option<String>,
    /// Done to this kind of thing.
    pub target_kind: Option<String>,
    /// Done to this one.
    pub target_id: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// With these letters in its reason, its target's id, or what was or is.
    pub q: Option<String>,
}
