//! The other ends of a stocktake: given up, ended by force, expired. Its rows thaw, and nothing is
//! adjusted.

use jiff::Timestamp;
use kernel::{
    Actor,
    id::{StocktakeId, UserId},
};
use pg::{Connection, DbResult};

use super::{
    error::StocktakeError,
    model::{InvalidStocktakeMove, Stocktake, StocktakeMove},
    sql,
};
use crate::{SaveContext, ledger::Cause, locks_keys, model::StockKey};

/// Gives it up. Returns it as it is then.
pub async fn cancel(
    conn: &mut Connection,
    id: StocktakeId,
    reason: &str,
    by: UserId,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.ended(StocktakeMove::Cancel, Some(by), reason, cause.at)?;
    sql::update(conn, &before, &after).await?;
    thaw(conn, &before, &Cause { reason: Some(reason), ..*cause }, context).await?;
    Ok(after)
}

/// Thaws whatever it holds, wherever it is: an open one is cancelled, and one that has ended but
/// still holds rows, which must not be, lets go of them. Returns it as it is then, and how many rows
/// thawed.
pub async fn force_thaw(
    conn: &mut Connection,
    id: StocktakeId,
    reason: &str,
    by: UserId,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(Stocktake, usize), StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let thawed = thaw(conn, &before, &Cause { reason: Some(reason), ..*cause }, context).await?;
    if before.status.holds() {
        let after = before.ended(StocktakeMove::Cancel, Some(by), reason, cause.at)?;
        sql::update(conn, &before, &after).await?;
        return Ok((after, thawed));
    }
    if thawed == 0 {
        let (from, asked) = (before.status, StocktakeMove::Cancel);
        return Err(InvalidStocktakeMove { from, asked }.into());
    }
    Ok((before, thawed))
}

/// Gives it another time. The caller has made sure that it is in the future, and within
/// [`super::MAX_MINUTES`]. Returns it as it was and as it is.
pub async fn extend(
    conn: &mut Connection,
    id: StocktakeId,
    expires_at: Timestamp,
) -> Result<(Stocktake, Stocktake), StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = Stocktake { expires_at, ..before.after(StocktakeMove::Extend)? };
    sql::update(conn, &before, &after).await?;
    Ok((before, after))
}

/// A stocktake whose time is over, but none of those that were `tried`; without locking. Whoever
/// tries each once a round is not kept by one that always fails from ending the others.
pub async fn next_due(
    conn: &mut Connection,
    now: Timestamp,
    tried: &[StocktakeId],
) -> DbResult<Option<StocktakeId>> {
    sql::next_due(conn, now, tried).await
}

/// Ends a stocktake whose time is over, on any number of nodes at once. Returns it with how many rows
/// thawed; nothing when it has ended, was given more time, or somebody is just working on it.
pub async fn expire(
    conn: &mut Connection,
    id: StocktakeId,
    now: Timestamp,
    context: &SaveContext<'_>,
) -> Result<Option<(Stocktake, usize)>, StocktakeError> {
    let Some(before) = sql::claim_due(conn, id, now).await? else { return Ok(None) };
    let reason = "its time was over";
    let after = before.ended(StocktakeMove::Expire, None, reason, now)?;
    sql::update(conn, &before, &after).await?;
    let cause = Cause { actor: Actor::System, reference: None, reason: Some(reason), at: now };
    let thawed = thaw(conn, &before, &cause, context).await?;
    Ok(Some((after, thawed)))
}

/// Thaws the rows that it holds; how many.
async fn thaw(
    conn: &mut Connection,
    stocktake: &Stocktake,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<usize, StocktakeError> {
    let warehouse = stocktake.warehouse;
    let variants = sql::variants_of(conn, stocktake.id).await?;
    let keys: Vec<StockKey> =
        variants.into_iter().map(|variant| StockKey { variant, warehouse }).collect();
    let mut ledger = locks_keys::lock(conn, &keys).await?;
    let holder = Some(stocktake.id.as_uuid());
    let held: Vec<StockKey> = keys
        .into_iter()
        .filter(|key| ledger.row(*key).is_some_and(|row| row.frozen_by == holder))
        .collect();
    for key in &held {
        ledger.thaw(*key, cause)?;
    }
    crate::save(conn, ledger, context).await?;
    Ok(held.len())
}
