//! Every SQL statement of the notices that something is back.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Locale, id::VariantId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::notices::{NOTICES_MAX, Notice, Wanted};

/// Somebody who is told.
pub(crate) struct Told {
    pub email: String,
    pub token: Uuid,
    pub locale: Locale,
}

/// Locks the address, which is made if there is none, and says its name.
pub(crate) async fn address(
    conn: &mut Connection,
    new: Uuid,
    email: &str,
    now: Timestamp,
) -> DbResult<Uuid> {
    let token = sqlx::query_scalar!(
        "INSERT INTO notifications.notice_addresses (token, email, asked_at) VALUES ($1, $2, $3)
         ON CONFLICT (email) DO UPDATE SET asked_at = excluded.asked_at
         RETURNING token",
        new,
        email,
        now.to_sqlx() as jiff_sqlx::Timestamp,
    )
    .fetch_one(conn)
    .await?;
    Ok(token)
}

/// The address is locked.
pub(crate) async fn insert(
    conn: &mut Connection,
    wanted: &Wanted<'_>,
    address: Uuid,
    now: Timestamp,
) -> DbResult<bool> {
    let done = sqlx::query!(
        "INSERT INTO notifications.stock_notices (variant_id, address, locale, asked_at)
         SELECT $1, $2, $3, $4
          WHERE (SELECT count(*) FROM notifications.stock_notices WHERE address = $2) < $5
             OR EXISTS (SELECT FROM notifications.stock_notices
                         WHERE variant_id = $1 AND address = $2)
         ON CONFLICT (variant_id, address) DO UPDATE SET locale = excluded.locale",
        wanted.variant.as_uuid(),
        address,
        wanted.locale.tag(),
        now.to_sqlx() as jiff_sqlx::Timestamp,
        i64::from(NOTICES_MAX),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn waiting(
    conn: &mut Connection,
    after: Option<VariantId>,
    limit: i64,
) -> DbResult<Vec<VariantId>> {
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT variant_id FROM notifications.stock_notices
          WHERE $1::uuid IS NULL OR variant_id > $1
          ORDER BY variant_id LIMIT $2",
        after.map(VariantId::as_uuid),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Takes notices away, the oldest first; what somebody else takes at this moment is left to them.
pub(crate) async fn take(
    conn: &mut Connection,
    variant: VariantId,
    limit: i64,
) -> DbResult<Vec<Told>> {
    let rows = sqlx::query!(
        "WITH due AS MATERIALIZED (
             SELECT variant_id, address FROM notifications.stock_notices
              WHERE variant_id = $1
              ORDER BY asked_at, address
              LIMIT $2
                FOR UPDATE SKIP LOCKED
         )
         DELETE FROM notifications.stock_notices AS n
          USING due, notifications.notice_addresses AS a
          WHERE n.variant_id = due.variant_id AND n.address = due.address AND a.token = n.address
         RETURNING a.email, a.token, n.locale",
        variant.as_uuid(),
        limit,
    )
    .fetch_all(conn)
    .await?;
    let locale = |tag: &str| if tag == Locale::En.tag() { Locale::En } else { Locale::ZhTw };
    Ok(rows
        .into_iter()
        .map(|row| Told { locale: locale(&row.locale), email: row.email, token: row.token })
        .collect())
}

pub(crate) async fn of_email(conn: &mut Connection, email: &str) -> DbResult<Vec<Notice>> {
    let rows = sqlx::query!(
        r#"
        SELECT n.variant_id, n.asked_at AS "asked_at: jiff_sqlx::Timestamp"
          FROM notifications.notice_addresses AS a
          JOIN notifications.stock_notices AS n ON n.address = a.token
         WHERE a.email = $1
         ORDER BY n.asked_at, n.variant_id
        "#,
        email,
    )
    .fetch_all(conn)
    .await?;
    let notice = |variant: Uuid, at: jiff_sqlx::Timestamp| Notice {
        variant_id: variant.into(),
        asked_at: at.to_jiff(),
    };
    Ok(rows.into_iter().map(|row| notice(row.variant_id, row.asked_at)).collect())
}

pub(crate) async fn forget_address(conn: &mut Connection, token: Uuid) -> DbResult<()> {
    sqlx::query!("DELETE FROM notifications.notice_addresses WHERE token = $1", token)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn forget_email(conn: &mut Connection, email: &str) -> DbResult<()> {
    sqlx::query!("DELETE FROM notifications.notice_addresses WHERE email = $1", email)
        .execute(conn)
        .await?;
    Ok(())
}

pub(crate) async fn forget_notices(
    conn: &mut Connection,
    before: Timestamp,
    limit: i64,
) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM notifications.stock_notices
          WHERE (variant_id, address) IN (
                SELECT variant_id, address FROM notifications.stock_notices
                 WHERE asked_at < $1
                 LIMIT $2)",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Their notices are older still, and gone or going with them.
pub(crate) async fn forget_addresses(
    conn: &mut Connection,
    before: Timestamp,
    limit: i64,
) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM notifications.notice_addresses
          WHERE asked_at < $1 AND token IN (
                SELECT token FROM notifications.notice_addresses WHERE asked_at < $1 LIMIT $2)",
        before.to_sqlx() as jiff_sqlx::Timestamp,
        limit,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
