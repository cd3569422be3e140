//! Coupons and their terms: pure.

use jiff::Timestamp;
use kernel::Money;
use thiserror::Error;

use crate::{
    quote::{CouponUse, QuoteLine},
    scope::Scope,
};

/// A code as it is kept: in capitals, so that it is the same in any case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouponCode(String);

impl CouponCode {
    /// The longest code.
    pub const MAX_LEN: usize = 40;

    /// What somebody typed in, if it can be a code at all: letters, digits, `-` and `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let code = text.trim().to_ascii_uppercase();
        let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let valid = (1..=Self::MAX_LEN).contains(&code.len()) && code.bytes().all(fits);
        valid.then_some(Self(code))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CouponCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// So many percent off the lines, 1 to 100, rounded down to whole dollars.
    Percentage(u8),
    /// So much off the lines, as far as they go.
    Amount(Money),
    /// No shipping fee.
    FreeShipping,
}

impl Benefit {
    /// What it takes off lines of this sum; never more than that.
    pub fn discount(self, subtotal: Money) -> Money {
        let amount = match self {
            Self::Percentage(percent) => subtotal.amount() * i64::from(percent.min(100)) / 100,
            Self::Amount(amount) => amount.amount().min(subtotal.amount()),
            Self::FreeShipping => 0,
        };
        // At most the subtotal, which is an amount.
        Money::twd(amount).unwrap_or(Money::ZERO)
    }

    /// The word kept in the database and shown on the wire.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Percentage(_) => "percentage",
            Self::Amount(_) => "amount",
            Self::FreeShipping => "free_shipping",
        }
    }
}

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// What the shopper types in.
    pub code: CouponCode,
    /// What it gives.
    pub benefit: Benefit,
    /// What it is for.
    pub scope: Scope,
    /// The lines it is for have to cost at least this, before anything is taken off.
    pub minimum_spend: Money,
    /// From when on it can be used.
    pub valid_from: Option<Timestamp>,
    /// Until when it can be used; at this moment it cannot any more.
    pub valid_until: Option<Timestamp>,
    /// How many orders may use it.
    pub total_limit: Option<u32>,
    /// How many orders of one buyer may use it.
    pub per_customer_limit: Option<u32>,
    /// Whether it is switched on.
    pub active: bool,
    /// How many live orders use it.
    pub redeemed: u32,
}

/// How often somebody has used a coupon, as far as it is known who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage(pub i64);

/// Why a coupon cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CouponRefusal {
    /// No coupon has this code.
    #[error("there is no such coupon")]
    Unknown,
    /// Its time has not come.
    #[error("the coupon is not valid yet")]
    NotYetValid {
        /// When it does.
        from: Timestamp,
    },
    /// Its time is over, or it was switched off.
    #[error("the coupon is no longer valid")]
    Expired,
    /// As many orders as may have used it.
    #[error("the coupon is used up")]
    UsedUp,
    /// This buyer has used it as often as one may.
    #[error("you have used this coupon already")]
    AlreadyUsed,
    /// None of the lines is what it is for.
    #[error("the coupon is for other products")]
    NothingCovered,
    /// The lines it is for cost too little.
    #[error("the coupon needs an order of at least {minimum}")]
    BelowMinimum {
        /// What they have to cost.
        minimum: Money,
    },
}

impl CouponRefusal {
    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::AlreadyUsed => "already_used",
            Self::NothingCovered => "nothing_covered",
            Self::BelowMinimum { .. } => "minimum_not_reached",
        }
    }
}

/// A rule that a coupon breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidCoupon {
    /// A percentage is 1 to 100.
    #[error("a coupon takes off 1 to 100 percent")]
    Percentage,
    /// An amount is at least a dollar.
    #[error("a coupon takes off at least a dollar")]
    Amount,
    /// It would end before it begins.
    #[error("a coupon's validity ends after it begins")]
    Period,
    /// A limit of no orders, or of more than can be counted.
    #[error("a coupon's limit is 1 to {}", i32::MAX)]
    Limit,
    /// It names more products or categories than can be kept.
    #[error("a coupon names {} products and {} categories at most", Scope::MOST, Scope::MOST)]
    Scope,
}

impl Coupon {
    /// Checks every rule.
    pub fn validate(&self) -> Result<(), InvalidCoupon> {
        match self.benefit {
            Benefit::Percentage(percent) if !(1..=100).contains(&percent) => {
                return Err(InvalidCoupon::Percentage);
            }
            Benefit::Amount(Money::ZERO) => return Err(InvalidCoupon::Amount),
            _ => {}
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && from >= until
        {
            return Err(InvalidCoupon::Period);
        }
        let absurd = |limit: u32| limit == 0 || limit > i32::MAX.cast_unsigned();
        if self.total_limit.is_some_and(absurd) || self.per_customer_limit.is_some_and(absurd) {
            return Err(InvalidCoupon::Limit);
        }
        if self.scope.fits() { Ok(()) } else { Err(InvalidCoupon::Scope) }
    }

    /// What the lines it is for cost together, before anything is taken off.
    pub fn covered(&self, lines: &[QuoteLine<'_>]) -> Money {
        let covered = lines.iter().filter(|line| self.scope.covers(line));
        let sums = covered.map(|line| line.unit_price.times(line.quantity.get()));
        let sum = sums.collect::<Result<Vec<_>, _>>().and_then(Money::sum);
        // What cannot be counted is refused by the quote; of a minimum it is enough.
        sum.or(Money::twd(Money::MAX_AMOUNT)).unwrap_or(Money::ZERO)
    }

    /// Its terms, as far as prices are concerned.
    pub const fn terms(&self) -> CouponUse<'_> {
        CouponUse { code: &self.code, benefit: self.benefit, scope: &self.scope }
    }

    /// Whether an order of these lines may use it now.
    pub fn check(
        &self,
        lines: &[QuoteLine<'_>],
        usage: Usage,
        now: Timestamp,
    ) -> Result<CouponUse<'_>, CouponRefusal> {
        if !self.active || self.valid_until.is_some_and(|until| until <= now) {
            return Err(CouponRefusal::Expired);
        }
        if let Some(from) = self.valid_from.filter(|from| now < *from) {
            return Err(CouponRefusal::NotYetValid { from });
        }
        self.check_limits(usage)?;
        if !lines.is_empty() && !lines.iter().any(|line| self.scope.covers(line)) {
            return Err(CouponRefusal::NothingCovered);
        }
        if self.covered(lines) < self.minimum_spend {
            return Err(CouponRefusal::BelowMinimum { minimum: self.minimum_spend });
        }
        Ok(self.terms())
    }

    /// Whether one more order, of a buyer who has used it so often, is within the limits.
    pub fn check_limits(&self, usage: Usage) -> Result<(), CouponRefusal> {
        let full = |limit: Option<u32>, used: i64| limit.is_some_and(|most| used >= most.into());
        if full(self.per_customer_limit, usage.0) {
            return Err(CouponRefusal::AlreadyUsed);
        }
        if full(self.total_limit, self.redeemed.into()) {
            return Err(CouponRefusal::UsedUp);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::Quantity;
    use uuid::Uuid;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn coupon() -> Coupon {
        Coupon {
            code: CouponCode::parse("welcome").unwrap(),
            benefit: Benefit::Percentage(10),
            scope: Scope::EVERYTHING,
            minimum_spend: Money::twd(500).unwrap(),
            valid_from: Some(at(100)),
            valid_until: Some(at(200)),
            total_limit: Some(5),
            per_customer_limit: Some(1),
            active: true,
            redeemed: 4,
        }
    }

    #[test]
    fn codes_are_the_same_in_any_case() {
        assert_eq!(CouponCode::parse(" welcome-10 ").unwrap().as_str(), "WELCOME-10");
        for bad in ["", "  ", "TEN PERCENT", "折扣", "A\0B", &"A".repeat(41)] {
            assert_eq!(CouponCode::parse(bad), None, "{bad:?}");
        }
    }

    fn line(product: u128, price: i64) -> QuoteLine<'static> {
        QuoteLine {
            variant: Uuid::from_u128(product).into(),
            product: Uuid::from_u128(product).into(),
            categories: &[],
            unit_price: Money::twd(price).unwrap(),
            quantity: Quantity::new(1).unwrap(),
        }
    }

    #[test]
    fn only_what_it_is_for_counts() {
        let scope = Scope { products: vec![Uuid::from_u128(1).into()], categories: Vec::new() };
        let scoped = Coupon { scope, ..coupon() };
        let check = |lines: &[QuoteLine<'_>]| scoped.check(lines, Usage(0), at(150)).err();
        let minimum = Money::twd(500).unwrap();
        assert_eq!(check(&[line(2, 900)]), Some(CouponRefusal::NothingCovered));
        let too_little = [line(1, 499), line(2, 900)];
        assert_eq!(check(&too_little), Some(CouponRefusal::BelowMinimum { minimum }));
        assert_eq!(scoped.covered(&too_little), Money::twd(499).unwrap());
        assert_eq!(check(&[line(1, 499), line(2, 900), line(1, 1)]), None);
        // An empty cart wants something; it does not want something else.
        assert_eq!(check(&[]), Some(CouponRefusal::BelowMinimum { minimum }));
    }

    #[test]
    fn every_bound_is_exact() {
        let enough = 500;
        let check = |coupon: &Coupon, price, used, second| {
            coupon.check(&[line(1, price)], Usage(used), at(second)).err()
        };
        let good = coupon();
        assert_eq!(good.check(&[line(1, enough)], Usage(0), at(100)), Ok(good.terms()));
        assert_eq!(check(&good, enough, 0, 199), None);
        let from = at(100);
        assert_eq!(check(&good, enough, 0, 99), Some(CouponRefusal::NotYetValid { from }));
        assert_eq!(check(&good, enough, 0, 200), Some(CouponRefusal::Expired));
        assert_eq!(check(&good, enough, 1, 150), Some(CouponRefusal::AlreadyUsed));
        let minimum = Money::twd(enough).unwrap();
        assert_eq!(check(&good, 499, 0, 150), Some(CouponRefusal::BelowMinimum { minimum }));
        let used_up = Coupon { redeemed: 5, ..coupon() };
        assert_eq!(check(&used_up, enough, 0, 150), Some(CouponRefusal::UsedUp));
        let off = Coupon { active: false, ..coupon() };
        assert_eq!(check(&off, enough, 0, 150), Some(CouponRefusal::Expired));
        let unlimited = Coupon { total_limit: None, per_customer_limit: None, ..used_up };
        assert_eq!(check(&unlimited, enough, 1000, 150), None);
    }

    #[test]
    fn terms_that_make_no_sense_are_refused() {
        assert_eq!(coupon().validate(), Ok(()));
        let wrong = |change: fn(&mut Coupon)| {
            let mut coupon = coupon();
            change(&mut coupon);
            coupon.validate().unwrap_err()
        };
        assert_eq!(wrong(|c| c.benefit = Benefit::Percentage(0)), InvalidCoupon::Percentage);
        assert_eq!(wrong(|c| c.benefit = Benefit::Percentage(101)), InvalidCoupon::Percentage);
        assert_eq!(wrong(|c| c.benefit = Benefit::Amount(Money::ZERO)), InvalidCoupon::Amount);
        assert_eq!(wrong(|c| c.valid_until = c.valid_from), InvalidCoupon::Period);
        assert_eq!(wrong(|c| c.total_limit = Some(0)), InvalidCoupon::Limit);
        assert_eq!(wrong(|c| c.per_customer_limit = Some(u32::MAX)), InvalidCoupon::Limit);
        let many = |c: &mut Coupon| {
            c.scope.products = (0..201).map(|n| Uuid::from_u128(n).into()).collect();
        };
        assert_eq!(wrong(many), InvalidCoupon::Scope);
    }
}
