//! Variants at what everybody pays for them now.

use jiff::Timestamp;
use kernel::id::VariantId;
use pg::{Connection, DbResult};
use uuid::Uuid;

use super::sql::{self, VariantRow};

/// The price lists that count for everyone at `now`.
pub(super) async fn lists(conn: &mut Connection, now: Timestamp) -> DbResult<Vec<Uuid>> {
    let active = pricing::price_lists::active(conn).await?;
    let counting = active.iter().filter(|list| list.counts(false, now));
    Ok(counting.map(|list| list.id.as_uuid()).collect())
}

/// The active variants of these products, at the prices of the price lists that are for everyone at
/// `now`. One that such a list makes cheaper compares with its own price, where it does not with a
/// higher one.
pub(super) async fn variants(
    conn: &mut Connection,
    products: &[Uuid],
    now: Timestamp,
) -> DbResult<Vec<VariantRow>> {
    let mut rows = sql::variants(conn, products).await?;
    let ids: Vec<VariantId> = rows.iter().map(|row| row.id.into()).collect();
    let prices = pricing::price_lists::prices(conn, &ids).await?;
    for row in &mut rows {
        let own = row.price()?;
        let price = prices.unit_price(row.id.into(), own, false, now);
        if price.list.is_some() {
            row.compare_at = row.compare_at.or(Some(own.amount()));
            row.price = price.amount.amount();
        }
    }
    Ok(rows)
}
