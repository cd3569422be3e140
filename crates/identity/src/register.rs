//! Opening an account.

use kernel::{Clock, Ids};
use pg::Connection;

use crate::{
    IdentityError, PasswordHash, Verified,
    model::{DisplayName, Email, User},
    sql,
};

/// Opens an account without roles. The hash was made before, outside the transaction. Whoever
/// registers may be signed in at once: hence the [`Verified`].
pub async fn register(
    conn: &mut Connection,
    email: Email,
    name: &DisplayName,
    hash: &PasswordHash,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<(User, Verified), IdentityError> {
    let name = name.as_str().to_owned();
    let user = User { id: ids.next(clock), email, name, roles: Vec::new() };
    sql::insert_user(conn, &user, hash, clock.now()).await?;
    let verified = Verified(user.id);
    Ok((user, verified))
}
