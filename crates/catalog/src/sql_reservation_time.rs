//! The statements about the time for which orders of a variant are held.

use jiff::SignedDuration;
use kernel::id::VariantId;
use pg::{Affected as _, Connection, DbResult};
use sqlx::query;
use tracing::instrument;

#[instrument(name = "db.variant.reservation_time", skip_all, err)]
pub async fn get(
    conn: &mut Connection,
    variant: VariantId,
) -> DbResult<Option<Option<SignedDuration>>> {
    let row =
        query!("SELECT reservation_minutes FROM catalog.variants WHERE id = $1", variant.as_uuid())
            .fetch_optional(conn)
            .await?;
    let minutes = |minutes: i32| SignedDuration::from_mins(minutes.into());
    Ok(row.map(|row| row.reservation_minutes.map(minutes)))
}

#[instrument(name = "db.variant.set_reservation_time", skip_all, err)]
pub async fn set(
    conn: &mut Connection,
    variant: VariantId,
    time: Option<SignedDuration>,
) -> DbResult<()> {
    query!(
        "UPDATE catalog.variants SET reservation_minutes = $2 WHERE id = $1",
        variant.as_uuid(),
        time.map(|time| i32::try_from(time.as_mins()).unwrap_or(i32::MAX)),
    )
    .execute(conn)
    .await?
    .one_row("set a reservation time")
}
