//! Moving refunds along their machine, with the guard repeated in SQL and a row a move.

use jiff::Timestamp;
use kernel::Actor;
use pg::{Connection, DbResult};

use super::{
    error::RefundError,
    model::{Refund, RefundMove},
    sql,
};

/// Moves a locked refund; `change` is what else becomes of it.
pub(super) async fn advance(
    conn: &mut Connection,
    before: &Refund,
    asked: RefundMove,
    (actor, reason, at): (Actor, Option<&str>, Timestamp),
    change: impl FnOnce(&mut Refund),
) -> Result<Refund, RefundError> {
    let mut after = before.clone();
    after.status = before.status.after(asked)?;
    after.version += 1;
    after.ended_at = after.status.is_over().then_some(at);
    change(&mut after);
    sql::update(conn, before, &after, at).await?;
    sql::insert_transition(conn, &after, before.status, actor, reason, at).await?;
    Ok(after)
}

/// Changes a locked refund where it stands.
pub(super) async fn amend(
    conn: &mut Connection,
    before: &Refund,
    at: Timestamp,
    change: impl FnOnce(&mut Refund),
) -> DbResult<Refund> {
    let mut after = before.clone();
    after.version += 1;
    change(&mut after);
    sql::update(conn, before, &after, at).await?;
    Ok(after)
}

impl Refund {
    /// Refuses whoever has seen another version than the one that is now.
    pub const fn seen(&self, version: Option<i64>) -> Result<(), RefundError> {
        match version {
            Some(seen) if seen != self.version => Err(RefundError::VersionConflict(self.version)),
            _ => Ok(()),
        }
    }
}
