//! Prices: one pure quote, used by the cart, the checkout and the order engine alike.
//!
//! *Invariant:* prices are decided here, from the catalogue; what a client sends is only compared.
//! *Invariant:* no I/O and no clock; the same input gives the same quote, to the dollar.

use kernel::{Money, MoneyError, Quantity};
use thiserror::Error;

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
    /// What is taken off.
    pub discount: Money,
    /// For shipping; nothing when no method is chosen yet.
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

/// Prices lines with a way of shipping. Amounts are tax-included whole dollars, so there is nothing
/// to round.
pub fn quote(lines: &[QuoteLine], shipping: Option<ShippingRate>) -> Result<Quote, QuoteError> {
    if lines.is_empty() {
        return Err(QuoteError::Empty);
    }
    let line_totals = lines
        .iter()
        .map(|line| line.unit_price.times(line.quantity.get()))
        .collect::<Result<Vec<_>, _>>()?;
    let subtotal = Money::sum(line_totals.iter().copied())?;
    let discount = Money::ZERO;
    let shipping_fee = shipping.map(|rate| rate.for_goods(subtotal));
    let free_shipping_remaining = shipping
        .and_then(|rate| rate.free_from)
        .and_then(|free_from| free_from.minus(subtotal).ok())
        .filter(|remaining| *remaining > Money::ZERO);
    let total = subtotal.minus(discount)?.plus(shipping_fee.unwrap_or(Money::ZERO))?;
    Ok(Quote { line_totals, subtotal, discount, shipping_fee, total, free_shipping_remaining })
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
        let below = quote(&[line(1499, 1)], Some(RATE())).unwrap();
        assert_eq!((below.shipping_fee, below.total), (Some(twd(100)), twd(1599)));
        assert_eq!(below.free_shipping_remaining, Some(twd(1)));
        let at = quote(&[line(750, 2)], Some(RATE())).unwrap();
        assert_eq!((at.shipping_fee, at.total), (Some(Money::ZERO), twd(1500)));
        assert_eq!(at.free_shipping_remaining, None);
    }

    #[test]
    fn nothing_has_no_price() {
        assert_eq!(quote(&[], None), Err(QuoteError::Empty));
    }

    #[test]
    fn absurd_sums_are_refused() {
        let absurd = [line(Money::MAX_AMOUNT, 2)];
        assert_eq!(quote(&absurd, None), Err(QuoteError::Money(MoneyError::Overflow)));
    }

    proptest! {
        #[test]
        fn everything_adds_up(lines in prop::collection::vec((0..100_000_i64, 1..100_i64), 1..20), ship: bool) {
            let lines: Vec<_> = lines.into_iter().map(|(p, q)| line(p, q)).collect();
            let quote = quote(&lines, ship.then(RATE)).unwrap();
            let exact: i64 =
                lines.iter().map(|l| l.unit_price.amount() * i64::from(l.quantity.get())).sum();
            prop_assert_eq!(quote.subtotal.amount(), exact);
            prop_assert_eq!(quote.line_totals.len(), lines.len());
            let fee = quote.shipping_fee.map_or(0, Money::amount);
            prop_assert_eq!(quote.total.amount(), exact - quote.discount.amount() + fee);
            prop_assert!(quote.discount <= quote.subtotal);
            if exact >= 1500 { prop_assert_eq!(fee, 0); }
        }
    }
}
