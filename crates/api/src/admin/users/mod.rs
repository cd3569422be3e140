//! People: who has an account, and what they may do.

pub mod change;
pub mod detail;
pub mod list;
pub mod sign_out;

use ::access::{Kind, Resource};
use identity::{Account, Role};
use jiff::Timestamp;
use kernel::{ErrorCode, id::UserId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, access::Permit, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(change::handler))
        .routes(routes!(sign_out::handler))
}

/// An account, as the back office sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StaffAccount)]
pub struct AccountView {
    /// Whose.
    pub id: UserId,
    /// Where mail reaches them.
    #[schema(example = "a@example.com")]
    pub email: String,
    /// What they are called.
    #[schema(example = "王小明")]
    pub name: String,
    /// What they may do in the back office; customers have none.
    #[schema(value_type = Vec<String>, example = json!(["warehouse"]))]
    pub roles: Vec<Role>,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether they have shown that mail to the address reaches them.
    pub email_verified: bool,
    /// Whether they sign in with a second factor.
    pub second_factor: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            email: account.email,
            name: account.name,
            roles: account.roles,
            active: account.active,
            email_verified: account.email_verified,
            second_factor: account.second_factor,
            created_at: account.created_at,
        }
    }
}

/// An account in the words of the policies: it belongs to its person, and its status says whether
/// it is somebody's of the shop.
fn resource(account: &Account) -> Resource {
    let status = match (account.active, account.roles.is_empty()) {
        (false, _) => "inactive",
        (true, true) => "customer",
        (true, false) => "staff",
    };
    Resource::one(Kind::Account, account.id).owned_by(Some(account.id)).with_status(status)
}

/// Asks the policies about an account, and returns what was asked about. Whoever may not learn of
/// any account gets the same answer for those that there are not.
fn asked_about(
    permit: &Permit,
    account: Option<&Account>,
    id: UserId,
) -> Result<Resource, Problem> {
    let target = account.map_or_else(|| Resource::one(Kind::Account, id), resource);
    permit.of(target.clone())?;
    if account.is_some() { Ok(target) } else { Err(ErrorCode::NotFound.into()) }
}
