//! Statements on accounts, as administrators see them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::UserId;
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    model::Role,
    staff::{Account, AccountFilter},
};

struct AccountRow {
    id: Uuid,
    email: String,
    name: String,
    roles: Vec<String>,
    active: bool,
    email_verified: bool,
    second_factor: bool,
    created_at: jiff_sqlx::Timestamp,
}

impl TryFrom<AccountRow> for Account {
    type Error = DbError;

    fn try_from(row: AccountRow) -> DbResult<Self> {
        let role = |word: &String| {
            Role::parse(word).ok_or_else(|| DbError::Corrupt {
                table: "identity.users",
                column: "roles",
                value: word.clone(),
            })
        };
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            roles: row.roles.iter().map(role).collect::<DbResult<_>>()?,
            active: row.active,
            email_verified: row.email_verified,
            second_factor: row.second_factor,
            created_at: row.created_at.to_jiff(),
        })
    }
}

#[instrument(name = "db.account.list", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    filter: &AccountFilter,
    after: Option<Uuid>,
    limit: i64,
) -> DbResult<Vec<Account>> {
    let rows = query_as!(
        AccountRow,
        r#"SELECT id, email, name, roles, active, email_verified_at IS NOT NULL AS "email_verified!",
             EXISTS (SELECT FROM identity.second_factors f
                     WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL) AS "second_factor!",
             created_at
         FROM identity.users
         WHERE closed_at IS NULL
             AND ($1::uuid IS NULL OR id < $1)
             AND ($2::text IS NULL OR strpos(lower(email || ' ' || name), lower($2)) > 0)
             AND ($3::text IS NULL OR $3 = ANY (roles))
             AND (NOT $4 OR cardinality(roles) > 0)
         ORDER BY id DESC LIMIT $5"#,
        after,
        filter.q,
        filter.role.map(Role::as_str),
        filter.staff_only,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Account::try_from).collect()
}

#[instrument(name = "db.account.one", skip_all, err)]
pub async fn one(conn: &mut Connection, id: UserId) -> DbResult<Option<Account>> {
    let row = query_as!(
        AccountRow,
        r#"SELECT id, email, name, roles, active, email_verified_at IS NOT NULL AS "email_verified!",
             EXISTS (SELECT FROM identity.second_factors f
                     WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL) AS "second_factor!",
             created_at
         FROM identity.users WHERE id = $1 AND closed_at IS NULL"#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Account::try_from).transpose()
}

/// Locks the account's row, and reads it.
#[instrument(name = "db.account.lock", skip_all, err)]
pub async fn lock(conn: &mut Connection, id: UserId) -> DbResult<Option<Account>> {
    query!("SELECT FROM identity.users WHERE id = $1 FOR UPDATE", id.as_uuid())
        .fetch_optional(&mut *conn)
        .await?;
    one(conn, id).await
}

#[instrument(name = "db.account.set_rights", skip_all, err)]
pub async fn set_rights(conn: &mut Connection, account: &Account, now: Timestamp) -> DbResult<()> {
    let roles: Vec<String> = account.roles.iter().map(|role| role.as_str().to_owned()).collect();
    query!(
        "UPDATE identity.users SET roles = $2, active = $3, updated_at = $4 WHERE id = $1",
        account.id.as_uuid(),
        &roles,
        account.active,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("set an account's rights")
}
