//! A guest's orders become an account's.

use kernel::id::UserId;
use pg::{Connection, DbResult};

use crate::locks;

/// Gives the orders that were placed without an account and with this contact e-mail, whatever its
/// case, to this person, who has shown that the address is theirs. Returns how many.
///
/// What they count for limits stays as it was: under the e-mail's name. An order that goes on to be
/// cancelled gives back what it counted under that name, and there is nothing under the account's.
pub async fn claim(conn: &mut Connection, email: &str, user: UserId) -> DbResult<u64> {
    locks::claim_for(conn, email, user).await
}
