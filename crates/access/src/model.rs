//! A question for the policies: who wants to do what, to what, under which circumstances.

use std::net::IpAddr;

use jiff::Timestamp;
use kernel::id::UserId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Action, Kind};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Their account; guests have none.
    pub user_id: Option<UserId>,
    /// Their roles in the back office, by their words; customers have none.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The organisation they belong to.
    #[serde(default)]
    pub org_id: Option<String>,
    /// Whether the account is open.
    #[serde(default = "yes")]
    pub is_active: bool,
}

const fn yes() -> bool {
    true
}

impl Subject {
    /// Somebody without an account.
    pub const fn guest() -> Self {
        Self { user_id: None, roles: Vec::new(), org_id: None, is_active: true }
    }

    /// Somebody with an account, and these roles.
    pub fn person(user_id: UserId, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let roles = roles.into_iter().map(Into::into).collect();
        Self { user_id: Some(user_id), roles, org_id: None, is_active: true }
    }

    /// Whether they are an administrator.
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "admin")
    }
}

/// What something is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What it is.
    pub kind: Kind,
    /// Which one; none for the kind as a whole.
    #[serde(default)]
    pub id: Option<String>,
    /// Whose it is.
    #[serde(default)]
    pub owner_id: Option<UserId>,
    /// How far it has come, by its own words.
    #[serde(default)]
    pub status: Option<String>,
    /// Who it is shown to, e.g. `published`.
    #[serde(default)]
    pub visibility: Option<String>,
    /// Whether it was deleted.
    #[serde(default)]
    pub is_deleted: bool,
}

impl Resource {
    /// The kind as a whole: a list, or something that does not exist yet.
    pub const fn any(kind: Kind) -> Self {
        Self { kind, id: None, owner_id: None, status: None, visibility: None, is_deleted: false }
    }

    /// One of a kind.
    #[expect(clippy::needless_pass_by_value, reason = "ids are small, and read well by value")]
    pub fn one(kind: Kind, id: impl ToString) -> Self {
        Self { id: Some(id.to_string()), ..Self::any(kind) }
    }

    /// The same, owned by somebody.
    #[must_use]
    pub fn owned_by(self, owner: Option<UserId>) -> Self {
        Self { owner_id: owner, ..self }
    }

    /// The same, at this point of its life.
    #[must_use]
    pub fn with_status(self, status: impl Into<String>) -> Self {
        Self { status: Some(status.into()), ..self }
    }
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// With a session: a browser, an app.
    Session,
    /// With an integrator's key.
    ApiKey,
}

impl Source {
    /// The word in policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::ApiKey => "api_key",
        }
    }
}

/// Under which circumstances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Circumstances {
    /// Where from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub ip: Option<IpAddr>,
    /// When.
    pub time: Timestamp,
    /// How.
    pub source: Source,
    /// Whether the session began with a second factor.
    #[serde(default)]
    pub second_factor: bool,
    /// What it is about, whole TWD, where it is about money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Who.
    pub subject: Subject,
    /// What.
    pub action: Action,
    /// To what.
    pub resource: Resource,
    /// Under which circumstances.
    pub circumstances: Circumstances,
}

/// The answer, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The policies that decided. Empty when nothing allowed it: what is not permitted is denied.
    pub reasons: Vec<Reason>,
    /// Policies that could not be worked out, and so did not count.
    pub errors: Vec<String>,
}

/// A policy that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PolicyReason)]
pub struct Reason {
    /// Its `@id`.
    pub policy: String,
    /// Whether it permits or forbids.
    pub effect: Effect,
    /// Its `@description`.
    pub description: Option<String>,
}

/// What a policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It allows, unless another forbids.
    Permit,
    /// It denies, whatever others permit.
    Forbid,
}
