//! Statements about methods of payment.

use jiff::SignedDuration;
use kernel::{LocalizedText, Money};
use pg::{Affected, Connection, DbError, DbResult};

use crate::methods::Method;

pub(crate) struct MethodRow {
    pub code: String,
    pub provider: String,
    pub name_zh: String,
    pub name_en: String,
    pub description_zh: String,
    pub description_en: String,
    pub reservation_minutes: Option<i32>,
    pub grace_minutes: i32,
    pub shortest_minutes: i32,
    pub min_amount: i64,
    pub max_amount: Option<i64>,
    pub instalments: Vec<i16>,
    pub position: i32,
    pub active: bool,
    pub version: i64,
}

pub(crate) fn method(row: MethodRow) -> DbResult<Method> {
    let minutes = |minutes: i32| SignedDuration::from_mins(minutes.into());
    Ok(Method {
        code: row.code,
        provider: row.provider,
        name: LocalizedText::new(row.name_zh, row.name_en),
        description: LocalizedText::new(row.description_zh, row.description_en),
        reservation: row.reservation_minutes.map(minutes),
        grace: minutes(row.grace_minutes),
        shortest: minutes(row.shortest_minutes),
        min_amount: money("min_amount", row.min_amount)?,
        max_amount: row.max_amount.map(|amount| money("max_amount", amount)).transpose()?,
        instalments: row.instalments.into_iter().filter_map(|it| u8::try_from(it).ok()).collect(),
        position: row.position,
        active: row.active,
        version: row.version,
    })
}

pub(crate) async fn all(conn: &mut Connection) -> DbResult<Vec<Method>> {
    let rows = sqlx::query_as!(
        MethodRow,
        r#"
        SELECT code, provider, name_zh, name_en, description_zh, description_en
             , reservation_minutes, grace_minutes, shortest_minutes, min_amount, max_amount
             , instalments, position, active, version
          FROM payments.methods
         ORDER BY position, code
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(method).collect()
}

pub(crate) async fn find(conn: &mut Connection, code: &str) -> DbResult<Option<Method>> {
    let row = sqlx::query_as!(
        MethodRow,
        r#"
        SELECT code, provider, name_zh, name_en, description_zh, description_en
             , reservation_minutes, grace_minutes, shortest_minutes, min_amount, max_amount
             , instalments, position, active, version
          FROM payments.methods
         WHERE code = $1
        "#,
        code,
    )
    .fetch_optional(conn)
    .await?;
    row.map(method).transpose()
}

/// Writes everything of a locked method but what is the provider's.
pub(crate) async fn update(conn: &mut Connection, method: &Method) -> DbResult<()> {
    let minutes = |time: SignedDuration| i32::try_from(time.as_mins()).unwrap_or(i32::MAX);
    let instalments: Vec<i16> = method.instalments.iter().map(|it| i16::from(*it)).collect();
    sqlx::query!(
        r#"
        UPDATE payments.methods
           SET name_zh = $2, name_en = $3, description_zh = $4, description_en = $5
             , reservation_minutes = $6, grace_minutes = $7, min_amount = $8, max_amount = $9
             , instalments = $10, position = $11, active = $12, version = $13
         WHERE code = $1 AND version + 1 = $13
        "#,
        method.code,
        &*method.name.zh_tw,
        &*method.name.en,
        &*method.description.zh_tw,
        &*method.description.en,
        method.reservation.map(minutes),
        minutes(method.grace),
        method.min_amount.amount(),
        method.max_amount.map(Money::amount),
        &instalments,
        method.position,
        method.active,
        method.version,
    )
    .execute(conn)
    .await?
    .one_row("change a payment method")
}

fn money(column: &'static str, amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| DbError::Corrupt {
        table: "payments.methods",
        column,
        value: amount.to_string(),
    })
}
