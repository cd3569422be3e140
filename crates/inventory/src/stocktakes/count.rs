//! Entering counts.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::id::{StocktakeId, UserId, VariantId};
use pg::Connection;

use super::{
    error::StocktakeError,
    model::{Stocktake, StocktakeMove},
    sql,
};

/// Enters what somebody counted, each variant once: all of it or nothing. A count of a line that was
/// skipped or decided puts it among the counted ones again. Returns the stocktake as it is then.
pub async fn count(
    conn: &mut Connection,
    id: StocktakeId,
    counts: &[(VariantId, i32)],
    by: UserId,
    at: Timestamp,
) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.after(StocktakeMove::Count)?;
    let variants: Vec<VariantId> = counts.iter().map(|(variant, _)| *variant).collect();
    check_lines(conn, id, &variants).await?;
    sql::insert_counts(conn, id, counts, by, at).await?;
    sql::clear_marks(conn, id, &variants).await?;
    sql::update(conn, &before, &after).await?;
    Ok(after)
}

/// Refuses variants that are not among the lines.
pub(super) async fn check_lines(
    conn: &mut Connection,
    id: StocktakeId,
    variants: &[VariantId],
) -> Result<(), StocktakeError> {
    let known: HashSet<VariantId> = sql::known(conn, id, variants).await?.into_iter().collect();
    let strange: Vec<VariantId> =
        variants.iter().copied().filter(|variant| !known.contains(variant)).collect();
    if strange.is_empty() { Ok(()) } else { Err(StocktakeError::NotInStocktake(strange)) }
}
