//! Every SQL statement about refunds but the locks.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{
    Actor, Money, Quantity,
    id::{OrderId, PaymentId, RefundId, UserId},
};
use pg::{Affected, Connection, DbError, DbResult};
use uuid::Uuid;

use super::{
    model::{Refund, RefundAccount, RefundBalance, RefundLine, RefundStatus, RefundStep},
    read::RefundFilter,
    request::RequestKey,
};
use crate::model::{Payment, PaymentStatus};

pub(super) struct RefundRow {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub order_id: Uuid,
    pub amount: i64,
    pub status: String,
    pub version: i64,
    pub reason: String,
    pub automatic: bool,
    pub requested_by_kind: String,
    pub requested_by: Option<Uuid>,
    pub by_hand: bool,
    pub unclear: bool,
    pub attempts: i16,
    pub next_attempt_at: Option<SqlTimestamp>,
    pub failure: Option<String>,
    pub bank_code: Option<String>,
    pub bank_account: Option<String>,
    pub bank_holder: Option<String>,
    pub reference: Option<String>,
    pub created_at: SqlTimestamp,
    pub ended_at: Option<SqlTimestamp>,
}

fn corrupt(column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table: "payments.refunds", column, value: value.to_string() }
}

/// A refund without its lines.
pub(super) fn refund(row: RefundRow) -> DbResult<Refund> {
    let account = row.bank_code.zip(row.bank_account).zip(row.bank_holder);
    Ok(Refund {
        id: row.id.into(),
        payment: row.payment_id.into(),
        order: row.order_id.into(),
        amount: Money::twd(row.amount).map_err(|_| corrupt("amount", &row.amount))?,
        status: RefundStatus::parse(&row.status).ok_or_else(|| corrupt("status", &row.status))?,
        version: row.version,
        reason: row.reason,
        automatic: row.automatic,
        requested_by: actor(&row.requested_by_kind, row.requested_by)?,
        by_hand: row.by_hand,
        unclear: row.unclear,
        attempts: u16::try_from(row.attempts).map_err(|_| corrupt("attempts", &row.attempts))?,
        next_attempt_at: row.next_attempt_at.map(SqlTimestamp::to_jiff),
        failure: row.failure,
        account: account.map(|((bank_code, number), holder)| RefundAccount {
            bank_code,
            number,
            holder,
        }),
        reference: row.reference,
        created_at: row.created_at.to_jiff(),
        ended_at: row.ended_at.map(SqlTimestamp::to_jiff),
        lines: Vec::new(),
    })
}

fn actor(kind: &str, id: Option<Uuid>) -> DbResult<Actor> {
    let actor = match (kind, id.map(UserId::from)) {
        ("guest", None) => Actor::Guest,
        ("customer", Some(id)) => Actor::Customer(id),
        ("staff", Some(id)) => Actor::Staff(id),
        ("payment_provider", None) => Actor::PaymentProvider,
        ("system", None) => Actor::System,
        _ => return Err(corrupt("requested_by_kind", &kind)),
    };
    Ok(actor)
}

/// Writes a new refund with its lines.
pub(super) async fn insert(
    conn: &mut Connection,
    refund: &Refund,
    key: Option<&RequestKey>,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.refunds (shard, id, payment_id, order_id, amount, currency, status
             , version, reason, automatic, requested_by_kind, requested_by, idempotency_key, fingerprint, bank_code, bank_account, bank_holder
             , next_attempt_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
             , $19, $19)
        "#,
        refund.order.shard().to_i16(),
        refund.id.as_uuid(),
        refund.payment.as_uuid(),
        refund.order.as_uuid(),
        refund.amount.amount(),
        refund.amount.currency().code(),
        refund.status.as_str(),
        refund.version,
        refund.reason,
        refund.automatic,
        refund.requested_by.kind(),
        refund.requested_by.user_id().map(UserId::as_uuid),
        key.map(|key| key.key),
        key.map(|key| key.fingerprint.as_slice()),
        refund.account.as_ref().map(|account| account.bank_code.as_str()),
        refund.account.as_ref().map(|account| account.number.as_str()),
        refund.account.as_ref().map(|account| account.holder.as_str()),
        refund.next_attempt_at.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
        refund.created_at.to_sqlx(),
    )
    .execute(&mut *conn)
    .await?
    .one_row("insert a refund")?;
    insert_lines(conn, refund).await
}

async fn insert_lines(conn: &mut Connection, refund: &Refund) -> DbResult<()> {
    if refund.lines.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i16> = refund.lines.iter().map(|line| line.line_no).collect();
    let quantities: Vec<i32> = refund.lines.iter().map(|line| line.quantity.to_i32()).collect();
    let amounts: Vec<i64> = refund.lines.iter().map(|line| line.amount.amount()).collect();
    sqlx::query!(
        r#"
        INSERT INTO payments.refund_lines (shard, refund_id, line_no, quantity, amount)
        SELECT $1, $2, line_no, quantity, amount
          FROM unnest($3::smallint[], $4::int[], $5::bigint[]) AS new (line_no, quantity, amount)
        "#,
        refund.order.shard().to_i16(),
        refund.id.as_uuid(),
        &numbers,
        &quantities,
        &amounts,
    )
    .execute(conn)
    .await?
    .rows("insert the lines of a refund", refund.lines.len())
}

/// Writes a refund as it is now, if it still is as it was.
pub(super) async fn update(
    conn: &mut Connection,
    before: &Refund,
    after: &Refund,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.refunds
           SET status = $5, version = $6, by_hand = $7, unclear = $8, attempts = $9
             , next_attempt_at = $10, failure = $11, bank_code = $12, bank_account = $13
             , bank_holder = $14, reference = $15, ended_at = $16, updated_at = $17
         WHERE shard = $1 AND id = $2 AND status = $3 AND version = $4
        "#,
        before.order.shard().to_i16(),
        before.id.as_uuid(),
        before.status.as_str(),
        before.version,
        after.status.as_str(),
        after.version,
        after.by_hand,
        after.unclear,
        i16::try_from(after.attempts).unwrap_or(i16::MAX),
        after.next_attempt_at.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
        after.failure,
        after.account.as_ref().map(|account| account.bank_code.as_str()),
        after.account.as_ref().map(|account| account.number.as_str()),
        after.account.as_ref().map(|account| account.holder.as_str()),
        after.reference,
        after.ended_at.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("move a refund")
}

pub(super) async fn insert_transition(
    conn: &mut Connection,
    refund: &Refund,
    from: RefundStatus,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.refund_transitions (shard, refund_id, seq, from_status, to_status
             , actor_kind, actor_id, reason, occurred_at)
        SELECT $1, $2
             , 1 + (SELECT count(*) FROM payments.refund_transitions
                     WHERE shard = $1 AND refund_id = $2)::smallint
             , $3, $4, $5, $6, $7, $8
        "#,
        refund.order.shard().to_i16(),
        refund.id.as_uuid(),
        from.as_str(),
        refund.status.as_str(),
        actor.kind(),
        actor.user_id().map(UserId::as_uuid),
        reason,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a refund transition")
}

/// What a payment has brought and what of it goes back; the payment's row is locked.
pub(super) async fn balance(conn: &mut Connection, payment: &Payment) -> DbResult<RefundBalance> {
    let row = sqlx::query!(
        r#"
        SELECT coalesce(sum(amount) FILTER (WHERE status <> 'rejected'), 0)::bigint AS "claimed!"
             , coalesce(sum(amount) FILTER (WHERE status = 'succeeded'), 0)::bigint AS "refunded!"
          FROM payments.refunds
         WHERE shard = $1 AND payment_id = $2
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    let money = |amount: i64| Money::twd(amount).map_err(|_| corrupt("amount", &amount));
    Ok(RefundBalance {
        captured: if payment.status.is_settled() { payment.amount } else { Money::ZERO },
        claimed: money(row.claimed)?,
        refunded: money(row.refunded)?,
    })
}

/// Moves a locked payment on because money of it went back.
pub(super) async fn pay_back(
    conn: &mut Connection,
    payment: &Payment,
    from: PaymentStatus,
    amount: Money,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        UPDATE payments.attempts
           SET status = $4, refunded = refunded + $5, updated_at = $6
         WHERE shard = $1 AND id = $2 AND status = $3 AND refunded + $5 <= amount
        "#,
        payment.order.shard().to_i16(),
        payment.id.as_uuid(),
        from.as_str(),
        payment.status.as_str(),
        amount.amount(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("count what went back of a payment")
}

pub(super) async fn find(conn: &mut Connection, id: RefundId) -> DbResult<Option<Refund>> {
    let row = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds
         WHERE shard = $1 AND id = $2
        "#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let refunds = with_lines(conn, vec![refund(row)?]).await?;
    Ok(refunds.into_iter().next())
}

/// The refund a client's key has requested for an order, with what was asked.
pub(super) async fn find_by_key(
    conn: &mut Connection,
    order: OrderId,
    key: Uuid,
) -> DbResult<Option<(RefundId, Vec<u8>)>> {
    let row = sqlx::query!(
        r#"
        SELECT id, fingerprint AS "fingerprint!"
          FROM payments.refunds
         WHERE shard = $1 AND order_id = $2 AND idempotency_key = $3
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
        key,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id.into(), row.fingerprint)))
}

pub(super) async fn of_order(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Refund>> {
    let rows = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds
         WHERE shard = $1 AND order_id = $2
         ORDER BY created_at, id
        "#,
        order.shard().to_i16(),
        order.as_uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let refunds = rows.into_iter().map(refund).collect::<DbResult<Vec<_>>>()?;
    with_lines(conn, refunds).await
}

pub(super) async fn list(
    conn: &mut Connection,
    filter: &RefundFilter,
    after: Option<RefundId>,
    limit: i64,
) -> DbResult<Vec<Refund>> {
    let rows = sqlx::query_as!(
        RefundRow,
        r#"
        SELECT id, payment_id, order_id, amount, status, version, reason, automatic
             , requested_by_kind, requested_by, by_hand, unclear, attempts
             , next_attempt_at, failure, bank_code, bank_account, bank_holder, reference
             , created_at, ended_at
          FROM payments.refunds
         WHERE ($1::uuid IS NULL OR id < $1)
           AND ($2::text IS NULL OR status = $2)
           AND ($3::uuid IS NULL OR order_id = $3)
           AND ($4::boolean IS NULL OR automatic = $4)
           AND ($5::boolean IS NULL OR by_hand = $5)
           AND ($6::timestamptz IS NULL OR created_at >= $6)
           AND ($7::timestamptz IS NULL OR created_at < $7)
         ORDER BY id DESC
         LIMIT $8
        "#,
        after.map(RefundId::as_uuid),
        filter.status.map(RefundStatus::as_str),
        filter.order.map(OrderId::as_uuid),
        filter.automatic,
        filter.by_hand,
        filter.from.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
        filter.until.map(ToSqlx::to_sqlx) as Option<SqlTimestamp>,
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let refunds = rows.into_iter().map(refund).collect::<DbResult<Vec<_>>>()?;
    with_lines(conn, refunds).await
}

/// The same refunds with their lines.
pub(super) async fn with_lines(
    conn: &mut Connection,
    mut refunds: Vec<Refund>,
) -> DbResult<Vec<Refund>> {
    let shards: Vec<i16> = refunds.iter().map(|refund| refund.id.shard().to_i16()).collect();
    let ids: Vec<Uuid> = refunds.iter().map(|refund| refund.id.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT l.refund_id, l.line_no, l.quantity, l.amount
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, refund_id)
          JOIN payments.refund_lines AS l USING (shard, refund_id)
         ORDER BY l.refund_id, l.line_no
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut lines: HashMap<Uuid, Vec<RefundLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.refund_id).or_default().push(RefundLine {
            line_no: row.line_no,
            quantity: Quantity::new(row.quantity.into())
                .map_err(|_| corrupt("quantity", &row.quantity))?,
            amount: Money::twd(row.amount).map_err(|_| corrupt("amount", &row.amount))?,
        });
    }
    for refund in &mut refunds {
        refund.lines = lines.remove(&refund.id.as_uuid()).unwrap_or_default();
    }
    Ok(refunds)
}

pub(super) async fn steps(conn: &mut Connection, id: RefundId) -> DbResult<Vec<RefundStep>> {
    let rows = sqlx::query!(
        r#"
        SELECT from_status, to_status, actor_kind, actor_id, reason, occurred_at
          FROM payments.refund_transitions
         WHERE shard = $1 AND refund_id = $2
         ORDER BY seq
        "#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let status = |word: &str| RefundStatus::parse(word).ok_or_else(|| corrupt("to_status", &word));
    rows.into_iter()
        .map(|row| {
            Ok(RefundStep {
                from: status(&row.from_status)?,
                to: status(&row.to_status)?,
                actor_kind: row.actor_kind,
                actor_id: row.actor_id.map(UserId::from),
                reason: row.reason,
                at: row.occurred_at.to_jiff(),
            })
        })
        .collect()
}

/// Units of an order's lines that refunds which were not rejected give back.
pub(super) async fn lines_taken(
    conn: &mut Connection,
    payment: PaymentId,
) -> DbResult<Vec<(i16, i64)>> {
    let rows = sqlx::query!(
        r#"
        SELECT l.line_no, sum(l.quantity) AS "quantity!"
          FROM payments.refunds AS r
          JOIN payments.refund_lines AS l ON l.shard = r.shard AND l.refund_id = r.id
         WHERE r.shard = $1 AND r.payment_id = $2 AND r.status <> 'rejected'
         GROUP BY l.line_no
         ORDER BY l.line_no
        "#,
        payment.shard().to_i16(),
        payment.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.line_no, row.quantity)).collect())
}

/// What the provider has paid back of a payment; what people transferred is not counted.
pub(super) async fn paid_by_provider(conn: &mut Connection, payment: PaymentId) -> DbResult<Money> {
    let amount = sqlx::query_scalar!(
        r#"
        SELECT coalesce(sum(amount), 0)::bigint AS "amount!"
          FROM payments.refunds
         WHERE shard = $1 AND payment_id = $2 AND status = 'succeeded' AND NOT by_hand
        "#,
        payment.shard().to_i16(),
        payment.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Money::twd(amount).map_err(|_| corrupt("amount", &amount))
}
