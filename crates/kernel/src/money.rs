//! Money: integer amounts with their currency. No floats anywhere.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// ISO 4217 currency.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub enum Currency {
    /// New Taiwan dollar, charged in whole dollars.
    TWD,
}

impl Currency {
    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TWD => "TWD",
        }
    }
}

/// Why a sum could not be formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// An amount below zero where none may be.
    #[error("the amount is negative")]
    Negative,
}

/// An amount of money, in the currency's unit (whole dollars for TWD); never below zero.
///
/// The bound keeps every sum of realistic size far from overflow, and lets amounts travel through
/// JSON without loss (below 2^53).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "MoneyFields", deny_unknown_fields)]
pub struct Money {
    /// Whole units of the currency.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount: i64,
    currency: Currency,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFields {
    amount: i64,
    currency: Currency,
}

impl TryFrom<MoneyFields> for Money {
    type Error = MoneyError;

    fn try_from(fields: MoneyFields) -> Result<Self, MoneyError> {
        let MoneyFields { amount, currency: Currency::TWD } = fields;
        Self::twd(amount)
    }
}

impl Money {
    /// Nothing, in TWD.
    pub const ZERO: Self = Self { amount: 0, currency: Currency::TWD };
    /// The largest amount: a trillion.
    pub const MAX_AMOUNT: i64 = 1_000_000_000_000;

    /// `amount` New Taiwan dollars.
    pub const fn twd(amount: i64) -> Result<Self, MoneyError> {
        if amount < 0 {
            return Err(MoneyError::Negative);
        }
        if amount > Self::MAX_AMOUNT {
            return Err(MoneyError::Overflow);
        }
        Ok(Self { amount, currency: Currency::TWD })
    }

    /// The amount in whole units of the currency.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    pub const fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::twd(self.amount + other.amount)
    }

    /// The difference; an error below zero.
    pub const fn minus(self, other: Self) -> Result<Self, MoneyError> {
        Self::twd(self.amount - other.amount)
    }

    /// The price of `count` at this price each.
    pub const fn times(self, count: u32) -> Result<Self, MoneyError> {
        match self.amount.checked_mul(count as i64) {
            Some(amount) => Self::twd(amount),
            None => Err(MoneyError::Overflow),
        }
    }

    /// The sum of all.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        all.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

impl std::fmt::Display for Money {
    /// As people in Taiwan write it: `NT$ 1,280`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.amount.to_string();
        f.write_str("NT$ ")?;
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shown_the_taiwanese_way() {
        for (amount, shown) in
            [(0, "NT$ 0"), (999, "NT$ 999"), (1280, "NT$ 1,280"), (1_234_567, "NT$ 1,234,567")]
        {
            assert_eq!(Money::twd(amount).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn json_is_amount_and_currency_and_nothing_else() {
        let money = Money::twd(1990).unwrap();
        let json = serde_json::json!({"amount": 1990, "currency": "TWD"});
        assert_eq!(serde_json::to_value(money).unwrap(), json);
        assert_eq!(serde_json::from_value::<Money>(json).unwrap(), money);
        for bad in [
            r#"{"amount": -1, "currency": "TWD"}"#,
            r#"{"amount": 1.5, "currency": "TWD"}"#,
            r#"{"amount": 1, "currency": "USD"}"#,
            r#"{"amount": 1000000000001, "currency": "TWD"}"#,
            r#"{"amount": 1, "currency": "TWD", "x": 1}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn plus_and_minus_undo_each_other(a in 0..Money::MAX_AMOUNT / 2, b in 0..Money::MAX_AMOUNT / 2) {
            let (a, b) = (Money::twd(a).unwrap(), Money::twd(b).unwrap());
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
        }

        #[test]
        fn times_never_wraps(amount in 0..=Money::MAX_AMOUNT, count: u32) {
            let exact = i128::from(amount) * i128::from(count);
            match Money::twd(amount).unwrap().times(count) {
                Ok(product) => prop_assert_eq!(i128::from(product.amount()), exact),
                Err(error) => {
                    prop_assert_eq!(error, MoneyError::Overflow);
                    prop_assert!(exact > i128::from(Money::MAX_AMOUNT));
                }
            }
        }
    }
}
