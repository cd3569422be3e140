//! The first administrator.

use kernel::{Clock, Ids};
use pg::{Connection, DbResult};

use crate::{
    EndReason, IdentityError, PasswordHash,
    model::{DisplayName, Email, Role, User},
    sql,
};

/// What was done about the first administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminSetup {
    /// There was none: this one was made.
    Created,
    /// There was none, and somebody had registered with this e-mail: the account was given the role
    /// and the password, and its sessions were ended.
    Promoted,
    /// There is one already; nothing was changed.
    AlreadyThere,
}

/// Whether the shop has an administrator: if so, no password need be hashed.
pub async fn admin_exists(conn: &mut Connection) -> DbResult<bool> {
    sql::admin_exists(conn).await
}

/// Makes the first administrator, once, however many servers start at the same time. Call it within
/// a transaction.
pub async fn ensure_admin(
    conn: &mut Connection,
    email: Email,
    name: &DisplayName,
    hash: &PasswordHash,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<AdminSetup, IdentityError> {
    sql::lock_admin_setup(conn).await?;
    if sql::admin_exists(conn).await? {
        return Ok(AdminSetup::AlreadyThere);
    }
    let now = clock.now();
    let name = name.as_str().to_owned();
    let user = User::new(ids.next(clock), email, name, vec![Role::Admin]);
    let id = sql::insert_or_promote_admin(conn, &user, hash, now).await?;
    if id == user.id {
        return Ok(AdminSetup::Created);
    }
    // What the account had so far was somebody's who may not be the administrator.
    sql::end_sessions_of(conn, id, EndReason::PasswordChanged, now).await?;
    sql::closing::delete_second_factor(conn, id).await?;
    sql::closing::revoke_api_keys(conn, id, now).await?;
    Ok(AdminSetup::Promoted)
}
