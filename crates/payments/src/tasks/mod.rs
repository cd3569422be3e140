//! Tasks 待辦: what about payments a person has to look at. The shop goes on without; nothing of it is
//! forgotten.
//!
//! *Invariant:* of one thing there is at most one open task (unique index), however often it is found.
//! *Lock order:* a task's row after payments and refunds; whoever decides by a task and then settles
//! money reads it first, settles, and resolves it by its version.

pub mod model;
mod sql;

pub use model::{
    InvalidTaskMove, NewTask, PaymentTask, TaskError, TaskFilter, TaskKind, TaskResolution,
    TaskStatus,
};

use jiff::Timestamp;
use kernel::{
    Actor, Clock, Ids,
    id::{PaymentTaskId, RefundId},
};
use pg::{Connection, DbResult};

/// Opens a task, unless one of its kind about the same is open; whether it was opened.
pub async fn open(
    conn: &mut Connection,
    new: &NewTask<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> DbResult<bool> {
    sql::insert(conn, ids.next(clock), new, clock.now()).await
}

/// The same, but once for ever: what was resolved is not opened again.
pub async fn open_once(
    conn: &mut Connection,
    new: &NewTask<'_>,
    clock: &dyn Clock,
    ids: &Ids,
) -> DbResult<bool> {
    sql::insert_once(conn, ids.next(clock), new, clock.now()).await
}

/// A task.
pub async fn find(conn: &mut Connection, id: PaymentTaskId) -> DbResult<Option<PaymentTask>> {
    sql::find(conn, id).await
}

/// Tasks that fit, the newest first; `after` is the last one of the page before.
pub async fn list(
    conn: &mut Connection,
    filter: &TaskFilter<'_>,
    after: Option<PaymentTaskId>,
    limit: i64,
) -> DbResult<Vec<PaymentTask>> {
    sql::list(conn, filter, after, limit).await
}

/// Somebody has dealt with it. The task as it is then; refused when it changed since it was read.
pub async fn resolve(
    conn: &mut Connection,
    task: &PaymentTask,
    resolution: TaskResolution,
    note: Option<&str>,
    actor: Actor,
    at: Timestamp,
) -> Result<PaymentTask, TaskError> {
    if task.status != TaskStatus::Open {
        return Err(InvalidTaskMove { from: task.status }.into());
    }
    let after = PaymentTask {
        status: TaskStatus::Resolved,
        version: task.version + 1,
        resolution: Some(resolution),
        note: note.map(str::to_owned),
        resolved_by_kind: Some(actor.kind().to_owned()),
        resolved_by: actor.user_id(),
        resolved_at: Some(at),
        ..task.clone()
    };
    if sql::resolve(conn, &after).await? { Ok(after) } else { Err(TaskError::Overtaken) }
}

/// What of a kind was open, with a reference that begins so and is not among `still`, went away by
/// itself.
pub async fn close_gone(
    conn: &mut Connection,
    kind: TaskKind,
    beginning: &str,
    still: &[String],
    at: Timestamp,
) -> DbResult<()> {
    sql::close_gone(conn, kind, beginning, still, at).await
}

/// What was open about a refund is done: it went another way.
pub async fn close_of_refund(
    conn: &mut Connection,
    refund: RefundId,
    resolution: TaskResolution,
    actor: Actor,
    at: Timestamp,
) -> DbResult<()> {
    sql::close_of_refund(conn, refund, resolution, actor, at).await
}
