//! Amounts as ECPay's files and card details write them.

use std::fmt;
use std::str::FromStr;

/// A text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an amount in New Taiwan dollars")]
pub struct InvalidAmount;

/// A fee or a net amount. What buyers pay is always whole dollars; what ECPay takes of it need not
/// be, since fees are a percentage. Kept exactly, in ten-thousandths of a New Taiwan dollar.
///
/// ```
/// let fee: ecpay::Charge = "-43.60".parse()?;
/// assert_eq!(fee.ten_thousandths(), -436_000);
/// assert_eq!(fee.to_string(), "-43.6");
/// assert_eq!(fee.whole_dollars(), None);
/// assert_eq!("1275.00".parse::<ecpay::Charge>()?.whole_dollars(), Some(1275));
/// # Ok::<(), ecpay::InvalidAmount>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Charge(i64);

impl Charge {
    /// How many of its units are a dollar.
    pub const PER_DOLLAR: i64 = 10_000;
    const DECIMALS: usize = 4;

    /// So many whole New Taiwan dollars; `None` when that is more than can be kept.
    pub const fn dollars(dollars: i64) -> Option<Self> {
        match dollars.checked_mul(Self::PER_DOLLAR) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// So many ten-thousandths of a New Taiwan dollar.
    pub const fn of_ten_thousandths(units: i64) -> Self {
        Self(units)
    }

    /// The amount in ten-thousandths of a New Taiwan dollar.
    pub const fn ten_thousandths(self) -> i64 {
        self.0
    }

    /// The amount in New Taiwan dollars, if it is a whole number of them.
    pub const fn whole_dollars(self) -> Option<i64> {
        if self.0 % Self::PER_DOLLAR == 0 { Some(self.0 / Self::PER_DOLLAR) } else { None }
    }

    /// The sum; `None` when that is more than can be kept.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference; `None` when that is more than can be kept.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let per_dollar = Self::PER_DOLLAR.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", units / per_dollar)?;
        let decimals = format!("{:04}", units % per_dollar);
        match decimals.trim_end_matches('0') {
            "" => Ok(()),
            decimals => write!(f, ".{decimals}"),
        }
    }
}

impl FromStr for Charge {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let (negative, plain) = match text.strip_prefix('-') {
            Some(plain) => (true, plain),
            None => (false, text),
        };
        let (dollars, decimals) = plain.split_once('.').unwrap_or((plain, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let point_without_decimals = decimals.is_empty() && plain.ends_with('.');
        if dollars.is_empty() || point_without_decimals || !digits(dollars) || !digits(decimals) {
            return Err(InvalidAmount);
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > Self::DECIMALS {
            return Err(InvalidAmount);
        }
        let dollars: i64 = dollars.parse().map_err(|_| InvalidAmount)?;
        let decimals: i64 = format!("{decimals:0<4}").parse().map_err(|_| InvalidAmount)?;
        let whole = Self::dollars(dollars).ok_or(InvalidAmount)?;
        let units = whole.0.checked_add(decimals).ok_or(InvalidAmount)?;
        Ok(Self(if negative { -units } else { units }))
    }
}

/// Reads an amount of whole New Taiwan dollars; `.00` behind it is let pass.
pub(crate) fn whole_dollars(text: &str) -> Result<i64, InvalidAmount> {
    let amount: Charge = text.parse()?;
    amount.whole_dollars().ok_or(InvalidAmount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, units) in [
            ("0", 0),
            ("-0", 0),
            ("1280", 12_800_000),
            ("27.5", 275_000),
            ("7.975", 79_750),
            ("0.0001", 1),
            ("-43.60", -436_000),
            ("12.000000", 120_000),
            ("007", 70_000),
            ("922337203685477.5807", i64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Charge(units)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "+1",
            "--1",
            "1,280",
            "1 280",
            "NT$1",
            "1e3",
            "１",
            "1.2.3",
            "0.00001",
            "922337203685477.5808",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<Charge>(), Err(InvalidAmount), "{text}");
        }
    }

    #[test]
    fn buyers_pay_whole_dollars() {
        assert_eq!(whole_dollars("1290"), Ok(1290));
        assert_eq!(whole_dollars("-200.00"), Ok(-200));
        assert_eq!(whole_dollars("27.5"), Err(InvalidAmount));
    }

    #[test]
    fn they_are_written_shortly() {
        for (units, text) in [(0, "0"), (1, "0.0001"), (-436_000, "-43.6"), (-1, "-0.0001")] {
            assert_eq!(Charge(units).to_string(), text);
        }
        assert_eq!(Charge(i64::MIN).to_string(), "-922337203685477.5808");
    }
}
