//! Statements about notices.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use pg::{Affected, Connection, DbResult};
use uuid::Uuid;

use crate::notices::Verdict;

pub(crate) async fn insert(
    conn: &mut Connection,
    id: Uuid,
    trade_no: &str,
    body: &str,
    verdict: Verdict,
    at: Timestamp,
) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO payments.notices (id, merchant_trade_no, body, verdict, received_at)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        id,
        trade_no,
        body,
        verdict.as_str(),
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .one_row("insert a notice")
}

pub(crate) async fn insert_refused(
    conn: &mut Connection,
    id: Uuid,
    body: &str,
    (verdict, at): (Verdict, Timestamp),
    most: i64,
) -> DbResult<bool> {
    let kept = sqlx::query!(
        r#"
        INSERT INTO payments.refused_notices (id, verdict, body, received_at)
        SELECT $1, $2, $3, $4
         WHERE (SELECT count(*) FROM (
                    SELECT FROM payments.refused_notices
                     WHERE received_at > $4::timestamptz - interval '1 minute' LIMIT $5
                ) AS recent) < $5
        "#,
        id,
        verdict.as_str(),
        body,
        at.to_sqlx(),
        most,
    )
    .execute(conn)
    .await?;
    Ok(kept.rows_affected() == 1)
}

pub(crate) async fn delete_refused(
    conn: &mut Connection,
    before: Timestamp,
    limit: u32,
) -> DbResult<u64> {
    let gone = sqlx::query!(
        r#"
        DELETE FROM payments.refused_notices
         WHERE id IN (SELECT id FROM payments.refused_notices
                       WHERE received_at < $1 ORDER BY received_at LIMIT $2)
        "#,
        before.to_sqlx(),
        i64::from(limit),
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
