//! Statements on `identity.addresses`. Every one names the person: somebody else's address is none.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::id::{AddressId, UserId};
use pg::{Affected as _, Connection, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::addresses::{Address, AddressFields};

struct AddressRow {
    id: Uuid,
    name: String,
    phone: String,
    postal_code: String,
    city: String,
    district: String,
    address1: String,
    address2: Option<String>,
    is_default: bool,
}

impl From<AddressRow> for Address {
    fn from(row: AddressRow) -> Self {
        Self {
            id: row.id.into(),
            fields: AddressFields {
                name: row.name,
                phone: row.phone,
                postal_code: row.postal_code,
                city: row.city,
                district: row.district,
                address1: row.address1,
                address2: row.address2,
                is_default: row.is_default,
            },
        }
    }
}

/// In the order in which they were added.
#[instrument(name = "db.address.list", skip_all, err)]
pub async fn list(conn: &mut Connection, user: UserId) -> DbResult<Vec<Address>> {
    let rows = query_as!(
        AddressRow,
        "SELECT id, name, phone, postal_code, city, district, address1, address2, is_default
         FROM identity.addresses WHERE user_id = $1 ORDER BY id",
        user.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Address::from).collect())
}

#[instrument(name = "db.address.count", skip_all, err)]
pub async fn count(conn: &mut Connection, user: UserId) -> DbResult<i64> {
    let count = query_scalar!(
        r#"SELECT count(*) AS "count!" FROM identity.addresses WHERE user_id = $1"#,
        user.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// No address but this one is the default any more.
#[instrument(name = "db.address.undefault", skip_all, err)]
pub async fn clear_default(
    conn: &mut Connection,
    user: UserId,
    but: AddressId,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE identity.addresses SET is_default = false, updated_at = $3
         WHERE user_id = $1 AND id <> $2 AND is_default",
        user.as_uuid(),
        but.as_uuid(),
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[instrument(name = "db.address.insert", skip_all, err)]
pub async fn insert(
    conn: &mut Connection,
    user: UserId,
    address: &Address,
    now: Timestamp,
) -> DbResult<()> {
    let fields = &address.fields;
    query!(
        "INSERT INTO identity.addresses (id, user_id, name, phone, postal_code, city, district,
             address1, address2, is_default, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        address.id.as_uuid(),
        user.as_uuid(),
        fields.name,
        fields.phone,
        fields.postal_code,
        fields.city,
        fields.district,
        fields.address1,
        fields.address2,
        fields.is_default,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("insert an address")
}

/// Whether it is theirs.
#[instrument(name = "db.address.replace", skip_all, err)]
pub async fn replace(
    conn: &mut Connection,
    user: UserId,
    address: &Address,
    now: Timestamp,
) -> DbResult<bool> {
    let fields = &address.fields;
    let replaced = query!(
        "UPDATE identity.addresses
         SET name = $3, phone = $4, postal_code = $5, city = $6, district = $7, address1 = $8,
             address2 = $9, is_default = $10, updated_at = $11
         WHERE id = $1 AND user_id = $2",
        address.id.as_uuid(),
        user.as_uuid(),
        fields.name,
        fields.phone,
        fields.postal_code,
        fields.city,
        fields.district,
        fields.address1,
        fields.address2,
        fields.is_default,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// Whether it was theirs.
#[instrument(name = "db.address.delete", skip_all, err)]
pub async fn delete(conn: &mut Connection, user: UserId, id: AddressId) -> DbResult<bool> {
    let deleted = query!(
        "DELETE FROM identity.addresses WHERE id = $1 AND user_id = $2",
        id.as_uuid(),
        user.as_uuid(),
    )
    .execute(conn)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
