//! Opening an account.

use kernel::{Clock, Ids};
use pg::Connection;

use crate::{
    IdentityError, PasswordHash,
    model::{DisplayName, Email, User},
    proof::{self, ProofToken, Purpose},
    sql,
};

/// What became of a registration. Whoever asked for it must not learn which; the owner of the
/// e-mail address does, by mail.
#[derive(Debug)]
pub enum Registration {
    /// An account was opened. The token shows that the address is its owner's.
    Opened(Box<User>, ProofToken),
    /// The e-mail has an account already, this one, which was not changed.
    Known(Box<User>),
}

/// Opens an account without roles. The hash was made before, outside the transaction. A known
/// e-mail goes through the same statements: a user's row is written, and a proof, which is
/// nobody's then.
pub async fn register(
    conn: &mut Connection,
    email: Email,
    name: &DisplayName,
    hash: &PasswordHash,
    ids: &Ids,
    clock: &dyn Clock,
) -> Result<Registration, IdentityError> {
    let now = clock.now();
    let name = name.as_str().to_owned();
    let user = User::new(ids.next(clock), email, name, Vec::new());
    let owner = sql::profiles::insert_or_find(conn, &user, hash, now).await?;
    let opened = owner.id == user.id;
    let token =
        proof::issue(conn, opened.then_some(user.id), Purpose::VerifyEmail, ids, now).await?;
    let owner = Box::new(owner);
    Ok(if opened { Registration::Opened(owner, token) } else { Registration::Known(owner) })
}
