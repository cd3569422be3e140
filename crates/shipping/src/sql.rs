//! Every SQL statement of this module.

use kernel::{LocalizedText, Money};
use pg::{Affected, Connection, DbError, DbResult};

use crate::Method;

pub(crate) async fn active_methods(conn: &mut Connection) -> DbResult<Vec<Method>> {
    let rows = sqlx::query!(
        r#"
        SELECT code, name_zh, name_en, description_zh, description_en, fee, free_from, position
             , active
          FROM shipping.methods
         WHERE active
         ORDER BY position, code
        "#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Method {
                code: row.code,
                name: LocalizedText::new(row.name_zh, row.name_en),
                description: LocalizedText::new(row.description_zh, row.description_en),
                fee: money("fee", row.fee)?,
                free_from: row.free_from.map(|amount| money("free_from", amount)).transpose()?,
                position: row.position,
                active: row.active,
            })
        })
        .collect()
}

pub(crate) async fn put_method(conn: &mut Connection, method: &Method) -> DbResult<()> {
    sqlx::query!(
        r#"
        INSERT INTO shipping.methods (code, name_zh, name_en, description_zh, description_en, fee
             , free_from, position, active)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (code) DO UPDATE
           SET name_zh = excluded.name_zh, name_en = excluded.name_en
             , description_zh = excluded.description_zh, description_en = excluded.description_en
             , fee = excluded.fee, free_from = excluded.free_from, position = excluded.position
             , active = excluded.active
        "#,
        method.code,
        &*method.name.zh_tw,
        &*method.name.en,
        &*method.description.zh_tw,
        &*method.description.en,
        method.fee.amount(),
        method.free_from.map(Money::amount),
        method.position,
        method.active,
    )
    .execute(conn)
    .await?
    .one_row("put a shipping method")
}

fn money(column: &'static str, amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| DbError::Corrupt {
        table: "shipping.methods",
        column,
        value: amount.to_string(),
    })
}
