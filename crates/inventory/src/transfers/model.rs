//! The transfer's state machine and its arithmetic: pure.

use jiff::Timestamp;
use kernel::{
    Quantity,
    id::{TransferId, UserId, VariantId, WarehouseId},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::error::TransferError;
use crate::{
    ledger::{Cause, Ledger},
    model::{MovementKind, StockKey},
    reserve::Shortage,
};

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferStatus {
    /// Being planned; nothing has moved.
    Draft,
    /// Sent, and not all of it accounted for.
    InTransit,
    /// Everything that was sent has arrived, or is lost with a reason.
    Received,
    /// Ended: before it was sent, or what had not arrived went back.
    Cancelled,
}

/// What can happen to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferMove {
    /// The plan is another one.
    Edit,
    /// The goods leave.
    Dispatch,
    /// Some of them arrive.
    Receive,
    /// The last of them arrive.
    Complete,
    /// What has not arrived is lost.
    Close,
    /// It is not to be; what has not arrived goes back.
    Cancel,
}

/// The machine has no such move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a transfer that is {from:?} cannot {asked:?}")]
pub struct InvalidTransferMove {
    /// Where the transfer is.
    pub from: TransferStatus,
    /// What was asked.
    pub asked: TransferMove,
}

impl TransferStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Draft, Self::InTransit, Self::Received, Self::Cancelled];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InTransit => "in_transit",
            Self::Received => "received",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Where `asked` leads from here.
    pub const fn after(self, asked: TransferMove) -> Result<Self, InvalidTransferMove> {
        let to = match (self, asked) {
            (Self::Draft, TransferMove::Edit) => Self::Draft,
            (Self::Draft, TransferMove::Dispatch) | (Self::InTransit, TransferMove::Receive) => {
                Self::InTransit
            }
            (Self::InTransit, TransferMove::Complete | TransferMove::Close) => Self::Received,
            (Self::Draft | Self::InTransit, TransferMove::Cancel) => Self::Cancelled,
            (from, asked) => return Err(InvalidTransferMove { from, asked }),
        };
        Ok(to)
    }
}

/// A variant of a transfer. `sent = received + returned + lost + in transit`, in units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferLine {
    /// The variant.
    pub variant: VariantId,
    /// What is to be sent.
    pub quantity: i32,
    /// What was: nothing, or all of the quantity.
    pub sent: i32,
    /// What arrived where it was sent to.
    pub received: i32,
    /// What went back to where it came from.
    pub returned: i32,
    /// What never arrived anywhere.
    pub lost: i32,
    /// Why, in a person's words.
    pub lost_reason: Option<String>,
}

impl TransferLine {
    /// A line of a draft.
    pub const fn planned(variant: VariantId, quantity: Quantity) -> Self {
        let quantity = quantity.to_i32();
        Self { variant, quantity, sent: 0, received: 0, returned: 0, lost: 0, lost_reason: None }
    }

    /// Units on the way.
    pub const fn in_transit(&self) -> i32 {
        self.sent - self.received - self.returned - self.lost
    }
}

/// More units than are on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The variant.
    pub variant: VariantId,
    /// What is said to have arrived.
    pub given: i64,
    /// What is on the way.
    pub in_transit: i32,
}

/// A transfer with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// What people call it; see [`Transfer::name`].
    pub number: i64,
    /// Where the goods leave.
    pub from: WarehouseId,
    /// Where they are to arrive.
    pub to: WarehouseId,
    /// How far it has come.
    pub status: TransferStatus,
    /// Counts its changes.
    pub version: i64,
    /// Words for the people who pack.
    pub note: String,
    /// Who planned it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When the goods left.
    pub dispatched_at: Option<Timestamp>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// In the order of their variants, each variant once.
    pub lines: Vec<TransferLine>,
}

impl Transfer {
    /// The number as people write it, e.g. `TR-000042`.
    pub fn name(&self) -> String {
        format!("TR-{:06}", self.number)
    }

    /// Whether anything is on the way.
    pub fn is_under_way(&self) -> bool {
        self.lines.iter().any(|line| line.in_transit() > 0)
    }

    /// The goods leave: all lines or none. On an error neither the transfer nor the ledger has
    /// changed.
    pub fn dispatch(&self, ledger: &mut Ledger, cause: &Cause<'_>) -> Result<Self, TransferError> {
        let status = self.status.after(TransferMove::Dispatch)?;
        let (mut short, mut frozen) = (Vec::new(), Vec::new());
        for line in &self.lines {
            let row = ledger.row(self.key(self.from, line));
            let available = row.map_or(0, |row| row.balance.available);
            if row.is_some_and(|row| row.frozen_by.is_some()) {
                frozen.push(line.variant);
            } else if available < line.quantity {
                let (requested, available) = (i64::from(line.quantity), i64::from(available));
                short.push(Shortage { variant: line.variant, requested, available });
            }
        }
        if !frozen.is_empty() {
            return Err(TransferError::Frozen(frozen));
        }
        if !short.is_empty() {
            return Err(TransferError::Shortage(short));
        }
        let mut after = self.changed(status, cause.at);
        after.dispatched_at = Some(cause.at);
        for line in &mut after.lines {
            let key = self.key(self.from, line);
            ledger.apply(key, MovementKind::TransferOut, line.quantity, cause)?;
            line.sent = line.quantity;
        }
        Ok(after)
    }

    /// Goods arrive: some of the lines, or some of their units. On an error the transfer has not
    /// changed, and the ledger is not to be saved.
    pub fn receive(
        &self,
        ledger: &mut Ledger,
        arrived: &[(VariantId, Quantity)],
        cause: &Cause<'_>,
    ) -> Result<Self, TransferError> {
        self.status.after(TransferMove::Receive)?;
        let mut after = self.clone();
        let mut excess = Vec::new();
        for (variant, quantity) in arrived {
            let given = i64::from(quantity.get());
            let line = after.lines.iter_mut().find(|line| line.variant == *variant);
            let in_transit = line.as_ref().map_or(0, |line| line.in_transit());
            match line.filter(|_| given <= i64::from(in_transit)) {
                Some(line) => line.received += quantity.to_i32(),
                None => excess.push(Excess { variant: *variant, given, in_transit }),
            }
        }
        if !excess.is_empty() {
            return Err(TransferError::Excess(excess));
        }
        let arrived: Vec<_> =
            arrived.iter().map(|(variant, quantity)| (*variant, quantity.to_i32())).collect();
        take_in(ledger, self.to, &arrived, cause)?;
        let asked =
            if after.is_under_way() { TransferMove::Receive } else { TransferMove::Complete };
        let lines = after.lines;
        Ok(Self { lines, ..self.changed(self.status.after(asked)?, cause.at) })
    }

    /// What has not arrived is lost, and the reason is written on its lines.
    pub fn close(&self, reason: &str, at: Timestamp) -> Result<Self, TransferError> {
        let mut after = self.changed(self.status.after(TransferMove::Close)?, at);
        for line in after.lines.iter_mut().filter(|line| line.in_transit() > 0) {
            line.lost += line.in_transit();
            line.lost_reason = Some(reason.to_owned());
        }
        Ok(after)
    }

    /// It is not to be: what is on the way goes back to where it came from. On an error the
    /// transfer has not changed, and the ledger is not to be saved.
    pub fn cancel(&self, ledger: &mut Ledger, cause: &Cause<'_>) -> Result<Self, TransferError> {
        let mut after = self.changed(self.status.after(TransferMove::Cancel)?, cause.at);
        let back: Vec<_> = self
            .lines
            .iter()
            .filter(|line| line.in_transit() > 0)
            .map(|line| (line.variant, line.in_transit()))
            .collect();
        take_in(ledger, self.from, &back, cause)?;
        for line in &mut after.lines {
            line.returned += line.in_transit();
        }
        Ok(after)
    }

    /// The row of a line in a warehouse.
    pub const fn key(&self, warehouse: WarehouseId, line: &TransferLine) -> StockKey {
        StockKey { variant: line.variant, warehouse }
    }

    fn changed(&self, status: TransferStatus, at: Timestamp) -> Self {
        let over = matches!(status, TransferStatus::Received | TransferStatus::Cancelled);
        Self { status, version: self.version + 1, closed_at: over.then_some(at), ..self.clone() }
    }
}

/// Units arrive in a warehouse, unless a stocktake holds any of the rows.
fn take_in(
    ledger: &mut Ledger,
    warehouse: WarehouseId,
    arrived: &[(VariantId, i32)],
    cause: &Cause<'_>,
) -> Result<(), TransferError> {
    let key = |variant: VariantId| StockKey { variant, warehouse };
    let is_frozen =
        |variant: &VariantId| ledger.row(key(*variant)).is_some_and(|row| row.frozen_by.is_some());
    let frozen: Vec<_> = arrived.iter().map(|(variant, _)| *variant).filter(is_frozen).collect();
    if !frozen.is_empty() {
        return Err(TransferError::Frozen(frozen));
    }
    for (variant, units) in arrived {
        ledger.apply(key(*variant), MovementKind::TransferIn, *units, cause)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
