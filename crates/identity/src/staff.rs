//! Accounts as administrators see them: who there is, and who may do what.

use jiff::Timestamp;
use kernel::id::UserId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{EndReason, IdentityError, model::Role, sql};

/// An account, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub id: UserId,
    /// Where mail reaches them.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they may do; customers have none.
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

/// Which accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// With these letters in the name or the e-mail.
    pub q: Option<String>,
    /// With this role.
    pub role: Option<Role>,
    /// With any role.
    pub staff_only: bool,
}

/// What becomes of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The roles it has from now on; `None` leaves them.
    pub roles: Option<Vec<Role>>,
    /// Whether it may be used from now on; `None` leaves it.
    pub active: Option<bool>,
}

/// Up to `limit` accounts that fit, the newest first, after the one where the page before ended.
/// Closed accounts are not shown.
pub async fn accounts(
    conn: &mut Connection,
    filter: &AccountFilter,
    after: Option<Uuid>,
    limit: i64,
) -> DbResult<Vec<Account>> {
    sql::staff::list(conn, filter, after, limit).await
}

/// One account.
pub async fn account(conn: &mut Connection, id: UserId) -> DbResult<Option<Account>> {
    sql::staff::one(conn, id).await
}

/// Changes an account's rights. Its sessions end, so that nothing goes on with the rights of
/// before. Returns it as it was and as it is; `None` when there is no such account. The last active
/// administrator stays one. Call it within a transaction.
pub async fn change_account(
    conn: &mut Connection,
    id: UserId,
    change: &AccountChange,
    now: Timestamp,
) -> Result<Option<(Account, Account)>, IdentityError> {
    // Two administrators who dismiss each other take turns.
    sql::lock_admin_setup(conn).await?;
    let Some(before) = sql::staff::lock(conn, id).await? else { return Ok(None) };
    let mut after = before.clone();
    if let Some(roles) = &change.roles {
        after.roles.clone_from(roles);
        after.roles.sort_unstable();
        after.roles.dedup();
    }
    after.active = change.active.unwrap_or(before.active);
    if after == before {
        return Ok(Some((before, after)));
    }
    let runs_the_shop = |it: &Account| it.active && it.roles.contains(&Role::Admin);
    let leaves = runs_the_shop(&before) && !runs_the_shop(&after);
    if leaves && !sql::closing::other_admin_exists(conn, id).await? {
        return Err(IdentityError::LastAdmin);
    }
    sql::staff::set_rights(conn, &after, now).await?;
    sql::end_sessions_of(conn, id, EndReason::RightsChanged, now).await?;
    sql::revocations::insert_for_user(conn, id, now).await?;
    Ok(Some((before, after)))
}
