//! What people say of themselves.

use jiff::Timestamp;
use kernel::id::UserId;
use pg::{Connection, DbResult};

use crate::{
    model::{DisplayName, User},
    sql,
};

/// What somebody wants to change of their profile; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// Another name.
    pub name: Option<DisplayName>,
    /// The telephone.
    pub phone: PhoneChange,
}

/// What becomes of somebody's telephone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PhoneChange {
    /// It stays.
    #[default]
    Keep,
    /// They have none any more.
    Remove,
    /// They have this one.
    Set(String),
}

/// Changes somebody's profile. `None` when the account is not active.
pub async fn change_profile(
    conn: &mut Connection,
    user: UserId,
    change: &ProfileChange,
    now: Timestamp,
) -> DbResult<Option<User>> {
    sql::profiles::change(conn, user, change, now).await
}
