//! Stock arithmetic: pure rules over four buckets (DESIGN 5.2 of the field: BR-001, 002, 004, 007).

use kernel::id::{VariantId, WarehouseId};
use thiserror::Error;
use uuid::Uuid;

/// Which stock row: the order of keys is the order in which rows are locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StockKey {
    /// The variant.
    pub variant: VariantId,
    /// The warehouse.
    pub warehouse: WarehouseId,
}

/// The four buckets, in units. `total = available + reserved + sold`, none below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Everything in the warehouse 總庫存.
    pub total: i32,
    /// Free to be promised 可用.
    pub available: i32,
    /// Promised to orders that are not paid yet 預留.
    pub reserved: i32,
    /// Paid for, not shipped yet 已銷售.
    pub sold: i32,
}

/// What a movement adds to each bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Change of `total`.
    pub total: i32,
    /// Change of `available`.
    pub available: i32,
    /// Change of `reserved`.
    pub reserved: i32,
    /// Change of `sold`.
    pub sold: i32,
}

/// The kinds of movement. Every change of a stock row is one, also those that shift no units: the
/// ledger explains the whole row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovementKind {
    /// Goods arrive 入庫.
    Receive,
    /// An order takes hold of units 預留.
    Reserve,
    /// An order lets go of them 釋放: cancelled, failed, expired.
    Release,
    /// An order is paid 確認扣減.
    Confirm,
    /// Units leave the warehouse 出庫.
    Ship,
    /// Shipped units come back in good order 退貨入庫.
    Return,
    /// The books are set right 盤點調整: up or down.
    Adjust,
    /// Units leave for another warehouse 調撥出庫.
    TransferOut,
    /// Units arrive from another warehouse 調撥入庫.
    TransferIn,
    /// A stocktake takes hold of the row (BR-007).
    Freeze,
    /// The stocktake lets go of it.
    Thaw,
    /// The safety stock 安全庫存 is another one (BR-005).
    SafetyStock,
}

impl MovementKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Receive,
        Self::Reserve,
        Self::Release,
        Self::Confirm,
        Self::Ship,
        Self::Return,
        Self::Adjust,
        Self::TransferOut,
        Self::TransferIn,
        Self::Freeze,
        Self::Thaw,
        Self::SafetyStock,
    ];

    /// The word kept in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Confirm => "confirm",
            Self::Ship => "ship",
            Self::Return => "return",
            Self::Adjust => "adjust",
            Self::TransferOut => "transfer_out",
            Self::TransferIn => "transfer_in",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::SafetyStock => "safety_stock",
        }
    }

    /// The kind a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What `quantity` units of this kind change; only [`Self::Adjust`] takes a negative quantity,
    /// and the last three change nothing.
    pub const fn delta(self, quantity: i32) -> Delta {
        let zero = Delta { total: 0, available: 0, reserved: 0, sold: 0 };
        match self {
            Self::Receive | Self::Return | Self::Adjust | Self::TransferIn => {
                Delta { total: quantity, available: quantity, ..zero }
            }
            Self::Reserve => Delta { available: -quantity, reserved: quantity, ..zero },
            Self::Release => Delta { available: quantity, reserved: -quantity, ..zero },
            Self::Confirm => Delta { reserved: -quantity, sold: quantity, ..zero },
            Self::Ship => Delta { total: -quantity, sold: -quantity, ..zero },
            Self::TransferOut => Delta { total: -quantity, available: -quantity, ..zero },
            Self::Freeze | Self::Thaw | Self::SafetyStock => zero,
        }
    }

    /// Whether its quantity is a plain number of units, as [`crate::Ledger::apply`] takes it. The
    /// others have methods of their own.
    pub const fn counts_units(self) -> bool {
        !matches!(self, Self::Adjust | Self::Freeze | Self::Thaw | Self::SafetyStock)
    }

    /// A stocktake stops what would change what is being counted (BR-007): orders taking hold,
    /// goods coming or going, and every correction but its own. Letting go and paying only relabel
    /// units that are already promised; the safety stock is no matter of counting.
    pub const fn stops_while_frozen(self) -> bool {
        !matches!(self, Self::Release | Self::Confirm | Self::Thaw | Self::SafetyStock)
    }
}

/// Why stock did not move. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StockError {
    /// A bucket would fall below zero (BR-001, BR-002).
    #[error("not enough units")]
    NotEnough,
    /// A stocktake holds the row (BR-007).
    #[error("the stock is being counted")]
    Frozen,
    /// No stocktake holds the row.
    #[error("the stock is not being counted")]
    NotFrozen,
    /// No such row is locked.
    #[error("there is no stock of this variant in this warehouse")]
    NoSuchRow,
    /// More units than can be counted.
    #[error("the balance would be too large")]
    TooLarge,
}

impl Balance {
    /// The balance after `delta`, or why not.
    pub fn plus(self, delta: Delta) -> Result<Self, StockError> {
        let add = |bucket: i32, change: i32| {
            let sum = bucket.checked_add(change).ok_or(StockError::TooLarge)?;
            if sum < 0 { Err(StockError::NotEnough) } else { Ok(sum) }
        };
        let after = Self {
            total: add(self.total, delta.total)?,
            available: add(self.available, delta.available)?,
            reserved: add(self.reserved, delta.reserved)?,
            sold: add(self.sold, delta.sold)?,
        };
        after.assert_sound();
        Ok(after)
    }

    /// Stops the transaction when the books do not add up (BR-004).
    pub fn assert_sound(self) {
        let parts = i64::from(self.available) + i64::from(self.reserved) + i64::from(self.sold);
        assert!(
            self.available >= 0
                && self.reserved >= 0
                && self.sold >= 0
                && i64::from(self.total) == parts,
            "unsound balance {self:?}"
        );
    }
}

/// A stock row as locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockRow {
    /// Which row.
    pub key: StockKey,
    /// Its buckets.
    pub balance: Balance,
    /// Below this, operations are told (BR-005).
    pub safety_stock: i32,
    /// The stocktake that holds it (BR-007).
    pub frozen_by: Option<Uuid>,
    /// How many movements it has had.
    pub version: i64,
}
