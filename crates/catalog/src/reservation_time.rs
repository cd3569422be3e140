//! For how long orders of a variant hold its stock while it is in a flash sale.

use jiff::SignedDuration;
use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::sql_reservation_time as sql;

/// The longest time that can be set: thirty days.
pub const RESERVATION_TIME_MAX: SignedDuration = SignedDuration::from_hours(24 * 30);

/// For how long orders of a variant are held at most, as set; the outer none when there is no such
/// variant.
pub async fn reservation_time(
    conn: &mut Connection,
    variant: VariantId,
) -> DbResult<Option<Option<SignedDuration>>> {
    sql::get(conn, variant).await
}

/// Sets it, in whole minutes; none: as their payment allows. Orders that are placed already keep their
/// time. What it was before; none when there is no such variant.
pub async fn put_reservation_time(
    conn: &mut Connection,
    variant: VariantId,
    time: Option<SignedDuration>,
) -> DbResult<Option<Option<SignedDuration>>> {
    let Some(before) = sql::get(conn, variant).await? else { return Ok(None) };
    if before != time {
        sql::set(conn, variant, time).await?;
    }
    Ok(Some(before))
}
