//! Units of stock.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// Zero or less.
    #[error("the quantity must be at least 1")]
    NotPositive,
    /// More than any warehouse holds.
    #[error("the quantity must be at most {}", Quantity::MAX)]
    TooLarge,
}

/// A number of units to move: at least 1, at most [`Quantity::MAX`].
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "i64")]
#[schema(value_type = u32, minimum = 1, maximum = 1_000_000)]
pub struct Quantity(u32);

impl Quantity {
    /// The largest quantity one operation may move. Balances are `int4`; sums are checked there.
    pub const MAX: u32 = 1_000_000;

    /// A quantity, checked.
    pub const fn new(units: i64) -> Result<Self, QuantityError> {
        if units < 1 {
            return Err(QuantityError::NotPositive);
        }
        if units > Self::MAX as i64 {
            return Err(QuantityError::TooLarge);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
        Ok(Self(units as u32))
    }

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// As PostgreSQL's `int4`.
    pub const fn to_i32(self) -> i32 {
        self.0.cast_signed()
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i64) -> Result<Self, QuantityError> {
        Self::new(units)
    }
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert_eq!(Quantity::new(0), Err(QuantityError::NotPositive));
        assert_eq!(Quantity::new(i64::MIN), Err(QuantityError::NotPositive));
        assert_eq!(Quantity::new(1).unwrap().get(), 1);
        assert_eq!(Quantity::new(1_000_000).unwrap().get(), 1_000_000);
        assert_eq!(Quantity::new(1_000_001), Err(QuantityError::TooLarge));
        assert!(serde_json::from_str::<Quantity>("1.0").is_err());
        assert!(serde_json::from_str::<Quantity>("-3").is_err());
        assert!(serde_json::from_str::<Quantity>("99999999999999999999").is_err());
    }
}
