//! Second factors and their recovery codes.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{SessionId, UserId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::second_factor::SecondFactorState;

/// A second factor whose row is locked.
pub struct Factor {
    pub sealed_secret: Vec<u8>,
    pub confirmed: bool,
    pub last_step: i64,
}

/// A new secret, unless one was confirmed: then false.
#[instrument(name = "db.second_factor.begin", skip_all, err)]
pub async fn begin(
    conn: &mut Connection,
    user: UserId,
    sealed_secret: &[u8],
    now: Timestamp,
) -> DbResult<bool> {
    let written = query!(
        "INSERT INTO identity.second_factors (user_id, sealed_secret, created_at)
         VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE
         SET sealed_secret = excluded.sealed_secret, created_at = excluded.created_at, last_step = 0
         WHERE second_factors.confirmed_at IS NULL",
        user.as_uuid(),
        sealed_secret,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() == 1)
}

#[instrument(name = "db.second_factor.lock", skip_all, err)]
pub async fn lock(conn: &mut Connection, user: UserId) -> DbResult<Option<Factor>> {
    let row = query!(
        r#"SELECT sealed_secret, confirmed_at IS NOT NULL AS "confirmed!", last_step
         FROM identity.second_factors WHERE user_id = $1 FOR UPDATE"#,
        user.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Factor {
        sealed_secret: row.sealed_secret,
        confirmed: row.confirmed,
        last_step: row.last_step,
    }))
}

#[instrument(name = "db.second_factor.state", skip_all, err)]
pub async fn state(conn: &mut Connection, user: UserId) -> DbResult<SecondFactorState> {
    let row = query!(
        r#"SELECT (SELECT count(*) FROM identity.recovery_codes c
                   WHERE c.user_id = f.user_id AND c.used_at IS NULL) AS "left!"
         FROM identity.second_factors f WHERE f.user_id = $1 AND f.confirmed_at IS NOT NULL"#,
        user.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let left = row.as_ref().map_or(0, |row| u32::try_from(row.left).unwrap_or(u32::MAX));
    Ok(SecondFactorState { enabled: row.is_some(), recovery_codes_left: left })
}

#[instrument(name = "db.second_factor.confirm", skip_all, err)]
pub async fn confirm(
    conn: &mut Connection,
    user: UserId,
    step: i64,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.second_factors SET confirmed_at = $2, last_step = $3
         WHERE user_id = $1 AND confirmed_at IS NULL",
        user.as_uuid(),
        now.to_sqlx() as _,
        step,
    )
    .execute(conn)
    .await?
    .one_row("confirm a second factor")
}

/// Uses up a step: the guard says once more that it was not.
#[instrument(name = "db.second_factor.use_step", skip_all, err)]
pub async fn use_step(conn: &mut Connection, user: UserId, step: i64) -> DbResult<()> {
    query!(
        "UPDATE identity.second_factors SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
        user.as_uuid(),
        step,
    )
    .execute(conn)
    .await?
    .one_row("use a code")
}

/// With the recovery codes; nothing when there is none.
#[instrument(name = "db.second_factor.remove", skip_all, err)]
pub async fn remove(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!("DELETE FROM identity.second_factors WHERE user_id = $1", user.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// A session that gave a second factor.
#[instrument(name = "db.session.mark_second_factor", skip_all, err)]
pub async fn mark_session(conn: &mut Connection, session: SessionId) -> DbResult<()> {
    query!("UPDATE identity.sessions SET second_factor = true WHERE id = $1", session.as_uuid(),)
        .execute(conn)
        .await?;
    Ok(())
}

/// What was given counts no longer for the sessions that go on.
#[instrument(name = "db.session.unmark_second_factor", skip_all, err)]
pub async fn unmark_sessions(conn: &mut Connection, user: UserId) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET second_factor = false
         WHERE id IN (
             SELECT id FROM identity.sessions WHERE user_id = $1 AND second_factor
             ORDER BY id FOR UPDATE
         )",
        user.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.recovery_code.replace", skip_all, err)]
pub async fn replace_recovery_codes(
    conn: &mut Connection,
    user: UserId,
    digests: &[Vec<u8>],
    now: Timestamp,
) -> DbResult<()> {
    query!("DELETE FROM identity.recovery_codes WHERE user_id = $1", user.as_uuid())
        .execute(&mut *conn)
        .await?;
    query!(
        "INSERT INTO identity.recovery_codes (user_id, digest, created_at)
         SELECT $1, digest, $3 FROM unnest($2::bytea[]) AS digest",
        user.as_uuid(),
        digests,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .rows("insert recovery codes", digests.len())
}

/// Whether the code was there and unused.
#[instrument(name = "db.recovery_code.use", skip_all, err)]
pub async fn use_recovery_code(
    conn: &mut Connection,
    user: UserId,
    digest: &[u8; 32],
    now: Timestamp,
) -> DbResult<bool> {
    let done = query!(
        "UPDATE identity.recovery_codes SET used_at = $3
         WHERE user_id = $1 AND digest = $2 AND used_at IS NULL",
        user.as_uuid(),
        &digest[..],
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
