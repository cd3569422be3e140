//! Looking at stocktakes, without locking.

use kernel::id::{StocktakeId, VariantId, WarehouseId};
use pg::{Connection, DbResult};
use serde::Deserialize;

use super::{
    model::{Stocktake, StocktakeLine, StocktakeStatus, Verdict},
    sql,
};

/// Lines that are read at a time.
const CHUNK: i64 = 1_000;

/// Which stocktakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StocktakeFilter {
    /// With this status.
    pub status: Option<StocktakeStatus>,
    /// In this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// With this variant among their lines.
    pub variant: Option<VariantId>,
}

/// Which lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineFilter {
    /// All of them.
    #[default]
    All,
    /// Counted by too few people.
    Missing,
    /// Counted differently.
    Disagreed,
    /// Left as they are.
    Skipped,
    /// More or fewer units than the books say.
    Differing,
    /// Fewer units than orders were promised.
    BelowPromised,
}

impl LineFilter {
    fn fits(self, line: &StocktakeLine, counts_required: i16) -> bool {
        match (self, line.verdict(counts_required)) {
            (Self::All, _)
            | (Self::Missing, Verdict::Missing)
            | (Self::Disagreed, Verdict::Disagreed)
            | (Self::Skipped, Verdict::Skipped) => true,
            (Self::Differing, Verdict::Counted(units)) => line.difference(units) != 0,
            (Self::BelowPromised, Verdict::Counted(units)) => units < line.promised,
            _ => false,
        }
    }
}

/// How many lines there are of each sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All of them.
    pub lines: u64,
    /// Counted by enough people, who agree, or decided.
    pub counted: u64,
    /// See [`LineFilter::Missing`].
    pub missing: u64,
    /// See [`LineFilter::Disagreed`].
    pub disagreed: u64,
    /// See [`LineFilter::Skipped`].
    pub skipped: u64,
    /// See [`LineFilter::Differing`].
    pub differing: u64,
    /// See [`LineFilter::BelowPromised`].
    pub below_promised: u64,
}

/// A stocktake.
pub async fn find(conn: &mut Connection, id: StocktakeId) -> DbResult<Option<Stocktake>> {
    sql::find(conn, id).await
}

/// Stocktakes that fit, the newest first; `after` is the last one of the page before.
pub async fn list(
    conn: &mut Connection,
    filter: &StocktakeFilter,
    after: Option<StocktakeId>,
    limit: i64,
) -> DbResult<Vec<Stocktake>> {
    sql::list(conn, filter, after, limit).await
}

/// Up to `limit` lines that fit, in the order of their variants, after the given one. What is
/// promised is what it is now, while the stocktake holds its rows.
pub async fn lines(
    conn: &mut Connection,
    stocktake: &Stocktake,
    only: LineFilter,
    after: Option<VariantId>,
    limit: usize,
) -> DbResult<Vec<StocktakeLine>> {
    let (mut found, mut place) = (Vec::new(), after);
    while found.len() < limit {
        let chunk = chunk(conn, stocktake, place).await?;
        let Some(last) = chunk.last().map(|line| line.variant) else { break };
        place = Some(last);
        found.extend(chunk.into_iter().filter(|line| only.fits(line, stocktake.counts_required)));
    }
    found.truncate(limit);
    Ok(found)
}

/// What a stocktake's lines come to.
pub async fn summary(conn: &mut Connection, stocktake: &Stocktake) -> DbResult<Summary> {
    let (mut summary, mut place) = (Summary::default(), None);
    loop {
        let chunk = chunk(conn, stocktake, place).await?;
        let Some(last) = chunk.last().map(|line| line.variant) else { return Ok(summary) };
        place = Some(last);
        for line in &chunk {
            let is = |filter: LineFilter| u64::from(filter.fits(line, stocktake.counts_required));
            let (missing, disagreed) = (is(LineFilter::Missing), is(LineFilter::Disagreed));
            let skipped = is(LineFilter::Skipped);
            summary.lines += 1;
            summary.missing += missing;
            summary.disagreed += disagreed;
            summary.skipped += skipped;
            summary.counted += 1 - missing - disagreed - skipped;
            summary.differing += is(LineFilter::Differing);
            summary.below_promised += is(LineFilter::BelowPromised);
        }
    }
}

async fn chunk(
    conn: &mut Connection,
    stocktake: &Stocktake,
    after: Option<VariantId>,
) -> DbResult<Vec<StocktakeLine>> {
    let mut lines = sql::lines(conn, stocktake.id, after, CHUNK).await?;
    if stocktake.status.holds() {
        let variants: Vec<VariantId> = lines.iter().map(|line| line.variant).collect();
        let promised = sql::promised(conn, stocktake.warehouse, &variants).await?;
        for line in &mut lines {
            line.promised = promised.get(&line.variant).copied().unwrap_or(line.promised);
        }
    }
    Ok(lines)
}
