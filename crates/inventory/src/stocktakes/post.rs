//! Posting: what differs is adjusted, and the rows thaw.

use kernel::id::{StocktakeId, UserId, VariantId};
use pg::Connection;

use super::{
    error::{BelowPromised, StocktakeError},
    model::{Stocktake, StocktakeLine, StocktakeMove, Verdict},
    review::unready,
    sql,
};
use crate::{
    SaveContext,
    ledger::{Cause, Ledger},
    locks_keys,
    model::{StockError, StockKey},
};

/// What a posting came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The stocktake as it is now.
    pub stocktake: Stocktake,
    /// The lines that differed, and by how many units.
    pub adjusted: Vec<(VariantId, i32)>,
}

/// Adjusts what differs (盤點調整), for this reason, and thaws the rows. `expected` is the version
/// that was reviewed. Reserved and sold units are promised: a count below them refuses the whole.
pub async fn post(
    conn: &mut Connection,
    id: StocktakeId,
    expected: i64,
    reason: &str,
    by: UserId,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Posted, StocktakeError> {
    let before = sql::lock(conn, id).await?.ok_or(StocktakeError::NotFound)?;
    if before.version != expected {
        return Err(StocktakeError::VersionConflict(before.version));
    }
    let after = before.ended(StocktakeMove::Post, Some(by), reason, cause.at)?;
    let lines = sql::lines(conn, id, None, i64::MAX).await?;
    let (missing, disagreed) = unready(&before, &lines);
    if !missing.is_empty() || !disagreed.is_empty() {
        return Err(StocktakeError::NotReady { missing, disagreed });
    }
    let keys: Vec<StockKey> = lines.iter().map(|line| key(&before, line)).collect();
    let mut ledger = locks_keys::lock(conn, &keys).await?;
    let cause = Cause { reference: Some(id.as_uuid()), reason: Some(reason), ..*cause };
    let counted = counted(&before, &lines);
    refuse_below_promised(&ledger, &before, &counted)?;
    let mut adjusted = Vec::new();
    for (line, units) in &counted {
        let difference = line.difference(*units);
        if difference != 0 {
            ledger.adjust(key(&before, line), difference, &cause)?;
            adjusted.push((line.variant, difference));
        }
    }
    for key in keys {
        ledger.thaw(key, &cause)?;
    }
    sql::set_posted(conn, id, &counted).await?;
    sql::update(conn, &before, &after).await?;
    crate::save(conn, ledger, context).await?;
    Ok(Posted { stocktake: after, adjusted })
}

fn key(stocktake: &Stocktake, line: &StocktakeLine) -> StockKey {
    StockKey { variant: line.variant, warehouse: stocktake.warehouse }
}

/// The lines that were counted, with what they come to.
fn counted<'a>(stocktake: &Stocktake, lines: &'a [StocktakeLine]) -> Vec<(&'a StocktakeLine, i32)> {
    let counted = |line: &'a StocktakeLine| match line.verdict(stocktake.counts_required) {
        Verdict::Counted(units) => Some((line, units)),
        Verdict::Skipped | Verdict::Missing | Verdict::Disagreed => None,
    };
    lines.iter().filter_map(counted).collect()
}

/// What is promised may have become less since the freeze, never more.
fn refuse_below_promised(
    ledger: &Ledger,
    stocktake: &Stocktake,
    counted: &[(&StocktakeLine, i32)],
) -> Result<(), StocktakeError> {
    let mut below = Vec::new();
    for (line, units) in counted {
        let row = ledger.row(key(stocktake, line)).ok_or(StockError::NoSuchRow)?;
        let promised = row.balance.reserved + row.balance.sold;
        if *units < promised {
            below.push(BelowPromised { variant: line.variant, counted: *units, promised });
        }
    }
    if below.is_empty() { Ok(()) } else { Err(StocktakeError::BelowPromised(below)) }
}
