//! Statements on returns.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{
    Actor,
    id::{OrderId, RefundId, ReturnId, UserId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use super::model::{Picture, Return, ReturnCause, ReturnLine, ReturnStatus};

struct ReturnRow {
    id: Uuid,
    order_id: Uuid,
    number: i16,
    status: String,
    cause: String,
    reason: String,
    answer: Option<String>,
    refund_id: Option<Uuid>,
    version: i64,
    requested_at: SqlTimestamp,
    closed_at: Option<SqlTimestamp>,
}

impl TryFrom<ReturnRow> for Return {
    type Error = DbError;

    fn try_from(row: ReturnRow) -> DbResult<Self> {
        let corrupt = |column, value: &str| DbError::Corrupt {
            table: "shipping.returns",
            column,
            value: value.to_owned(),
        };
        Ok(Self {
            id: row.id.into(),
            order: row.order_id.into(),
            number: row.number,
            status: ReturnStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", &row.status))?,
            cause: ReturnCause::parse(&row.cause).ok_or_else(|| corrupt("cause", &row.cause))?,
            reason: row.reason,
            answer: row.answer,
            refund: row.refund_id.map(RefundId::from),
            version: row.version,
            requested_at: row.requested_at.to_jiff(),
            closed_at: row.closed_at.map(SqlTimestamp::to_jiff),
            lines: Vec::new(),
            pictures: Vec::new(),
        })
    }
}

pub(super) async fn find(conn: &mut Connection, id: ReturnId) -> DbResult<Option<Return>> {
    let row = sqlx::query_as!(
        ReturnRow,
        r#"
        SELECT id, order_id, number, status, cause, reason, answer, refund_id, version
             , requested_at, closed_at
          FROM shipping.returns
         WHERE shard = $1 AND id = $2
        "#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(complete(conn, row.into_iter().collect()).await?.pop())
}

pub(super) async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Return>> {
    let rows = sqlx::query_as!(
        ReturnRow,
        r#"
        SELECT id, order_id, number, status, cause, reason, answer, refund_id, version
             , requested_at, closed_at
          FROM shipping.returns
         WHERE shard = $1 AND order_id = $2
         ORDER BY number
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    complete(conn, rows).await
}

/// With their lines and pictures.
async fn complete(conn: &mut Connection, rows: Vec<ReturnRow>) -> DbResult<Vec<Return>> {
    let mut returns = rows.into_iter().map(Return::try_from).collect::<DbResult<Vec<Return>>>()?;
    let shards: Vec<i16> = returns.iter().map(|it| it.id.shard().to_i16()).collect();
    let ids: Vec<Uuid> = returns.iter().map(|it| it.id.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT l.return_id, l.line_no, l.quantity, l.received, l.restocked, l.written_off
             , l.refused, l.finding
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, return_id)
          JOIN shipping.return_lines AS l USING (shard, return_id)
         ORDER BY l.return_id, l.line_no
        "#,
        &shards,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut lines: HashMap<Uuid, Vec<ReturnLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.return_id).or_default().push(ReturnLine {
            line_no: row.line_no,
            quantity: row.quantity,
            received: row.received,
            restocked: row.restocked,
            written_off: row.written_off,
            refused: row.refused,
            finding: row.finding,
        });
    }
    let rows = sqlx::query!(
        r#"
        SELECT p.return_id, p.position, p.object_key, p.width, p.height
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, return_id)
          JOIN shipping.return_pictures AS p USING (shard, return_id)
         ORDER BY p.return_id, p.position
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut pictures: HashMap<Uuid, Vec<Picture>> = HashMap::new();
    for row in rows {
        pictures.entry(row.return_id).or_default().push(Picture {
            position: row.position,
            key: row.object_key,
            width: row.width,
            height: row.height,
        });
    }
    for back in &mut returns {
        let id = back.id.as_uuid();
        back.lines = lines.remove(&id).unwrap_or_default();
        back.pictures = pictures.remove(&id).unwrap_or_default();
    }
    Ok(returns)
}

pub(super) async fn insert(conn: &mut Connection, back: &Return) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.returns (shard, id, order_id, number, status, cause, reason, version
             , requested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        "#,
        back.order.shard().to_i16(),
        back.id.as_uuid(),
        back.order.as_uuid(),
        back.number,
        back.status.as_str(),
        back.cause.as_str(),
        back.reason,
        back.version,
        back.requested_at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a return")
}

pub(super) async fn insert_lines(conn: &mut Connection, back: &Return) -> DbResult<()> {
    let lines: Vec<i16> = back.lines.iter().map(|line| line.line_no).collect();
    let quantities: Vec<i32> = back.lines.iter().map(|line| line.quantity).collect();
    sqlx::query!(
        r#"
        INSERT INTO shipping.return_lines (shard, return_id, line_no, quantity)
        SELECT $1, $2, * FROM unnest($3::smallint[], $4::int[])
        "#,
        back.order.shard().to_i16(),
        back.id.as_uuid(),
        &lines,
        &quantities,
    )
    .execute(conn)
    .await?
    .rows("insert lines of a return", lines.len())
}

pub(super) async fn update(conn: &mut Connection, before: &Return, after: &Return) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE shipping.returns
           SET status = $5, answer = $6, refund_id = $7, version = $8, closed_at = $9
         WHERE shard = $1 AND id = $2 AND status = $3 AND version = $4
        "#,
        before.order.shard().to_i16(),
        before.id.as_uuid(),
        before.status.as_str(),
        before.version,
        after.status.as_str(),
        after.answer,
        after.refund.map(RefundId::as_uuid),
        after.version,
        after.closed_at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("move a return")
}

pub(super) async fn update_lines(
    conn: &mut Connection,
    id: ReturnId,
    lines: &[ReturnLine],
) -> DbResult<()> {
    let numbers: Vec<i16> = lines.iter().map(|line| line.line_no).collect();
    let column = |pick: fn(&ReturnLine) -> i32| -> Vec<i32> { lines.iter().map(pick).collect() };
    let findings: Vec<Option<String>> = lines.iter().map(|line| line.finding.clone()).collect();
    sqlx::query!(
        r#"
        UPDATE shipping.return_lines AS l
           SET received = new.received, restocked = new.restocked, written_off = new.written_off
             , refused = new.refused, finding = new.finding
          FROM unnest($3::smallint[], $4::int[], $5::int[], $6::int[], $7::int[], $8::text[])
               AS new (line_no, received, restocked, written_off, refused, finding)
         WHERE l.shard = $1 AND l.return_id = $2 AND l.line_no = new.line_no
        "#,
        id.shard().to_i16(),
        id.as_uuid(),
        &numbers,
        &column(|line| line.received),
        &column(|line| line.restocked),
        &column(|line| line.written_off),
        &column(|line| line.refused),
        &findings as &[Option<String>],
    )
    .execute(conn)
    .await?
    .rows("change lines of a return", lines.len())
}

pub(super) async fn insert_picture(
    conn: &mut Connection,
    back: &Return,
    picture: &Picture,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.return_pictures (shard, return_id, position, object_key, width, height
             , added_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        "#,
        back.order.shard().to_i16(),
        back.id.as_uuid(),
        picture.position,
        picture.key,
        picture.width,
        picture.height,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("add a picture to a return")
}

pub(super) async fn insert_transition(
    conn: &mut Connection,
    back: &Return,
    from: Option<ReturnStatus>,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.return_transitions (shard, return_id, seq, from_status, to_status
             , actor_kind, actor_id, reason, occurred_at)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM shipping.return_transitions
                     WHERE shard = $1 AND return_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8
        "#,
        back.order.shard().to_i16(),
        back.id.as_uuid(),
        from.map(ReturnStatus::as_str),
        back.status.as_str(),
        actor.kind(),
        actor.user_id().map(UserId::as_uuid),
        reason,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a transition of a return")
}
