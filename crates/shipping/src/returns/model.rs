//! The return's state machine and its arithmetic: pure.

use jiff::Timestamp;
use kernel::id::{OrderId, RefundId, ReturnId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far a return has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnStatus {
    /// The customer asked for it.
    Requested,
    /// The goods may be sent.
    Approved,
    /// They may not.
    Rejected,
    /// They are here.
    Received,
    /// They were looked at: what was accepted is refunded.
    Inspected,
    /// Given up before anything came.
    Cancelled,
}

/// What can happen to a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnMove {
    /// The goods may be sent.
    Approve,
    /// They may not.
    Reject,
    /// They arrive.
    Receive,
    /// They are looked at.
    Inspect,
    /// It is not to be.
    Cancel,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a return that is {from:?} cannot {asked:?}")]
pub struct InvalidReturnMove {
    /// Where the return is.
    pub from: ReturnStatus,
    /// What was asked.
    pub asked: ReturnMove,
}

impl ReturnStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Requested,
        Self::Approved,
        Self::Rejected,
        Self::Received,
        Self::Inspected,
        Self::Cancelled,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Received => "received",
            Self::Inspected => "inspected",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: ReturnMove) -> Result<Self, InvalidReturnMove> {
        let to = match (self, asked) {
            (Self::Requested, ReturnMove::Approve) => Self::Approved,
            (Self::Requested, ReturnMove::Reject) => Self::Rejected,
            (Self::Approved, ReturnMove::Receive) => Self::Received,
            (Self::Received, ReturnMove::Inspect) => Self::Inspected,
            (Self::Requested | Self::Approved, ReturnMove::Cancel) => Self::Cancelled,
            (from, asked) => return Err(InvalidReturnMove { from, asked }),
        };
        Ok(to)
    }

    /// Whether nothing more happens to it.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Rejected | Self::Inspected | Self::Cancelled)
    }
}

/// Why goods are sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCause {
    /// Within the cooling-off period no reason is needed.
    ChangedMind,
    /// They arrived broken.
    Damaged,
    /// Something else was sent.
    WrongItem,
    /// They are not what was promised.
    NotAsDescribed,
    /// The parcel could not be delivered, or nobody fetched it.
    Undelivered,
    /// Anything else.
    Other,
}

impl ReturnCause {
    /// Every cause.
    pub const ALL: [Self; 6] = [
        Self::ChangedMind,
        Self::Damaged,
        Self::WrongItem,
        Self::NotAsDescribed,
        Self::Undelivered,
        Self::Other,
    ];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChangedMind => "changed_mind",
            Self::Damaged => "damaged",
            Self::WrongItem => "wrong_item",
            Self::NotAsDescribed => "not_as_described",
            Self::Undelivered => "undelivered",
            Self::Other => "other",
        }
    }

    /// The cause a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// Units of an order's line that come back; of a bundle's line, whole bundles.
/// `received = restocked + written_off + refused` once they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnLine {
    /// Which line.
    pub line_no: i16,
    /// What is to come back.
    pub quantity: i32,
    /// What came.
    pub received: i32,
    /// Of these: in good order, on sale again.
    pub restocked: i32,
    /// Accepted, and not to be sold.
    pub written_off: i32,
    /// Not accepted: they go back to the customer.
    pub refused: i32,
    /// What the inspection found.
    pub finding: Option<String>,
}

impl ReturnLine {
    /// A line that is asked for.
    pub const fn asked(line_no: i16, quantity: i32) -> Self {
        Self {
            line_no,
            quantity,
            received: 0,
            restocked: 0,
            written_off: 0,
            refused: 0,
            finding: None,
        }
    }

    /// Units whose money goes back.
    pub const fn accepted(&self) -> i32 {
        self.restocked + self.written_off
    }
}

/// A picture that the customer added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// 1, 2, 3, …
    pub position: i16,
    /// Where it is kept; nobody is shown this.
    pub key: String,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
}

/// How many units of a line came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Which line.
    pub line_no: i16,
    /// How many; perhaps none.
    pub received: i32,
}

/// What was found of a line that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which line.
    pub line_no: i16,
    /// In good order.
    pub restocked: i32,
    /// Accepted, and not to be sold.
    pub written_off: i32,
    /// Not accepted.
    pub refused: i32,
    /// In words.
    pub note: Option<String>,
}

/// What is wrong with what is said of a return's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReturnLineError {
    /// The return has no such line, or it was named twice.
    #[error("the return has no such line, or it was named twice")]
    Unknown {
        /// Which one.
        line_no: i16,
    },
    /// More came than was to come, or fewer than none.
    #[error("at most {quantity} units of this line were to come")]
    TooMany {
        /// Which line.
        line_no: i16,
        /// What was to come.
        quantity: i32,
    },
    /// Not a single unit came: such a return is cancelled.
    #[error("nothing came; cancel the return instead")]
    Nothing,
    /// What was found does not add up to what came.
    #[error("{received} units of this line came, and all of them have to be accounted for")]
    Unsound {
        /// Which line.
        line_no: i16,
        /// What came.
        received: i32,
    },
}

/// Goods that come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Its id, on its order's shard.
    pub id: ReturnId,
    /// Whose units they are.
    pub order: OrderId,
    /// 1, 2, 3, … of its order.
    pub number: i16,
    /// How far it has come.
    pub status: ReturnStatus,
    /// Why, in a word.
    pub cause: ReturnCause,
    /// Why, in the customer's words.
    pub reason: String,
    /// What the customer is told about the decision.
    pub answer: Option<String>,
    /// What goes back for it.
    pub refund: Option<RefundId>,
    /// Counts its changes.
    pub version: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// By line number, each line once.
    pub lines: Vec<ReturnLine>,
    /// In the order in which they were added.
    pub pictures: Vec<Picture>,
}

impl Return {
    /// The most pictures of one return.
    pub const PICTURES_MAX: usize = 6;

    /// The lines after the parcel came; lines that are not named did not come.
    pub fn receive(&self, arrived: &[Arrival]) -> Result<Vec<ReturnLine>, ReturnLineError> {
        each_once(arrived.iter().map(|it| it.line_no), &self.lines)?;
        let mut lines = self.lines.clone();
        for line in &mut lines {
            let came = arrived.iter().find(|it| it.line_no == line.line_no);
            line.received = came.map_or(0, |it| it.received);
            if !(0..=line.quantity).contains(&line.received) {
                let (line_no, quantity) = (line.line_no, line.quantity);
                return Err(ReturnLineError::TooMany { line_no, quantity });
            }
        }
        if lines.iter().all(|line| line.received == 0) {
            return Err(ReturnLineError::Nothing);
        }
        Ok(lines)
    }

    /// The lines after they were looked at: every unit that came is accounted for.
    pub fn inspect(&self, found: &[Finding]) -> Result<Vec<ReturnLine>, ReturnLineError> {
        each_once(found.iter().map(|it| it.line_no), &self.lines)?;
        let mut lines = self.lines.clone();
        for line in &mut lines {
            let (line_no, received) = (line.line_no, line.received);
            let unsound = Err(ReturnLineError::Unsound { line_no, received });
            let Some(it) = found.iter().find(|it| it.line_no == line_no) else {
                if received > 0 {
                    return unsound;
                }
                continue;
            };
            let units = [it.restocked, it.written_off, it.refused];
            let sum: i64 = units.iter().map(|units| i64::from(*units)).sum();
            if units.iter().any(|units| *units < 0) || sum != i64::from(received) {
                return unsound;
            }
            (line.restocked, line.written_off, line.refused) =
                (it.restocked, it.written_off, it.refused);
            line.finding.clone_from(&it.note);
        }
        Ok(lines)
    }
}

fn each_once(
    named: impl Iterator<Item = i16>,
    lines: &[ReturnLine],
) -> Result<(), ReturnLineError> {
    let mut seen = Vec::new();
    for line_no in named {
        let known = lines.iter().any(|line| line.line_no == line_no);
        if !known || seen.contains(&line_no) {
            return Err(ReturnLineError::Unknown { line_no });
        }
        seen.push(line_no);
    }
    Ok(())
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
