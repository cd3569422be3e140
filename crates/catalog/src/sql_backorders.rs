//! The statements about back-orders.

use kernel::id::VariantId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::query;
use tracing::instrument;

use crate::backorders::Backorders;

#[instrument(name = "db.variant.backorders", skip_all, err)]
pub async fn get(conn: &mut Connection, variant: VariantId) -> DbResult<Option<Backorders>> {
    let row = query!(
        r#"SELECT backorder_limit, available_from AS "available_from: jiff_sqlx::Date"
         FROM catalog.variants WHERE id = $1"#,
        variant.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Backorders {
        limit: u32::try_from(row.backorder_limit).unwrap_or(0),
        available_from: row.available_from.map(jiff_sqlx::Date::to_jiff),
    }))
}

#[instrument(name = "db.variant.set_backorders", skip_all, err)]
pub async fn set(conn: &mut Connection, variant: VariantId, it: &Backorders) -> DbResult<()> {
    query!(
        "UPDATE catalog.variants SET backorder_limit = $2, available_from = $3 WHERE id = $1",
        variant.as_uuid(),
        i32::try_from(it.limit).unwrap_or(i32::MAX),
        it.available_from.map(jiff_sqlx::ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("set back-orders")
}
