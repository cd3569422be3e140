//! Every SQL statement of identity, and every lock on its rows.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{SessionId, UserId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    Device, EndReason, RefreshToken,
    credentials::Known,
    model::{Email, Role, User},
    password::PasswordHash,
    refresh::TokenState,
};

pub mod addresses;
pub mod api_keys;
pub mod closing;
pub mod profiles;
pub mod proofs;
pub mod revocations;
pub mod second_factor;
pub mod sessions;
pub mod signing_keys;
pub mod staff;

struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    roles: Vec<String>,
    email_verified: bool,
    phone: Option<String>,
}

impl TryFrom<UserRow> for User {
    type Error = DbError;

    fn try_from(row: UserRow) -> DbResult<Self> {
        let role = |word: &String| {
            Role::parse(word).ok_or_else(|| DbError::Corrupt {
                table: "identity.users",
                column: "roles",
                value: word.clone(),
            })
        };
        Ok(Self {
            id: row.id.into(),
            email: Email::from_database(row.email),
            name: row.name,
            roles: row.roles.iter().map(role).collect::<DbResult<_>>()?,
            email_verified: row.email_verified,
            phone: row.phone,
        })
    }
}

fn role_words(user: &User) -> Vec<String> {
    user.roles.iter().map(|role| role.as_str().to_owned()).collect()
}

#[instrument(name = "db.user.credentials", skip_all, err)]
pub async fn credentials(conn: &mut Connection, email: &Email) -> DbResult<Option<Known>> {
    let row = query!(
        "SELECT id, password_hash, active FROM identity.users WHERE lower(email) = lower($1)",
        email.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Known {
        user_id: row.id.into(),
        hash: PasswordHash(row.password_hash),
        active: row.active,
    }))
}

#[instrument(name = "db.user.active", skip_all, err)]
pub async fn active_user(conn: &mut Connection, id: UserId) -> DbResult<Option<User>> {
    let row = query_as!(
        UserRow,
        r#"SELECT id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone
         FROM identity.users WHERE id = $1 AND active"#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// Keeps the person from being deactivated, and the password from being changed, until the
/// transaction ends. Nobody when either has happened since the password was checked.
#[instrument(name = "db.user.lock_active", skip_all, err)]
pub async fn lock_active_user(
    conn: &mut Connection,
    id: UserId,
    hash: &PasswordHash,
) -> DbResult<Option<User>> {
    let row = query_as!(
        UserRow,
        r#"SELECT id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone
         FROM identity.users WHERE id = $1 AND active AND password_hash = $2 FOR SHARE"#,
        id.as_uuid(),
        hash.0,
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

#[instrument(name = "db.user.admin_exists", skip_all, err)]
pub async fn admin_exists(conn: &mut Connection) -> DbResult<bool> {
    let exists = query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM identity.users WHERE 'admin' = ANY (roles) AND active
         ) AS "exists!""#,
    )
    .fetch_one(conn)
    .await?;
    Ok(exists)
}

/// Servers that start together take turns; the lock goes with the transaction.
#[instrument(name = "db.user.lock_admin_setup", skip_all, err)]
pub async fn lock_admin_setup(conn: &mut Connection) -> DbResult<()> {
    query!("SELECT pg_advisory_xact_lock(hashtextextended('identity.ensure_admin', 0))")
        .execute(conn)
        .await?;
    Ok(())
}

/// Returns the id of the account that is the administrator's now. Whoever runs the shop answers for
/// the address: it counts as verified.
#[instrument(name = "db.user.insert_or_promote", skip_all, err)]
pub async fn insert_or_promote_admin(
    conn: &mut Connection,
    user: &User,
    hash: &PasswordHash,
    now: Timestamp,
) -> DbResult<UserId> {
    let id = query_scalar!(
        "INSERT INTO identity.users (id, email, name, password_hash, roles, created_at, updated_at,
             email_verified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $6)
         ON CONFLICT (lower(email)) DO UPDATE
         SET password_hash = excluded.password_hash, active = true,
             email_verified_at = coalesce(users.email_verified_at, excluded.email_verified_at),
             roles = CASE WHEN 'admin' = ANY (users.roles) THEN users.roles
                 ELSE users.roles || excluded.roles END,
             updated_at = excluded.updated_at
         RETURNING id",
        user.id.as_uuid(),
        user.email.as_str(),
        user.name,
        hash.0,
        &role_words(user),
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?;
    Ok(id.into())
}

#[instrument(name = "db.session.insert", skip_all, err)]
pub async fn insert_session(
    conn: &mut Connection,
    id: SessionId,
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
    device: &Device,
) -> DbResult<()> {
    query!(
        "INSERT INTO identity.sessions (id, user_id, created_at, last_used_at, expires_at,
             user_agent, ip)
         VALUES ($1, $2, $3, $3, $4, $5, $6::text::inet)",
        id.as_uuid(),
        user.as_uuid(),
        now.to_sqlx() as _,
        expires_at.to_sqlx() as _,
        device.user_agent(),
        device.ip().map(|ip| ip.to_string()),
    )
    .execute(conn)
    .await?
    .one_row("insert a session")
}

/// A session that is locked and live.
pub struct LiveSession {
    pub id: SessionId,
    pub user_id: UserId,
    pub second_factor: bool,
}

/// Locks the session a token belongs to, if it is not over.
#[instrument(name = "db.session.lock_live", skip_all, err)]
pub async fn lock_live_session_of(
    conn: &mut Connection,
    token: &RefreshToken,
    now: Timestamp,
) -> DbResult<Option<LiveSession>> {
    let row = query!(
        "SELECT id, user_id, second_factor FROM identity.sessions
         WHERE id = (SELECT session_id FROM identity.refresh_tokens WHERE digest = $1)
             AND ended_at IS NULL AND expires_at > $2
         FOR UPDATE",
        &token.digest()[..],
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| LiveSession {
        id: row.id.into(),
        user_id: row.user_id.into(),
        second_factor: row.second_factor,
    }))
}

#[instrument(name = "db.session.of_token", skip_all, err)]
pub async fn session_of(
    conn: &mut Connection,
    token: &RefreshToken,
) -> DbResult<Option<SessionId>> {
    let id = query_scalar!(
        "SELECT session_id FROM identity.refresh_tokens WHERE digest = $1",
        &token.digest()[..],
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(SessionId::from))
}

#[instrument(name = "db.session.touch", skip_all, err)]
pub async fn touch_session(
    conn: &mut Connection,
    id: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET last_used_at = $2, expires_at = $3 WHERE id = $1",
        id.as_uuid(),
        now.to_sqlx() as _,
        expires_at.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("touch a session")
}

#[instrument(name = "db.session.end", skip_all, err)]
pub async fn end_session(
    conn: &mut Connection,
    id: SessionId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET ended_at = $2, ended_because = $3
         WHERE id = $1 AND ended_at IS NULL",
        id.as_uuid(),
        now.to_sqlx() as _,
        reason.word(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.session.end_all", skip_all, err)]
pub async fn end_sessions_of(
    conn: &mut Connection,
    user: UserId,
    reason: EndReason,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.sessions SET ended_at = $2, ended_because = $3
         WHERE id IN (
             SELECT id FROM identity.sessions WHERE user_id = $1 AND ended_at IS NULL
             ORDER BY id FOR UPDATE
         )",
        user.as_uuid(),
        now.to_sqlx() as _,
        reason.word(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.session.purge", skip_all, err)]
pub async fn purge_sessions(conn: &mut Connection, before: Timestamp, limit: u32) -> DbResult<u64> {
    let purged = query!(
        "DELETE FROM identity.sessions
         WHERE id IN (
             SELECT id FROM identity.sessions WHERE coalesce(ended_at, expires_at) < $1
             ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
         )",
        before.to_sqlx() as _,
        i64::from(limit),
    )
    .execute(conn)
    .await?;
    Ok(purged.rows_affected())
}

#[instrument(name = "db.refresh_token.insert", skip_all, err)]
pub async fn insert_refresh_token(
    conn: &mut Connection,
    token: &RefreshToken,
    session: SessionId,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO identity.refresh_tokens (digest, session_id, created_at) VALUES ($1, $2, $3)",
        &token.digest()[..],
        session.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("insert a refresh token")
}

/// The token and the latest retirement in its session.
#[instrument(name = "db.refresh_token.state", skip_all, err)]
pub async fn token_state(
    conn: &mut Connection,
    token: &RefreshToken,
) -> DbResult<Option<TokenState>> {
    let row = query!(
        "SELECT t.used_at,
             (SELECT max(u.used_at) FROM identity.refresh_tokens u
              WHERE u.session_id = t.session_id) AS latest
         FROM identity.refresh_tokens t
         WHERE t.digest = $1",
        &token.digest()[..],
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| TokenState {
        retired_at: row.used_at.map(jiff_sqlx::Timestamp::to_jiff),
        latest_retirement: row.latest.map(jiff_sqlx::Timestamp::to_jiff),
    }))
}

/// Retires every unused token of the session.
#[instrument(name = "db.refresh_token.retire", skip_all, err)]
pub async fn retire_tokens(
    conn: &mut Connection,
    session: SessionId,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.refresh_tokens SET used_at = $2
         WHERE session_id = $1 AND used_at IS NULL",
        session.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.secret.get", skip_all, err)]
pub async fn secret(conn: &mut Connection, name: &str) -> DbResult<Option<[u8; 32]>> {
    let value = query_scalar!("SELECT value FROM identity.secrets WHERE name = $1", name)
        .fetch_optional(conn)
        .await?;
    let bytes = |value: Vec<u8>| {
        value.try_into().map_err(|value: Vec<u8>| DbError::Corrupt {
            table: "identity.secrets",
            column: "value",
            // Never the secret itself.
            value: format!("{} bytes", value.len()),
        })
    };
    value.map(bytes).transpose()
}

#[instrument(name = "db.secret.insert", skip_all, err)]
pub async fn insert_secret(
    conn: &mut Connection,
    name: &str,
    value: &[u8; 32],
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO identity.secrets (name, value, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO NOTHING",
        name,
        &value[..],
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.secret.remove", skip_all, err)]
pub async fn remove_secret(conn: &mut Connection, name: &str) -> DbResult<()> {
    query!("DELETE FROM identity.secrets WHERE name = $1", name).execute(conn).await?;
    Ok(())
}
