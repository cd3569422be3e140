//! Every SQL statement about reconciliation.

use std::collections::BTreeMap;

use ecpay::Charge;
use jiff::{Timestamp, civil::Date};
use jiff_sqlx::{Date as SqlDate, Timestamp as SqlTimestamp, ToSqlx};
use kernel::{Money, id::PaymentId};
use pg::{Connection, DbError, DbResult};
use serde_json::Value;
use uuid::Uuid;

use super::{
    compare::{Books, Difference, OurPayment},
    model::{Reconciliation, ReconciliationStatus},
};
use crate::{model::PaymentStatus, trade_no::TradeNo};

fn corrupt(column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table: "payments.reconciliations", column, value: value.to_string() }
}

pub(super) async fn begin(
    conn: &mut Connection,
    provider: &str,
    day: Date,
    again: bool,
    now: Timestamp,
    until: Timestamp,
) -> DbResult<Option<i64>> {
    let fence = sqlx::query_scalar!(
        r#"
        INSERT INTO payments.reconciliations AS r (provider, day, status, fence, leased_until
             , started_at)
        VALUES ($1, $2, 'running', 1, $5, $4)
            ON CONFLICT (provider, day) DO UPDATE
           SET status = 'running', fence = r.fence + 1, leased_until = $5, started_at = $4
         WHERE CASE r.status WHEN 'running' THEN r.leased_until <= $4
                             WHEN 'done' THEN $3
                             WHEN 'asked' THEN true
                             ELSE $3 OR r.leased_until <= $4 END
        RETURNING fence
        "#,
        provider,
        day.to_sqlx() as SqlDate,
        again,
        now.to_sqlx(),
        until.to_sqlx(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(fence)
}

pub(super) async fn ask(
    conn: &mut Connection,
    provider: &str,
    day: Date,
    now: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.reconciliations AS r (provider, day, status, fence, leased_until
             , started_at)
        VALUES ($1, $2, 'asked', 1, $3, $3)
            ON CONFLICT (provider, day) DO UPDATE
           SET status = 'asked'
         WHERE r.status <> 'running' OR r.leased_until <= $3
        "#,
        provider,
        day.to_sqlx() as SqlDate,
        now.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn finish(
    conn: &mut Connection,
    (provider, day, fence): (&str, Date, i64),
    books: &Books,
    differences: &[Difference],
    now: Timestamp,
) -> DbResult<bool> {
    let count = |rows: usize| i32::try_from(rows).unwrap_or(i32::MAX);
    let differences = serde_json::to_value(differences).unwrap_or_default();
    let ours = books.ours.iter().filter(|payment| payment.of_the_day).count();
    let done = sqlx::query!(
        r#"
        UPDATE payments.reconciliations
           SET status = 'done', finished_at = $4, leased_until = $4, failures = 0, failure = NULL
             , ours = $5, theirs = $6, differences = $7
         WHERE provider = $1 AND day = $2 AND fence = $3 AND status = 'running'
        "#,
        provider,
        day.to_sqlx() as SqlDate,
        fence,
        now.to_sqlx(),
        count(ours),
        count(books.trades.len() + books.payouts.len()),
        differences,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn fail(
    conn: &mut Connection,
    (provider, day, fence): (&str, Date, i64),
    why: &str,
    again_at: Timestamp,
) -> DbResult<Option<u16>> {
    let failures = sqlx::query_scalar!(
        r#"
        UPDATE payments.reconciliations
           SET status = 'failed', leased_until = $4, failures = least(failures + 1, 1000)
             , failure = $5
         WHERE provider = $1 AND day = $2 AND fence = $3 AND status = 'running'
        RETURNING failures
        "#,
        provider,
        day.to_sqlx() as SqlDate,
        fence,
        again_at.to_sqlx(),
        why,
    )
    .fetch_optional(conn)
    .await?;
    Ok(failures.map(|failures| u16::try_from(failures).unwrap_or(u16::MAX)))
}

pub(super) async fn due(
    conn: &mut Connection,
    provider: &str,
    (first, last): (Date, Date),
    now: Timestamp,
) -> DbResult<Option<Date>> {
    let known = sqlx::query!(
        r#"
        SELECT day AS "day: SqlDate"
             , status = 'asked' OR (status <> 'done' AND leased_until <= $4 AND day >= $2) AS "due!"
          FROM payments.reconciliations
         WHERE provider = $1 AND (status = 'asked' OR day BETWEEN $2 AND $3)
         ORDER BY day
        "#,
        provider,
        first.to_sqlx() as SqlDate,
        last.to_sqlx() as SqlDate,
        now.to_sqlx(),
    )
    .fetch_all(conn)
    .await?;
    if let Some(row) = known.iter().find(|row| row.due) {
        return Ok(Some(row.day.to_jiff()));
    }
    let mut day = first;
    while day <= last {
        if !known.iter().any(|row| row.day.to_jiff() == day) {
            return Ok(Some(day));
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    Ok(None)
}

struct ReconciliationRow {
    provider: String,
    day: SqlDate,
    status: String,
    started_at: SqlTimestamp,
    finished_at: Option<SqlTimestamp>,
    failures: i16,
    failure: Option<String>,
    ours: i32,
    theirs: i32,
    differences: Value,
}

impl TryFrom<ReconciliationRow> for Reconciliation {
    type Error = DbError;

    fn try_from(row: ReconciliationRow) -> DbResult<Self> {
        Ok(Self {
            provider: row.provider,
            day: row.day.to_jiff(),
            status: ReconciliationStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", &row.status))?,
            started_at: row.started_at.to_jiff(),
            finished_at: row.finished_at.map(SqlTimestamp::to_jiff),
            failures: u16::try_from(row.failures).unwrap_or_default(),
            failure: row.failure,
            ours: row.ours,
            theirs: row.theirs,
            differences: serde_json::from_value(row.differences)
                .map_err(|error| corrupt("differences", &error))?,
        })
    }
}

pub(super) async fn find(
    conn: &mut Connection,
    provider: &str,
    day: Date,
) -> DbResult<Option<Reconciliation>> {
    let row = sqlx::query_as!(
        ReconciliationRow,
        r#"
        SELECT provider, day AS "day: SqlDate", status, started_at, finished_at, failures, failure
             , ours, theirs, differences
          FROM payments.reconciliations
         WHERE provider = $1 AND day = $2
        "#,
        provider,
        day.to_sqlx() as SqlDate,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Reconciliation::try_from).transpose()
}

pub(super) async fn list(
    conn: &mut Connection,
    provider: &str,
    before: Option<Date>,
    limit: i64,
) -> DbResult<Vec<Reconciliation>> {
    let rows = sqlx::query_as!(
        ReconciliationRow,
        r#"
        SELECT provider, day AS "day: SqlDate", status, started_at, finished_at, failures, failure
             , ours, theirs, differences
          FROM payments.reconciliations
         WHERE provider = $1 AND ($2::date IS NULL OR day < $2)
         ORDER BY day DESC
         LIMIT $3
        "#,
        provider,
        before.map(ToSqlx::to_sqlx) as Option<SqlDate>,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Reconciliation::try_from).collect()
}

struct OursRow {
    id: Uuid,
    order_id: Uuid,
    merchant_trade_no: String,
    amount: i64,
    status: String,
    provider_fee: Option<i64>,
    of_the_day: bool,
    refunded: i64,
    refunding: i64,
}

impl TryFrom<OursRow> for OurPayment {
    type Error = DbError;

    fn try_from(row: OursRow) -> DbResult<Self> {
        let corrupt = |column, value: &dyn std::fmt::Display| DbError::Corrupt {
            table: "payments.attempts",
            column,
            value: value.to_string(),
        };
        let money = |amount: i64| Money::twd(amount).map_err(|_| corrupt("amount", &amount));
        Ok(Self {
            id: row.id.into(),
            order: row.order_id.into(),
            number: row.merchant_trade_no,
            amount: money(row.amount)?,
            status: PaymentStatus::parse(&row.status)
                .ok_or_else(|| corrupt("status", &row.status))?,
            refunded: money(row.refunded)?,
            refunding: money(row.refunding)?,
            fee: row.provider_fee.map(Charge::of_ten_thousandths),
            of_the_day: row.of_the_day,
        })
    }
}

pub(super) async fn paid_between(
    conn: &mut Connection,
    provider: &str,
    from: Timestamp,
    until: Timestamp,
) -> DbResult<Vec<OurPayment>> {
    let rows = sqlx::query_as!(
        OursRow,
        r#"
        SELECT a.id, a.order_id, a.merchant_trade_no, a.amount, a.status, a.provider_fee
             , true AS "of_the_day!"
             , coalesce(r.refunded, 0)::bigint AS "refunded!"
             , coalesce(r.refunding, 0)::bigint AS "refunding!"
          FROM payments.attempts AS a
          LEFT JOIN LATERAL (
                   SELECT sum(r.amount) FILTER (WHERE r.status = 'succeeded') AS refunded
                        , sum(r.amount) FILTER (WHERE r.status IN ('processing', 'failed'))
                              AS refunding
                     FROM payments.refunds AS r
                    WHERE r.shard = a.shard AND r.payment_id = a.id AND NOT r.by_hand) AS r ON true
         WHERE a.paid_at >= $2 AND a.paid_at < $3 AND a.provider = $1
         ORDER BY a.id
        "#,
        provider,
        from.to_sqlx(),
        until.to_sqlx(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(OurPayment::try_from).collect()
}

pub(super) async fn by_numbers(
    conn: &mut Connection,
    provider: &str,
    numbers: &[TradeNo],
    (from, until): (Timestamp, Timestamp),
) -> DbResult<Vec<OurPayment>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let shards: Vec<i16> = numbers.iter().map(|number| number.shard().to_i16()).collect();
    let texts: Vec<&str> = numbers.iter().map(TradeNo::as_str).collect();
    let rows = sqlx::query_as!(
        OursRow,
        r#"
        SELECT a.id, a.order_id, a.merchant_trade_no, a.amount, a.status, a.provider_fee
             , coalesce(a.paid_at >= $4 AND a.paid_at < $5, false) AS "of_the_day!"
             , coalesce(r.refunded, 0)::bigint AS "refunded!"
             , coalesce(r.refunding, 0)::bigint AS "refunding!"
          FROM unnest($2::smallint[], $3::text[]) AS wanted (shard, merchant_trade_no)
          JOIN payments.attempts AS a USING (shard, merchant_trade_no)
          LEFT JOIN LATERAL (
                   SELECT sum(r.amount) FILTER (WHERE r.status = 'succeeded') AS refunded
                        , sum(r.amount) FILTER (WHERE r.status IN ('processing', 'failed'))
                              AS refunding
                     FROM payments.refunds AS r
                    WHERE r.shard = a.shard AND r.payment_id = a.id AND NOT r.by_hand) AS r ON true
         WHERE a.provider = $1
         ORDER BY a.id
        "#,
        provider,
        &shards,
        &texts as &[&str],
        from.to_sqlx(),
        until.to_sqlx(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(OurPayment::try_from).collect()
}

/// In the order of the ids, as everybody locks several payments.
pub(super) async fn keep_fees(conn: &mut Connection, books: &Books) -> DbResult<()> {
    let said: BTreeMap<&str, Charge> =
        books.trades.iter().filter_map(|row| Some((row.number.as_str(), row.fee?))).collect();
    let news: BTreeMap<PaymentId, Charge> = books
        .ours
        .iter()
        .filter(|payment| payment.fee.is_none())
        .filter_map(|payment| Some((payment.id, *said.get(payment.number.as_str())?)))
        .collect();
    if news.is_empty() {
        return Ok(());
    }
    let shards: Vec<i16> = news.keys().map(|payment| payment.shard().to_i16()).collect();
    let ids: Vec<Uuid> = news.keys().map(|payment| payment.as_uuid()).collect();
    let fees: Vec<i64> = news.values().map(|fee| fee.ten_thousandths()).collect();
    sqlx::query!(
        r#"
        UPDATE payments.attempts AS a
           SET provider_fee = news.fee
          FROM unnest($1::smallint[], $2::uuid[], $3::bigint[]) AS news (shard, id, fee)
         WHERE a.shard = news.shard AND a.id = news.id AND a.provider_fee IS NULL
        "#,
        &shards,
        &ids,
        &fees,
    )
    .execute(conn)
    .await?;
    Ok(())
}
