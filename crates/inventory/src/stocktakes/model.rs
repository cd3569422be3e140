//! The stocktake's state machine, and what a line's counts come to: pure.

use jiff::Timestamp;
use kernel::id::{StocktakeId, UserId, VariantId, WarehouseId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest that a stocktake may be given from now on, in minutes: three days.
pub const MAX_MINUTES: u32 = 3 * 24 * 60;

/// The most rows of one stocktake. Opening, posting and ending it lock them all, in one transaction
/// each: orders for what they hold wait for less than a second then.
pub const MAX_LINES: usize = 10_000;

/// How far a stocktake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StocktakeStatus {
    /// Its rows are frozen, and people count.
    Open,
    /// Its rows are frozen, and what differs is looked at.
    Review,
    /// What differed was adjusted.
    Posted,
    /// Given up; nothing was adjusted.
    Cancelled,
    /// Its time was over; nothing was adjusted.
    Expired,
}

/// What can happen to a stocktake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StocktakeMove {
    /// Somebody enters counts.
    Count,
    /// Lines are left as they are, for a reason.
    Skip,
    /// Everything is counted.
    Submit,
    /// Some of it is to be counted again.
    Recount,
    /// Somebody decides between counts that disagree.
    Decide,
    /// What differs is adjusted.
    Post,
    /// It is given up, or ended by force.
    Cancel,
    /// Its time is over.
    Expire,
    /// It gets another time.
    Extend,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a stocktake that is {from:?} cannot {asked:?}")]
pub struct InvalidStocktakeMove {
    /// Where the stocktake is.
    pub from: StocktakeStatus,
    /// What was asked.
    pub asked: StocktakeMove,
}

impl StocktakeStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Review, Self::Posted, Self::Cancelled, Self::Expired];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Review => "review",
            Self::Posted => "posted",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether it holds its rows.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Open | Self::Review)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: StocktakeMove) -> Result<Self, InvalidStocktakeMove> {
        use StocktakeMove as M;
        let to = match (self, asked) {
            (Self::Open, M::Count | M::Skip | M::Extend) | (Self::Review, M::Recount) => Self::Open,
            (Self::Open, M::Submit) | (Self::Review, M::Skip | M::Decide | M::Extend) => {
                Self::Review
            }
            (Self::Review, M::Post) => Self::Posted,
            (Self::Open | Self::Review, M::Cancel) => Self::Cancelled,
            (Self::Open | Self::Review, M::Expire) => Self::Expired,
            (from, asked) => return Err(InvalidStocktakeMove { from, asked }),
        };
        Ok(to)
    }
}

/// A stocktake, without its lines: there may be very many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stocktake {
    /// Its id: what `frozen_by` of its rows says.
    pub id: StocktakeId,
    /// What people call it; see [`Stocktake::name`].
    pub number: i64,
    /// Where is counted.
    pub warehouse: WarehouseId,
    /// How far it has come.
    pub status: StocktakeStatus,
    /// How many people count each line: 1 or 2.
    pub counts_required: i16,
    /// Words for the people who count.
    pub note: String,
    /// Counts its changes.
    pub version: i64,
    /// Who opened it.
    pub opened_by: UserId,
    /// When.
    pub opened_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Who ended it; nobody when it expired.
    pub closed_by: Option<UserId>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// Why, in words.
    pub close_reason: Option<String>,
}

impl Stocktake {
    /// The number as people write it, e.g. `ST-000042`.
    pub fn name(&self) -> String {
        name_of(self.number)
    }

    /// The same, one step further.
    pub fn after(&self, asked: StocktakeMove) -> Result<Self, InvalidStocktakeMove> {
        let status = self.status.after(asked)?;
        Ok(Self { status, version: self.version + 1, ..self.clone() })
    }

    /// The same, ended.
    pub fn ended(
        &self,
        asked: StocktakeMove,
        by: Option<UserId>,
        reason: &str,
        at: Timestamp,
    ) -> Result<Self, InvalidStocktakeMove> {
        let after = self.after(asked)?;
        let (closed_at, close_reason) = (Some(at), Some(reason.to_owned()));
        Ok(Self { closed_by: by, closed_at, close_reason, ..after })
    }
}

/// A stocktake's number as people write it.
pub fn name_of(number: i64) -> String {
    format!("ST-{number:06}")
}

/// One person's count of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountEntry {
    /// Which count of the line it is, from 1.
    pub round: i32,
    /// Units.
    pub counted: i32,
    /// Who counted.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// What a line comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Left as it is, for a reason.
    Skipped,
    /// Fewer people counted it than have to.
    Missing,
    /// People counted differently: another person counts, or somebody decides.
    Disagreed,
    /// So many units are there.
    Counted(i32),
}

/// A variant of a stocktake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StocktakeLine {
    /// The variant.
    pub variant: VariantId,
    /// The total at the freeze: what the books say.
    pub expected: i32,
    /// Reserved and sold units: at the freeze, or now where the row was looked at.
    pub promised: i32,
    /// Why it is left as it is.
    pub skipped_reason: Option<String>,
    /// What somebody decided between counts that disagree.
    pub decided: Option<i32>,
    /// Who did.
    pub decided_by: Option<UserId>,
    /// What it was posted with.
    pub posted: Option<i32>,
    /// Every count, in the order they were entered.
    pub counts: Vec<CountEntry>,
}

impl StocktakeLine {
    /// What the line comes to, where so many people have to count it.
    pub fn verdict(&self, counts_required: i16) -> Verdict {
        if self.skipped_reason.is_some() {
            return Verdict::Skipped;
        }
        self.decided.map_or_else(|| self.counts_alone(counts_required), Verdict::Counted)
    }

    /// What the counts alone come to. Each person's last count is theirs. Where they differ, what
    /// two people or more agree on counts, unless as many agree on something else.
    pub fn counts_alone(&self, counts_required: i16) -> Verdict {
        let mut last: Vec<(UserId, i32)> = Vec::new();
        for entry in &self.counts {
            last.retain(|(by, _)| *by != entry.by);
            last.push((entry.by, entry.counted));
        }
        let people = |counted: i32| last.iter().filter(|(_, it)| *it == counted).count();
        let Some(best) = last.iter().map(|(_, it)| *it).max_by_key(|it| people(*it)) else {
            return Verdict::Missing;
        };
        if last.len() < usize::try_from(counts_required).unwrap_or(usize::MAX) {
            return Verdict::Missing;
        }
        let unanimous = people(best) == last.len();
        let rivals = last.iter().any(|(_, it)| *it != best && people(*it) >= people(best));
        if unanimous || (people(best) >= 2 && !rivals) {
            Verdict::Counted(best)
        } else {
            Verdict::Disagreed
        }
    }

    /// How many more, or fewer, units there are than the books say.
    pub const fn difference(&self, counted: i32) -> i32 {
        // Neither is negative, so this cannot overflow.
        counted - self.expected
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
