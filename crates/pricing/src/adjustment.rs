//! What is taken off, by what, and from which lines. Pure.

use std::cmp::Reverse;

use kernel::{LocalizedText, Money, id::PromotionId};

use crate::{coupon::CouponCode, quote::QuoteLine};

/// What takes something off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A promotion.
    Promotion {
        /// Its id.
        id: PromotionId,
        /// What buyers are told it is.
        name: LocalizedText,
    },
    /// A coupon.
    Coupon(CouponCode),
}

/// What something is taken off from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The lines: so much of each, in the order they were given in.
    Lines(Vec<Money>),
    /// The fee for shipping.
    Shipping,
}

/// Something that is taken off: one line of the explanation of a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// By what.
    pub source: Source,
    /// How much; never nothing.
    pub amount: Money,
    /// From what. Shares of lines add up to the amount.
    pub target: Target,
}

impl Adjustment {
    /// What is taken off each line; nothing of any where it is about shipping.
    pub fn shares(&self) -> &[Money] {
        match &self.target {
            Target::Lines(shares) => shares,
            Target::Shipping => &[],
        }
    }
}

/// Takes an amount off lines of which these sums are left and are meant, in proportion to them and in
/// whole dollars: each its share rounded down, and what is missing then a dollar each to the largest
/// remainders. So no line goes below zero. Of equal remainders the larger line comes first, then
/// the smaller variant: the order of the lines does not matter.
///
/// # Panics
/// When there is less than the amount.
pub(crate) fn spread(amount: Money, meant: &[i64], lines: &[QuoteLine<'_>]) -> Vec<Money> {
    let amount = i128::from(amount.amount());
    let whole: i128 = meant.iter().copied().map(i128::from).sum();
    assert!(amount <= whole, "{amount} cannot be taken off {whole}");
    let exact = |sum: &i64| amount * i128::from(*sum);
    let mut parts: Vec<i128> = meant.iter().map(|sum| exact(sum) / whole.max(1)).collect();
    let mut first: Vec<usize> = (0..meant.len()).collect();
    first.sort_unstable_by_key(|&at| {
        (Reverse(exact(&meant[at]) % whole.max(1)), Reverse(meant[at]), lines[at].variant, at)
    });
    let missing = amount - parts.iter().sum::<i128>();
    for at in first.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[at] += 1;
    }
    parts.into_iter().map(share).collect()
}

/// A share of an amount is an amount.
fn share(dollars: i128) -> Money {
    i64::try_from(dollars).ok().and_then(|dollars| Money::twd(dollars).ok()).unwrap_or(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use kernel::Quantity;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn line(variant: u128) -> QuoteLine<'static> {
        QuoteLine {
            variant: Uuid::from_u128(variant).into(),
            product: Uuid::from_u128(1).into(),
            categories: &[],
            unit_price: Money::ZERO,
            quantity: Quantity::new(1).unwrap(),
        }
    }

    fn parts(amount: i64, meant: &[(u128, i64)]) -> Vec<i64> {
        let lines: Vec<_> = meant.iter().map(|(variant, _)| line(*variant)).collect();
        let sums: Vec<i64> = meant.iter().map(|(_, sum)| *sum).collect();
        let shares = spread(Money::twd(amount).unwrap(), &sums, &lines);
        shares.into_iter().map(Money::amount).collect()
    }

    #[test]
    fn the_largest_remainders_get_the_dollars_that_are_missing() {
        // 33.3 each: the smallest variant gets the dollar, wherever it stands.
        assert_eq!(parts(100, &[(1, 100), (2, 100), (3, 100)]), [34, 33, 33]);
        assert_eq!(parts(100, &[(3, 100), (2, 100), (1, 100)]), [33, 33, 34]);
        // 7.5 and 2.5: the same remainder, so the larger line.
        assert_eq!(parts(10, &[(1, 10), (2, 30)]), [2, 8]);
        // Nothing of what is not meant.
        assert_eq!(parts(7, &[(1, 0), (2, 9), (3, 0)]), [0, 7, 0]);
        assert_eq!(parts(0, &[(1, 0), (2, 0)]), [0, 0]);
    }

    #[test]
    #[should_panic(expected = "6 cannot be taken off 5")]
    fn more_than_there_is_cannot_be_taken_off() {
        parts(6, &[(1, 5)]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_never_more_than_their_lines(
            sums in prop::collection::vec(0..1_000_000_000_i64, 1..30),
            share in 0..=1000_i64,
            turn in 0..30_usize,
        ) {
            let mut meant: Vec<(u128, i64)> = (1..).zip(sums).collect();
            let whole: i64 = meant.iter().map(|(_, sum)| *sum).sum();
            let amount = whole / 1000 * share;
            let shares = parts(amount, &meant);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount);
            for ((_, sum), share) in meant.iter().zip(&shares) {
                prop_assert!((0..=*sum).contains(share));
            }
            // The same of each line, whatever their order.
            let mut of_variant: Vec<_> = meant.iter().map(|it| it.0).zip(shares).collect();
            let turn = turn % meant.len();
            meant.rotate_left(turn);
            of_variant.rotate_left(turn);
            let turned: Vec<_> = meant.iter().map(|it| it.0).zip(parts(amount, &meant)).collect();
            prop_assert_eq!(turned, of_variant);
        }
    }
}
