//! The quote: what lines, a coupon and shipping cost. Pure.
//!
//! Evaluated in this order: the lines; what the coupon takes off them, in whole dollars, a
//! percentage rounded down, never more than the lines; then shipping, whose free threshold looks at
//! the lines before the coupon. So a coupon never makes an order dearer.

use kernel::{Money, MoneyError, Quantity};
use thiserror::Error;

use crate::coupon::Benefit;

/// A line to be priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    /// The catalogue's price for one.
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

/// A priced order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The total of each line, in the lines' order.
    pub line_totals: Vec<Money>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What the coupon takes off the lines; never more than them.
    pub discount: Money,
    /// For shipping; nothing when no method is chosen yet.
    pub shipping_fee: Option<Money>,
    /// To pay.
    pub total: Money,
    /// All that the coupon saves: the discount, or the shipping fee that is waived.
    pub saved: Money,
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

/// The sum of the lines.
pub fn subtotal(lines: &[QuoteLine]) -> Result<Money, QuoteError> {
    Ok(Money::sum(line_totals(lines)?)?)
}

fn line_totals(lines: &[QuoteLine]) -> Result<Vec<Money>, QuoteError> {
    let totals = lines.iter().map(|line| line.unit_price.times(line.quantity.get()));
    Ok(totals.collect::<Result<_, _>>()?)
}

/// Prices lines with a way of shipping and what a coupon gives. Amounts are tax-included whole
/// dollars. Whether the coupon may be used at all is [`Coupon::check`](crate::Coupon::check).
pub fn quote(
    lines: &[QuoteLine],
    shipping: Option<ShippingRate>,
    benefit: Option<Benefit>,
) -> Result<Quote, QuoteError> {
    if lines.is_empty() {
        return Err(QuoteError::Empty);
    }
    let line_totals = line_totals(lines)?;
    let subtotal = Money::sum(line_totals.iter().copied())?;
    let discount = benefit.map_or(Money::ZERO, |benefit| benefit.discount(subtotal));
    let full_fee = shipping.map(|rate| rate.for_goods(subtotal));
    let waived = benefit == Some(Benefit::FreeShipping);
    let shipping_fee = if waived { full_fee.map(|_| Money::ZERO) } else { full_fee };
    let saved = if waived { full_fee.unwrap_or(Money::ZERO) } else { discount };
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
        shipping_fee,
        total,
        saved,
        free_shipping_remaining,
    })
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
    use proptest::prelude::*;

    use super::*;

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    fn line(price: i64, quantity: i64) -> QuoteLine {
        QuoteLine { unit_price: twd(price), quantity: Quantity::new(quantity).unwrap() }
    }

    const RATE: fn() -> ShippingRate =
        || ShippingRate { fee: twd(100), free_from: Some(twd(1500)) };

    #[test]
    fn shipping_is_free_from_the_threshold_on() {
        let below = quote(&[line(1499, 1)], Some(RATE()), None).unwrap();
        assert_eq!((below.shipping_fee, below.total), (Some(twd(100)), twd(1599)));
        assert_eq!(below.free_shipping_remaining, Some(twd(1)));
        let at = quote(&[line(750, 2)], Some(RATE()), None).unwrap();
        assert_eq!((at.shipping_fee, at.total), (Some(Money::ZERO), twd(1500)));
        assert_eq!(at.free_shipping_remaining, None);
    }

    #[test]
    fn nothing_has_no_price() {
        assert_eq!(quote(&[], None, None), Err(QuoteError::Empty));
    }

    #[test]
    fn absurd_sums_are_refused() {
        let absurd = [line(Money::MAX_AMOUNT, 2)];
        assert_eq!(quote(&absurd, None, None), Err(QuoteError::Money(MoneyError::Overflow)));
    }

    #[test]
    fn what_each_kind_of_coupon_takes_off() {
        let lines = [line(333, 1), line(100, 2)];
        let with = |benefit| quote(&lines, Some(RATE()), Some(benefit)).unwrap();
        // 15 % of 533 is 79.95: rounded down.
        let percentage = with(Benefit::Percentage(15));
        assert_eq!((percentage.discount, percentage.total), (twd(79), twd(533 - 79 + 100)));
        assert_eq!(percentage.saved, twd(79));
        let amount = with(Benefit::Amount(twd(33)));
        assert_eq!((amount.discount, amount.total), (twd(33), twd(600)));
        let larger = with(Benefit::Amount(twd(10_000)));
        assert_eq!((larger.discount, larger.total), (twd(533), twd(100)));
        let shipping = with(Benefit::FreeShipping);
        assert_eq!((shipping.discount, shipping.shipping_fee), (Money::ZERO, Some(Money::ZERO)));
        assert_eq!((shipping.total, shipping.saved), (twd(533), twd(100)));
        assert_eq!(shipping.free_shipping_remaining, None);
        // Nothing to waive yet, and nothing to waive any more.
        let unknown = quote(&lines, None, Some(Benefit::FreeShipping)).unwrap();
        assert_eq!((unknown.shipping_fee, unknown.saved), (None, Money::ZERO));
        let free = quote(&[line(1500, 1)], Some(RATE()), Some(Benefit::FreeShipping)).unwrap();
        assert_eq!(free.saved, Money::ZERO);
    }

    #[test]
    fn a_coupon_does_not_cost_the_free_shipping() {
        let lines = [line(1500, 1)];
        let quote = quote(&lines, Some(RATE()), Some(Benefit::Amount(twd(100)))).unwrap();
        assert_eq!((quote.shipping_fee, quote.total), (Some(Money::ZERO), twd(1400)));
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
            lines in prop::collection::vec((0..100_000_i64, 1..100_i64), 1..20),
            ship: bool,
            benefit in benefits(),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(p, q)| line(p, q)).collect();
            let quote = quote(&lines, ship.then(RATE), benefit).unwrap();
            let exact: i64 =
                lines.iter().map(|l| l.unit_price.amount() * i64::from(l.quantity.get())).sum();
            prop_assert_eq!(quote.subtotal.amount(), exact);
            prop_assert_eq!(subtotal(&lines).unwrap(), quote.subtotal);
            prop_assert_eq!(quote.line_totals.len(), lines.len());
            let fee = quote.shipping_fee.map_or(0, Money::amount);
            prop_assert_eq!(quote.shipping_fee.is_some(), ship);
            prop_assert_eq!(quote.total.amount(), exact - quote.discount.amount() + fee);
            prop_assert!(quote.discount <= quote.subtotal);
            if exact >= 1500 { prop_assert_eq!(fee, 0); }
        }

        /// The coupon saves exactly what it says, and never makes an order dearer.
        #[test]
        fn a_coupon_saves_what_it_says(
            lines in prop::collection::vec((0..5_000_i64, 1..5_i64), 1..5),
            ship: bool,
            benefit in benefits(),
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(p, q)| line(p, q)).collect();
            let without = quote(&lines, ship.then(RATE), None).unwrap();
            let with = quote(&lines, ship.then(RATE), benefit).unwrap();
            prop_assert_eq!(with.subtotal, without.subtotal);
            prop_assert_eq!(with.total.plus(with.saved).unwrap(), without.total);
            if let Some(Benefit::Percentage(percent)) = benefit {
                let hundredths = with.subtotal.amount() * i64::from(percent);
                let off = hundredths - with.discount.amount() * 100;
                prop_assert!((0..100).contains(&off), "{} not rounded down", off);
            }
        }
    }
}
