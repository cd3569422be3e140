//! The quote: what lines, promotions, a coupon and shipping cost. Pure, and explained: each dollar that is taken
//! off stands in one of the [adjustments](Quote::adjustments), with its share of each line.
//!
//! Evaluated in this order: the lines; what [promotions](crate::Promotions) take off them; what the
//! coupon takes off what is left of those it is for; then shipping. All in whole dollars, percentages
//! rounded down, never more than is left. Every threshold (of tiers, of the coupon, of free shipping)
//! looks at the lines before anything is taken off: so nothing that is taken off makes an order dearer.

use kernel::{
    Money, MoneyError, Quantity,
    id::{CategoryId, ProductId, VariantId},
};
use thiserror::Error;

use crate::{
    adjustment::{Adjustment, Source, Target, spread},
    coupon::{Benefit, CouponCode},
    evaluate::{Promotions, take_off},
    scope::Scope,
    vat::vat_included,
};

/// A line to be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteLine<'a> {
    /// What is bought.
    pub variant: VariantId,
    /// Its product.
    pub product: ProductId,
    /// The category of its product, and all that this lies in.
    pub categories: &'a [CategoryId],
    /// What one costs; in a new order, what [`Prices::unit_price`](crate::Prices::unit_price) says.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
}

/// What shipping costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippingRate {
    /// The fee.
    pub fee: Money,
    /// No fee when the goods cost at least this.
    pub free_from: Option<Money>,
}

/// A coupon that [may be used](crate::Coupon::check), as far as prices are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponUse<'a> {
    /// Its code, for the explanation.
    pub code: &'a CouponCode,
    /// What it gives.
    pub benefit: Benefit,
    /// What it is for.
    pub scope: &'a Scope,
}

/// A priced order: `total` = `subtotal` − `discount` + `shipping_fee`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The total of each line, in the lines' order.
    pub line_totals: Vec<Money>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What is taken off the lines; never more than them.
    pub discount: Money,
    /// All that is taken off, in the order in which it was.
    pub adjustments: Vec<Adjustment>,
    /// For shipping, with what is taken off it; nothing when no method is chosen yet.
    pub shipping_fee: Option<Money>,
    /// To pay.
    pub total: Money,
    /// What more to buy for free shipping, when that is on offer.
    pub free_shipping_remaining: Option<Money>,
}

/// Why there is no quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuoteError {
    /// Nothing to price.
    #[error("there is nothing to price")]
    Empty,
    /// Sums beyond all measure.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

fn line_totals(lines: &[QuoteLine<'_>]) -> Result<Vec<Money>, QuoteError> {
    let totals = lines.iter().map(|line| line.unit_price.times(line.quantity.get()));
    Ok(totals.collect::<Result<_, _>>()?)
}

/// Prices lines with a way of shipping, the promotions that count and what a coupon gives. Amounts are
/// tax-included whole dollars. Whether the coupon may be used at all is
/// [`Coupon::check`](crate::Coupon::check).
pub fn quote(
    lines: &[QuoteLine<'_>],
    shipping: Option<ShippingRate>,
    promotions: Promotions<'_>,
    coupon: Option<CouponUse<'_>>,
) -> Result<Quote, QuoteError> {
    if lines.is_empty() {
        return Err(QuoteError::Empty);
    }
    let line_totals = line_totals(lines)?;
    let subtotal = Money::sum(line_totals.iter().copied())?;
    let full_fee = shipping.map(|rate| rate.for_goods(subtotal));
    let mut adjustments = Vec::new();
    // Most orders get nothing off, and nothing is done for them here.
    if !promotions.valid.is_empty() || coupon.is_some() {
        let (taken, left) = take_off(promotions, lines, &line_totals);
        adjustments = taken;
        if let Some(coupon) = coupon {
            adjustments.extend(coupon_reduction(coupon, lines, &left, full_fee));
        }
    }
    let (mut discount, mut shipping_fee) = (Money::ZERO, full_fee);
    for adjustment in &adjustments {
        match adjustment.target {
            Target::Lines(_) => discount = discount.plus(adjustment.amount)?,
            Target::Shipping => {
                shipping_fee = shipping_fee.map(|fee| fee.minus(adjustment.amount)).transpose()?;
            }
        }
    }
    let waived = coupon.is_some_and(|coupon| coupon.benefit == Benefit::FreeShipping);
    let free_shipping_remaining = shipping
        .and_then(|rate| rate.free_from)
        .filter(|_| !waived)
        .and_then(|free_from| free_from.minus(subtotal).ok())
        .filter(|remaining| *remaining > Money::ZERO);
    let total = subtotal.minus(discount)?.plus(shipping_fee.unwrap_or(Money::ZERO))?;
    Ok(Quote {
        line_totals,
        subtotal,
        discount,
        adjustments,
        shipping_fee,
        total,
        free_shipping_remaining,
    })
}

/// What a coupon takes off lines of which so much is left, and off the fee; if it is anything.
///
/// # Panics
/// When what is left is no amount of money.
pub fn coupon_reduction(
    coupon: CouponUse<'_>,
    lines: &[QuoteLine<'_>],
    left: &[i64],
    fee: Option<Money>,
) -> Option<Adjustment> {
    let (amount, target) = if coupon.benefit == Benefit::FreeShipping {
        (fee.unwrap_or(Money::ZERO), Target::Shipping)
    } else {
        let meant = |(line, left): (&QuoteLine<'_>, &i64)| {
            if coupon.scope.covers(line) { *left } else { 0 }
        };
        let meant: Vec<i64> = lines.iter().zip(left).map(meant).collect();
        let there = Money::twd(meant.iter().sum());
        let there = there.unwrap_or_else(|error| unreachable!("part of the subtotal: {error}"));
        let amount = coupon.benefit.discount(there);
        (amount, Target::Lines(spread(amount, &meant, lines)))
    };
    let source = Source::Coupon(coupon.code.clone());
    (amount > Money::ZERO).then_some(Adjustment { source, amount, target })
}

impl Quote {
    /// What nothing costs.
    pub const fn nothing() -> Self {
        Self {
            line_totals: Vec::new(),
            subtotal: Money::ZERO,
            discount: Money::ZERO,
            adjustments: Vec::new(),
            shipping_fee: None,
            total: Money::ZERO,
            free_shipping_remaining: None,
        }
    }

    /// All that the coupon saves: on the lines, or on the shipping fee.
    pub fn saved_by_coupon(&self) -> Money {
        let by_coupon = |it: &&Adjustment| matches!(it.source, Source::Coupon(_));
        let used = self.adjustments.iter().find(by_coupon);
        used.map_or(Money::ZERO, |adjustment| adjustment.amount)
    }

    /// The tax that the total includes.
    pub fn vat_included(&self) -> Money {
        vat_included(self.total)
    }
}

impl ShippingRate {
    /// The fee for goods of this price.
    pub fn for_goods(self, subtotal: Money) -> Money {
        let free = self.free_from.is_some_and(|free_from| subtotal >= free_from);
        if free { Money::ZERO } else { self.fee }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    fn line(price: i64, quantity: i64) -> QuoteLine<'static> {
        of(1, price, quantity)
    }

    /// A line of this product, whose variant has its number.
    fn of(product: u128, price: i64, quantity: i64) -> QuoteLine<'static> {
        QuoteLine {
            variant: Uuid::from_u128(product).into(),
            product: Uuid::from_u128(product).into(),
            categories: &[],
            unit_price: twd(price),
            quantity: Quantity::new(quantity).unwrap(),
        }
    }

    /// Without promotions: these are the evaluation's to test.
    fn priced(
        lines: &[QuoteLine<'_>],
        shipping: Option<ShippingRate>,
        coupon: Option<CouponUse<'_>>,
    ) -> Result<Quote, QuoteError> {
        quote(lines, shipping, Promotions::default(), coupon)
    }

    static CODE: LazyLock<CouponCode> = LazyLock::new(|| CouponCode::parse("TEN").unwrap());

    static ALL: Scope = Scope::EVERYTHING;

    fn everything(benefit: Benefit) -> CouponUse<'static> {
        CouponUse { code: &CODE, benefit, scope: &ALL }
    }

    const RATE: fn() -> ShippingRate =
        || ShippingRate { fee: twd(100), free_from: Some(twd(1500)) };

    #[test]
    fn shipping_is_free_from_the_threshold_on() {
        let below = priced(&[line(1499, 1)], Some(RATE()), None).unwrap();
        assert_eq!((below.shipping_fee, below.total), (Some(twd(100)), twd(1599)));
        assert_eq!(below.free_shipping_remaining, Some(twd(1)));
        let at = priced(&[line(750, 2)], Some(RATE()), None).unwrap();
        assert_eq!((at.shipping_fee, at.total), (Some(Money::ZERO), twd(1500)));
        assert_eq!(at.free_shipping_remaining, None);
    }

    #[test]
    fn nothing_has_no_price() {
        assert_eq!(priced(&[], None, None), Err(QuoteError::Empty));
    }

    #[test]
    fn absurd_sums_are_refused() {
        let absurd = [line(Money::MAX_AMOUNT, 2)];
        assert_eq!(priced(&absurd, None, None), Err(QuoteError::Money(MoneyError::Overflow)));
    }

    #[test]
    fn what_each_kind_of_coupon_takes_off() {
        let lines = [line(333, 1), line(100, 2)];
        let with = |benefit| priced(&lines, Some(RATE()), Some(everything(benefit))).unwrap();
        // 15 % of 533 is 79.95: rounded down.
        let percentage = with(Benefit::Percentage(15));
        assert_eq!((percentage.discount, percentage.total), (twd(79), twd(533 - 79 + 100)));
        assert_eq!(percentage.saved_by_coupon(), twd(79));
        let amount = with(Benefit::Amount(twd(33)));
        assert_eq!((amount.discount, amount.total), (twd(33), twd(600)));
        let larger = with(Benefit::Amount(twd(10_000)));
        assert_eq!((larger.discount, larger.total), (twd(533), twd(100)));
        let shipping = with(Benefit::FreeShipping);
        assert_eq!((shipping.discount, shipping.shipping_fee), (Money::ZERO, Some(Money::ZERO)));
        assert_eq!((shipping.total, shipping.saved_by_coupon()), (twd(533), twd(100)));
        assert_eq!(shipping.free_shipping_remaining, None);
        // Nothing to waive yet, and nothing to waive any more.
        let free_shipping = Some(everything(Benefit::FreeShipping));
        let unknown = priced(&lines, None, free_shipping).unwrap();
        assert_eq!((unknown.shipping_fee, unknown.adjustments), (None, Vec::new()));
        let free = priced(&[line(1500, 1)], Some(RATE()), free_shipping).unwrap();
        assert_eq!((free.saved_by_coupon(), free.adjustments), (Money::ZERO, Vec::new()));
    }

    #[test]
    fn a_coupon_does_not_cost_the_free_shipping() {
        let lines = [line(1500, 1)];
        let coupon = everything(Benefit::Amount(twd(100)));
        let quote = priced(&lines, Some(RATE()), Some(coupon)).unwrap();
        assert_eq!((quote.shipping_fee, quote.total), (Some(Money::ZERO), twd(1400)));
    }

    #[test]
    fn what_is_taken_off_is_explained_line_by_line() {
        let scope = Scope {
            products: vec![Uuid::from_u128(1).into(), Uuid::from_u128(3).into()],
            categories: Vec::new(),
        };
        let coupon = CouponUse { code: &CODE, benefit: Benefit::Percentage(10), scope: &scope };
        let lines = [of(1, 100, 2), of(2, 1000, 1), of(3, 55, 1)];
        let shown = priced(&lines, Some(RATE()), Some(coupon)).unwrap();
        // 10 % of 255 is 25.5: rounded down; 19.6 and 5.4 of it.
        let shares = vec![twd(20), twd(0), twd(5)];
        let source = Source::Coupon(CODE.clone());
        let target = Target::Lines(shares);
        assert_eq!(shown.adjustments, [Adjustment { source, amount: twd(25), target }]);
        assert_eq!((shown.subtotal, shown.discount), (twd(1255), twd(25)));
        assert_eq!((shown.total, shown.vat_included()), (twd(1330), twd(63)));
        // Nothing is taken off what it is not for.
        let nothing = priced(&lines[1..2], None, Some(coupon)).unwrap();
        assert_eq!((nothing.adjustments, nothing.total), (Vec::new(), twd(1000)));
        let waived = priced(&lines, Some(RATE()), Some(everything(Benefit::FreeShipping))).unwrap();
        let source = Source::Coupon(CODE.clone());
        let expected = Adjustment { source, amount: twd(100), target: Target::Shipping };
        assert_eq!(waived.adjustments, [expected]);
        assert!(waived.adjustments[0].shares().is_empty());
    }

    /// Some of the products 0 to 5; none: everything.
    fn scopes() -> impl Strategy<Value = Scope> {
        prop::collection::vec(0..6_u128, 0..4).prop_map(|products| Scope {
            products: products.into_iter().map(|n| Uuid::from_u128(n).into()).collect(),
            categories: Vec::new(),
        })
    }

    fn benefits() -> impl Strategy<Value = Option<Benefit>> {
        prop_oneof![
            Just(None),
            (1..=100_u8).prop_map(|percent| Some(Benefit::Percentage(percent))),
            (1..10_000_000_i64).prop_map(|amount| Some(Benefit::Amount(twd(amount)))),
            Just(Some(Benefit::FreeShipping)),
        ]
    }

    proptest! {
        #[test]
        fn everything_adds_up(
            lines in prop::collection::vec((0..6_u128, 0..100_000_i64, 1..100_i64), 1..20),
            ship: bool,
            benefit in benefits(),
            scope in scopes(),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(n, p, q)| of(n, p, q)).collect();
            let coupon = benefit.map(|benefit| CouponUse { code: &CODE, benefit, scope: &scope });
            let quote = priced(&lines, ship.then(RATE), coupon).unwrap();
            let exact: i64 =
                lines.iter().map(|l| l.unit_price.amount() * i64::from(l.quantity.get())).sum();
            prop_assert_eq!(quote.subtotal.amount(), exact);
            prop_assert_eq!(quote.line_totals.len(), lines.len());
            let fee = quote.shipping_fee.map_or(0, Money::amount);
            prop_assert_eq!(quote.shipping_fee.is_some(), ship);
            prop_assert_eq!(quote.total.amount(), exact - quote.discount.amount() + fee);
            prop_assert!(quote.discount <= quote.subtotal);
            if exact >= 1500 { prop_assert_eq!(fee, 0); }
            // Every dollar is explained, and nothing is taken off what it is not for.
            let mut off = 0;
            for adjustment in &quote.adjustments {
                prop_assert!(adjustment.amount > Money::ZERO);
                let Target::Lines(shares) = &adjustment.target else { continue };
                prop_assert_eq!(shares.len(), lines.len());
                for ((line, whole), share) in lines.iter().zip(&quote.line_totals).zip(shares) {
                    prop_assert!(share <= whole);
                    prop_assert!(*share == Money::ZERO || scope.covers(line));
                    off += share.amount();
                }
            }
            prop_assert_eq!(off, quote.discount.amount());
        }

        /// The coupon saves exactly what it says, and never makes an order dearer.
        #[test]
        fn a_coupon_saves_what_it_says(
            lines in prop::collection::vec((0..6_u128, 0..5_000_i64, 1..5_i64), 1..5),
            ship: bool,
            benefit in benefits(),
            scope in scopes(),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(n, p, q)| of(n, p, q)).collect();
            let coupon = benefit.map(|benefit| CouponUse { code: &CODE, benefit, scope: &scope });
            let without = priced(&lines, ship.then(RATE), None).unwrap();
            let with = priced(&lines, ship.then(RATE), coupon).unwrap();
            prop_assert_eq!(with.subtotal, without.subtotal);
            prop_assert_eq!(with.total.plus(with.saved_by_coupon()).unwrap(), without.total);
            if let Some(Benefit::Percentage(percent)) = benefit {
                let meant = lines.iter().zip(&with.line_totals).filter(|it| scope.covers(it.0));
                let meant: i64 = meant.map(|(_, sum)| sum.amount()).sum();
                let off = meant * i64::from(percent) - with.discount.amount() * 100;
                prop_assert!((0..100).contains(&off), "{} not rounded down", off);
            }
        }

        /// Each line gets the same, wherever it stands.
        #[test]
        fn the_order_of_the_lines_does_not_matter(
            lines in prop::collection::vec((0..5_000_i64, 1..5_i64), 1..8),
            benefit in benefits(),
            scope in scopes(),
            turn in 0..8_usize,
        ) {
            let mut lines: Vec<_> = (0..).zip(lines).map(|(n, (p, q))| of(n, p, q)).collect();
            let coupon = benefit.map(|benefit| CouponUse { code: &CODE, benefit, scope: &scope });
            let first = priced(&lines, Some(RATE()), coupon).unwrap();
            let turn = turn % lines.len();
            lines.rotate_left(turn);
            let mut turned = priced(&lines, Some(RATE()), coupon).unwrap();
            turned.line_totals.rotate_right(turn);
            for adjustment in &mut turned.adjustments {
                if let Target::Lines(shares) = &mut adjustment.target {
                    shares.rotate_right(turn);
                }
            }
            prop_assert_eq!(turned, first);
        }
    }
}
