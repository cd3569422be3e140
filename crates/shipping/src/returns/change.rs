//! Asking for returns and moving them. The order's row is locked by the flow that calls this.

use jiff::Timestamp;
use kernel::{Actor, id::RefundId};
use pg::{Connection, DbResult};

use super::{
    model::{Picture, Return, ReturnLine, ReturnMove},
    sql,
};
use crate::error::ShippingError;

/// A change of a return.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// What happens to it.
    pub asked: ReturnMove,
    /// Its lines from now on, where they change.
    pub lines: Option<Vec<ReturnLine>>,
    /// What the customer is told.
    pub answer: Option<&'a str>,
    /// What goes back for it.
    pub refund: Option<RefundId>,
    /// Why, for the record.
    pub reason: Option<&'a str>,
}

impl Change<'_> {
    /// Nothing but this move.
    pub const fn only(asked: ReturnMove) -> Self {
        Self { asked, lines: None, answer: None, refund: None, reason: None }
    }
}

/// Writes a return that is asked for. Another one that is under way is a constraint's error
/// (`returns_one_open_idx`): the flow has looked before, under the order's lock.
pub async fn create(conn: &mut Connection, back: &Return, actor: Actor) -> DbResult<()> {
    sql::insert(conn, back).await?;
    sql::insert_lines(conn, back).await?;
    sql::insert_transition(conn, back, None, actor, None, back.requested_at).await
}

/// Moves a return that is as it was read, and answers with what it is then.
pub async fn change(
    conn: &mut Connection,
    before: &Return,
    change: Change<'_>,
    actor: Actor,
    at: Timestamp,
) -> Result<Return, ShippingError> {
    let status = before.status.after(change.asked)?;
    let mut after = Return { status, version: before.version + 1, ..before.clone() };
    after.closed_at = status.is_closed().then_some(at);
    after.refund = change.refund.or(before.refund);
    if let Some(answer) = change.answer {
        after.answer = Some(answer.to_owned());
    }
    sql::update(conn, before, &after).await?;
    if let Some(lines) = change.lines {
        sql::update_lines(conn, after.id, &lines).await?;
        after.lines = lines;
    }
    let from = Some(before.status);
    sql::insert_transition(conn, &after, from, actor, change.reason, at).await?;
    Ok(after)
}

/// Adds a picture to a return.
pub async fn add_picture(
    conn: &mut Connection,
    back: &Return,
    picture: &Picture,
    at: Timestamp,
) -> DbResult<()> {
    sql::insert_picture(conn, back, picture, at).await
}
