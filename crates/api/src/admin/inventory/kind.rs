//! The kinds of movement, in words.

use ::inventory::MovementKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementWord {
    /// Goods arrived 入庫.
    Receive,
    /// An order took hold of units 預留.
    Reserve,
    /// An order let go of them 釋放.
    Release,
    /// An order was paid 確認扣減.
    Confirm,
    /// Units left the warehouse 出庫.
    Ship,
    /// Shipped units came back 退貨入庫.
    Return,
    /// The books were set right 盤點調整.
    Adjust,
    /// Units left for another warehouse 調撥出庫.
    TransferOut,
    /// Units arrived from another warehouse 調撥入庫.
    TransferIn,
    /// A stocktake took hold of the stock 盤點凍結.
    Freeze,
    /// The stocktake let go of it.
    Thaw,
    /// The safety stock became another one 安全庫存.
    SafetyStock,
}

impl From<MovementKind> for MovementWord {
    fn from(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Receive => Self::Receive,
            MovementKind::Reserve => Self::Reserve,
            MovementKind::Release => Self::Release,
            MovementKind::Confirm => Self::Confirm,
            MovementKind::Ship => Self::Ship,
            MovementKind::Return => Self::Return,
            MovementKind::Adjust => Self::Adjust,
            MovementKind::TransferOut => Self::TransferOut,
            MovementKind::TransferIn => Self::TransferIn,
            MovementKind::Freeze => Self::Freeze,
            MovementKind::Thaw => Self::Thaw,
            MovementKind::SafetyStock => Self::SafetyStock,
        }
    }
}

impl From<MovementWord> for MovementKind {
    fn from(word: MovementWord) -> Self {
        match word {
            MovementWord::Receive => Self::Receive,
            MovementWord::Reserve => Self::Reserve,
            MovementWord::Release => Self::Release,
            MovementWord::Confirm => Self::Confirm,
            MovementWord::Ship => Self::Ship,
            MovementWord::Return => Self::Return,
            MovementWord::Adjust => Self::Adjust,
            MovementWord::TransferOut => Self::TransferOut,
            MovementWord::TransferIn => Self::TransferIn,
            MovementWord::Freeze => Self::Freeze,
            MovementWord::Thaw => Self::Thaw,
            MovementWord::SafetyStock => Self::SafetyStock,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_ledger() {
        for kind in MovementKind::ALL {
            let word = MovementWord::from(kind);
            assert_eq!(serde_json::to_value(word).unwrap(), kind.as_str());
            assert_eq!(MovementKind::from(word), kind);
        }
    }
}
