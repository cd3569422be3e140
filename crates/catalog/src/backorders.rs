//! Back-orders 預購: how many units of a variant may be sold beyond stock.

use jiff::civil::Date;
use kernel::id::VariantId;
use pg::Connection;

use crate::{check_stockable, error::BundleError, sql_backorders, sql_bundles};

/// What may be sold beyond stock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backorders {
    /// How many units may wait at the same time, at most a million; 0: none.
    pub limit: u32,
    /// From when on they are sent, as buyers are told.
    pub available_from: Option<Date>,
}

impl Backorders {
    /// The highest limit.
    pub const LIMIT_MAX: u32 = 1_000_000;
}

/// Says how much of a variant may be sold beyond stock; returns what was said before. Units that wait
/// already go on waiting, also when they are more than that. A bundle takes none: its stock is other
/// variants'.
pub async fn put_backorders(
    conn: &mut Connection,
    variant: VariantId,
    backorders: &Backorders,
) -> Result<Backorders, BundleError> {
    sql_bundles::lock_revision(conn).await?;
    match check_stockable(conn, variant).await {
        Err(BundleError::IsBundle) if backorders.limit == 0 => {}
        checked => checked?,
    }
    let before = sql_backorders::get(conn, variant).await?.ok_or(BundleError::UnknownVariant)?;
    sql_backorders::set(conn, variant, backorders).await?;
    Ok(before)
}

/// What may be sold of a variant beyond stock; none when there is no such variant.
pub async fn backorders(
    conn: &mut Connection,
    variant: VariantId,
) -> pg::DbResult<Option<Backorders>> {
    sql_backorders::get(conn, variant).await
}
