//! Looking at what was counted: what is left out, what is counted again, what is decided.

use kernel::id::{StocktakeId, UserId, VariantId};
use pg::Connection;

use super::{
    count::check_lines,
    error::StocktakeError,
    model::{Stocktake, StocktakeLine, StocktakeMove, Verdict},
    sql,
};

/// Leaves lines as they are, for a reason; each variant once. Returns the stocktake as it is then.
pub async fn skip(
    conn: &mut Connection,
    id: StocktakeId,
    variants: &[VariantId],
    reason: &str,
) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.after(StocktakeMove::Skip)?;
    check_lines(conn, id, variants).await?;
    sql::skip(conn, id, variants, reason).await?;
    sql::update(conn, &before, &after).await?;
    Ok(after)
}

/// Ends the counting: every line is counted by as many people as have to, or skipped. Counts that
/// disagree may still be decided about.
pub async fn submit(conn: &mut Connection, id: StocktakeId) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.after(StocktakeMove::Submit)?;
    let lines = sql::lines(conn, id, None, i64::MAX).await?;
    let (missing, disagreed) = unready(&before, &lines);
    if !missing.is_empty() {
        return Err(StocktakeError::NotReady { missing, disagreed });
    }
    sql::update(conn, &before, &after).await?;
    Ok(after)
}

/// Goes back to counting.
pub async fn recount(conn: &mut Connection, id: StocktakeId) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.after(StocktakeMove::Recount)?;
    sql::update(conn, &before, &after).await?;
    Ok(after)
}

/// Decides what a line comes to whose counts disagree. Returns the stocktake as it is then.
pub async fn decide(
    conn: &mut Connection,
    id: StocktakeId,
    variant: VariantId,
    counted: i32,
    by: UserId,
) -> Result<Stocktake, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    let after = before.after(StocktakeMove::Decide)?;
    let line = sql::line(conn, id, variant).await?;
    let line = line.ok_or_else(|| StocktakeError::NotInStocktake(vec![variant]))?;
    if line.counts_alone(before.counts_required) != Verdict::Disagreed {
        return Err(StocktakeError::NothingToDecide);
    }
    sql::decide(conn, id, variant, counted, by).await?;
    sql::update(conn, &before, &after).await?;
    Ok(after)
}

/// The lines that are not counted, and those whose counts disagree.
pub(super) fn unready(
    stocktake: &Stocktake,
    lines: &[StocktakeLine],
) -> (Vec<VariantId>, Vec<VariantId>) {
    let with = |verdict: Verdict| {
        let same = |line: &&StocktakeLine| line.verdict(stocktake.counts_required) == verdict;
        lines.iter().filter(same).map(|line| line.variant).collect()
    };
    (with(Verdict::Missing), with(Verdict::Disagreed))
}
