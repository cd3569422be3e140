//! The statements about price lists.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx as _};
use kernel::{
    LocalizedText, Money,
    id::{PriceListId, VariantId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    price_list::{Audience, ListPrice, PriceList},
    price_lists::StoredPriceList,
};

struct Row {
    id: Uuid,
    name_zh: String,
    name_en: String,
    audience: String,
    valid_from: Option<SqlTimestamp>,
    valid_until: Option<SqlTimestamp>,
    active: bool,
    version: i64,
}

impl TryFrom<Row> for StoredPriceList {
    type Error = DbError;

    fn try_from(row: Row) -> DbResult<Self> {
        let audience = Audience::parse(&row.audience).ok_or_else(|| DbError::Corrupt {
            table: "pricing.price_lists",
            column: "audience",
            value: row.audience.clone(),
        })?;
        let list = PriceList {
            id: row.id.into(),
            name: LocalizedText::new(row.name_zh, row.name_en),
            audience,
            valid_from: row.valid_from.map(SqlTimestamp::to_jiff),
            valid_until: row.valid_until.map(SqlTimestamp::to_jiff),
            active: row.active,
        };
        Ok(Self { list, version: row.version })
    }
}

/// All of them, or only those that are switched on.
pub(crate) async fn all(
    conn: &mut Connection,
    only_active: bool,
) -> DbResult<Vec<StoredPriceList>> {
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name_zh, name_en, audience, valid_from AS "valid_from: _"
             , valid_until AS "valid_until: _", active, version
          FROM pricing.price_lists
         WHERE active OR NOT $1
         ORDER BY id
        "#,
        only_active,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(StoredPriceList::try_from).collect()
}

pub(crate) async fn find(
    conn: &mut Connection,
    id: PriceListId,
) -> DbResult<Option<StoredPriceList>> {
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT id, name_zh, name_en, audience, valid_from AS "valid_from: _"
             , valid_until AS "valid_until: _", active, version
          FROM pricing.price_lists
         WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(StoredPriceList::try_from).transpose()
}

pub(crate) async fn count_active(conn: &mut Connection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "n!" FROM pricing.price_lists WHERE active"#)
        .fetch_one(conn)
        .await?)
}

pub(crate) async fn insert(conn: &mut Connection, it: &PriceList, now: Timestamp) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO pricing.price_lists (id, name_zh, name_en, audience, valid_from, valid_until
             , active, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        "#,
        it.id.as_uuid(),
        &*it.name.zh_tw,
        &*it.name.en,
        it.audience.as_str(),
        it.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.active,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("insert a price list")
}

/// Whether it still had this version.
pub(crate) async fn update(
    conn: &mut Connection,
    it: &PriceList,
    seen: i64,
    now: Timestamp,
) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE pricing.price_lists
           SET name_zh = $3, name_en = $4, audience = $5, valid_from = $6, valid_until = $7
             , active = $8, version = version + 1, updated_at = $9
         WHERE id = $1 AND version = $2
        "#,
        it.id.as_uuid(),
        seen,
        &*it.name.zh_tw,
        &*it.name.en,
        it.audience.as_str(),
        it.valid_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.valid_until.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        it.active,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts a change of a list's prices; whether it still had this version.
pub(crate) async fn touch(
    conn: &mut Connection,
    id: PriceListId,
    seen: i64,
    now: Timestamp,
) -> DbResult<bool> {
    let done = sqlx::query!(
        r#"
        UPDATE pricing.price_lists
           SET version = version + 1, updated_at = $3
         WHERE id = $1 AND version = $2
        "#,
        id.as_uuid(),
        seen,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether it still had this version. Its prices go with it.
pub(crate) async fn delete(conn: &mut Connection, id: PriceListId, seen: i64) -> DbResult<bool> {
    let done = sqlx::query!(
        "DELETE FROM pricing.price_lists WHERE id = $1 AND version = $2",
        id.as_uuid(),
        seen,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A page of a list's prices, by variant.
pub(crate) async fn entries(
    conn: &mut Connection,
    id: PriceListId,
    after: Option<VariantId>,
    most: i64,
) -> DbResult<Vec<(VariantId, Money)>> {
    let rows = sqlx::query!(
        r#"
        SELECT variant_id, price
          FROM pricing.price_list_entries
         WHERE list_id = $1 AND ($2::uuid IS NULL OR variant_id > $2)
         ORDER BY variant_id
         LIMIT $3
        "#,
        id.as_uuid(),
        after.map(VariantId::as_uuid),
        most,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok((row.variant_id.into(), money(row.price)?))).collect()
}

/// What a list says about these variants.
pub(crate) async fn entries_of(
    conn: &mut Connection,
    id: PriceListId,
    variants: &[VariantId],
) -> DbResult<HashMap<VariantId, Money>> {
    let variants: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT variant_id, price
          FROM pricing.price_list_entries
         WHERE list_id = $1 AND variant_id = ANY ($2)
        "#,
        id.as_uuid(),
        &variants,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok((row.variant_id.into(), money(row.price)?))).collect()
}

/// What these lists say about these variants.
pub(crate) async fn of_variants(
    conn: &mut Connection,
    lists: &[PriceList],
    variants: &[VariantId],
) -> DbResult<Vec<(VariantId, ListPrice)>> {
    let lists: Vec<Uuid> = lists.iter().map(|list| list.id.as_uuid()).collect();
    let variants: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT list_id, variant_id, price
          FROM pricing.price_list_entries
         WHERE variant_id = ANY ($2) AND list_id = ANY ($1)
        "#,
        &lists,
        &variants,
    )
    .fetch_all(conn)
    .await?;
    let listed = rows.into_iter().map(|row| {
        let price = ListPrice { list: row.list_id.into(), price: money(row.price)? };
        Ok((row.variant_id.into(), price))
    });
    listed.collect()
}

/// Adds prices, and changes those that are there; each variant is named once.
pub(crate) async fn put_entries(
    conn: &mut Connection,
    id: PriceListId,
    priced: &[(VariantId, Money)],
) -> DbResult<()> {
    if priced.is_empty() {
        return Ok(());
    }
    let variants: Vec<Uuid> = priced.iter().map(|(variant, _)| variant.as_uuid()).collect();
    let amounts: Vec<i64> = priced.iter().map(|(_, price)| price.amount()).collect();
    sqlx::query!(
        r#"
        INSERT INTO pricing.price_list_entries (list_id, variant_id, price)
        SELECT $1, new.variant_id, new.price
          FROM unnest($2::uuid[], $3::bigint[]) AS new (variant_id, price)
        ON CONFLICT (list_id, variant_id) DO UPDATE SET price = excluded.price
        "#,
        id.as_uuid(),
        &variants,
        &amounts,
    )
    .execute(conn)
    .await?
    .rows("put prices into a list", priced.len())
}

pub(crate) async fn remove_entries(
    conn: &mut Connection,
    id: PriceListId,
    variants: &[VariantId],
) -> DbResult<()> {
    if variants.is_empty() {
        return Ok(());
    }
    let gone: Vec<Uuid> = variants.iter().map(|variant| variant.as_uuid()).collect();
    sqlx::query!(
        "DELETE FROM pricing.price_list_entries WHERE list_id = $1 AND variant_id = ANY ($2)",
        id.as_uuid(),
        &gone,
    )
    .execute(conn)
    .await?
    .rows("take prices off a list", variants.len())
}

pub(crate) async fn count_entries(conn: &mut Connection, id: PriceListId) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "n!" FROM pricing.price_list_entries WHERE list_id = $1"#,
        id.as_uuid(),
    )
    .fetch_one(conn)
    .await?)
}

fn money(price: i64) -> DbResult<Money> {
    Money::twd(price).map_err(|_| DbError::Corrupt {
        table: "pricing.price_list_entries",
        column: "price",
        value: price.to_string(),
    })
}
