//! Statements on `identity.users` about what people change of themselves.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_as};
use tracing::instrument;

use super::UserRow;
use crate::{
    credentials::Known,
    model::{DisplayName, Email, User},
    password::PasswordHash,
    profile::{PhoneChange, ProfileChange},
};

/// Inserts the person, or finds who has the e-mail. Either way one row is written and locked, so
/// that both take the same time. Returns whose e-mail it is now.
#[instrument(name = "db.user.insert_or_find", skip_all, err)]
pub async fn insert_or_find(
    conn: &mut Connection,
    user: &User,
    hash: &PasswordHash,
    now: Timestamp,
) -> DbResult<User> {
    query_as!(
        UserRow,
        r#"INSERT INTO identity.users (id, email, name, password_hash, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (lower(email)) DO UPDATE SET updated_at = users.updated_at
         RETURNING id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone"#,
        user.id.as_uuid(),
        user.email.as_str(),
        user.name,
        hash.0,
        now.to_sqlx() as _,
    )
    .fetch_one(conn)
    .await?
    .try_into()
}

#[instrument(name = "db.user.credentials_of", skip_all, err)]
pub async fn credentials_of(conn: &mut Connection, id: UserId) -> DbResult<Option<Known>> {
    let row =
        query!("SELECT password_hash, active FROM identity.users WHERE id = $1", id.as_uuid())
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|row| Known {
        user_id: id,
        hash: PasswordHash(row.password_hash),
        active: row.active,
    }))
}

/// The person with this e-mail, if the account is active.
#[instrument(name = "db.user.by_email", skip_all, err)]
pub async fn by_email(conn: &mut Connection, email: &Email) -> DbResult<Option<User>> {
    let row = query_as!(
        UserRow,
        r#"SELECT id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone
         FROM identity.users WHERE lower(email) = lower($1) AND active"#,
        email.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// The person, if the account is active, and nobody else's change until the transaction ends.
#[instrument(name = "db.user.lock", skip_all, err)]
pub async fn lock_user(conn: &mut Connection, id: UserId) -> DbResult<Option<User>> {
    let row = query_as!(
        UserRow,
        r#"SELECT id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone
         FROM identity.users WHERE id = $1 AND active FOR NO KEY UPDATE"#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// The same, if the password is still the one that was checked.
#[instrument(name = "db.user.lock_with_hash", skip_all, err)]
pub async fn lock_user_with(
    conn: &mut Connection,
    id: UserId,
    hash: &PasswordHash,
) -> DbResult<Option<User>> {
    let row = query_as!(
        UserRow,
        r#"SELECT id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone
         FROM identity.users WHERE id = $1 AND active AND password_hash = $2
         FOR NO KEY UPDATE"#,
        id.as_uuid(),
        hash.0,
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// The row is locked.
#[instrument(name = "db.user.set_password", skip_all, err)]
pub async fn set_password(
    conn: &mut Connection,
    id: UserId,
    hash: &PasswordHash,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.users SET password_hash = $2, updated_at = $3 WHERE id = $1 AND active",
        id.as_uuid(),
        hash.0,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("set a password")
}

/// The row is locked. The first time counts.
#[instrument(name = "db.user.mark_verified", skip_all, err)]
pub async fn mark_verified(conn: &mut Connection, id: UserId, now: Timestamp) -> DbResult<()> {
    query!(
        "UPDATE identity.users
         SET email_verified_at = coalesce(email_verified_at, $2), updated_at = $2
         WHERE id = $1 AND active",
        id.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("mark an e-mail as verified")
}

#[instrument(name = "db.user.change_profile", skip_all, err)]
pub async fn change(
    conn: &mut Connection,
    id: UserId,
    change: &ProfileChange,
    now: Timestamp,
) -> DbResult<Option<User>> {
    let phone = match &change.phone {
        PhoneChange::Keep | PhoneChange::Remove => None,
        PhoneChange::Set(phone) => Some(phone.as_str()),
    };
    let row = query_as!(
        UserRow,
        r#"UPDATE identity.users
         SET name = coalesce($2, name), phone = CASE WHEN $3 THEN $4 ELSE phone END,
             updated_at = $5
         WHERE id = $1 AND active
         RETURNING id, email, name, roles, email_verified_at IS NOT NULL AS "email_verified!", phone"#,
        id.as_uuid(),
        change.name.as_ref().map(DisplayName::as_str),
        change.phone != PhoneChange::Keep,
        phone,
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}
