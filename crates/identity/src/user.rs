//! Who somebody is.

use kernel::id::UserId;
use pg::{Connection, DbResult};

use crate::{model::User, sql};

/// The person with this id, if the account is active.
pub async fn user(conn: &mut Connection, id: UserId) -> DbResult<Option<User>> {
    sql::active_user(conn, id).await
}
