//! What an order costs that became smaller.

use std::collections::HashMap;

use catalog::Offer;
use jiff::Timestamp;
use kernel::{
    Money,
    id::{ProductId, VariantId},
};
use orders::{Adjustment, AdjustmentTarget, Amounts, Cut, Line, Order};
use pg::{Connection, DbResult};
use pricing::{Benefit, CouponCode, CouponUse, QuoteLine, Scope, ShippingRate};
use uuid::Uuid;

use crate::error::CheckoutError;

/// The price of a smaller order.
pub(super) struct Priced {
    pub amounts: Amounts,
    /// What is taken off it, line by line.
    pub taken_off: Vec<Adjustment>,
}

/// What the order costs after the cuts, by the rules of prices: the lines at the prices of the moment
/// of sale, what the coupon takes off so much less, and the shipping fee as it was: free shipping that
/// was granted stays granted, and so does a coupon whose minimum is not reached any more. `known` is
/// what is taken off it now.
pub(super) async fn price_after(
    conn: &mut Connection,
    order: &Order,
    known: &[Adjustment],
    cuts: &[Cut],
    now: Timestamp,
) -> Result<Priced, CheckoutError> {
    let amounts =
        Amounts { subtotal: order.subtotal, discount: order.discount, total: order.total };
    if cuts.is_empty() {
        return Ok(Priced { amounts, taken_off: known.to_vec() });
    }
    let variants: Vec<VariantId> = order.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, now).await?;
    let before: Vec<(i16, QuoteLine<'_>)> = lines(order, &[], &offers);
    let after: Vec<(i16, QuoteLine<'_>)> = lines(order, cuts, &offers);
    let rate = ShippingRate { fee: order.shipping_fee, free_from: None };
    let coupon = coupon_of(conn, order, &quotable(&before)).await?;
    let quote = pricing::quote(&quotable(&after), Some(rate), coupon.as_ref().map(Terms::to_use))
        .unwrap_or_else(|error| unreachable!("less than it was has a price: {error}"));
    assert!(quote.total <= order.total, "an edit makes no order dearer");
    let numbers: Vec<i16> = after.iter().map(|(line_no, _)| *line_no).collect();
    let taken_off = explained(known, &quote.adjustments, &numbers);
    let amounts =
        Amounts { subtotal: quote.subtotal, discount: quote.discount, total: quote.total };
    Ok(Priced { amounts, taken_off })
}

/// What is left of the lines after the cuts, to be priced, with their numbers.
fn lines<'a>(
    order: &Order,
    cuts: &[Cut],
    offers: &'a HashMap<VariantId, Offer>,
) -> Vec<(i16, QuoteLine<'a>)> {
    let left = |line: &Line| {
        let cut = cuts.iter().find(|cut| cut.line_no == line.line_no);
        cut.map_or(line.quantity.get(), |cut| cut.quantity)
    };
    let priced = |line: &Line| {
        let offer = offers.get(&line.variant);
        let line_left = QuoteLine {
            variant: line.variant,
            // Variants are never deleted; if one were, its price would stay.
            product: offer.map_or(ProductId::from(Uuid::nil()), |offer| offer.product_id),
            categories: offer.map_or(&[], |offer| &offer.categories),
            unit_price: line.unit_price,
            quantity: i64::from(left(line)).try_into().ok()?,
        };
        Some((line.line_no, line_left))
    };
    order.lines.iter().filter_map(priced).collect()
}

fn quotable<'a>(lines: &[(i16, QuoteLine<'a>)]) -> Vec<QuoteLine<'a>> {
    lines.iter().map(|(_, line)| *line).collect()
}

/// The terms of an order's coupon.
struct Terms {
    code: CouponCode,
    benefit: Benefit,
    scope: Scope,
}

impl Terms {
    const fn to_use(&self) -> CouponUse<'_> {
        CouponUse { code: &self.code, benefit: self.benefit, scope: &self.scope }
    }
}

/// What the order's coupon gives on lines. Where its terms are not those of the moment of sale any more,
/// it gives the amount it gave then.
async fn coupon_of(
    conn: &mut Connection,
    order: &Order,
    before: &[QuoteLine<'_>],
) -> DbResult<Option<Terms>> {
    if order.discount == Money::ZERO {
        return Ok(None);
    }
    let Some(code) = order.coupon_code.as_deref().and_then(CouponCode::parse) else {
        return Ok(None);
    };
    let coupon = pricing::find_coupon(conn, &code).await?;
    let as_then = coupon.filter(|coupon| {
        let quote = pricing::quote(before, None, Some(coupon.terms()));
        quote.is_ok_and(|quote| quote.discount == order.discount)
    });
    Ok(Some(match as_then {
        Some(coupon) => Terms { code, benefit: coupon.benefit, scope: coupon.scope },
        None => Terms { code, benefit: Benefit::Amount(order.discount), scope: Scope::EVERYTHING },
    }))
}

/// What was known of an order's price, with what is taken off its lines now. An order from before
/// this was kept goes on without.
fn explained(
    known: &[Adjustment],
    now: &[pricing::Adjustment],
    numbers: &[i16],
) -> Vec<Adjustment> {
    let mut left = Vec::with_capacity(known.len());
    for adjustment in known {
        let AdjustmentTarget::Lines(_) = adjustment.target else {
            left.push(adjustment.clone());
            continue;
        };
        let (order, position) = (adjustment.order, adjustment.position);
        left.extend(now.iter().map(|now| {
            let shares = numbers.iter().copied().zip(now.shares().iter().copied());
            Adjustment::of_lines(order, position, adjustment.source.clone(), now.amount, shares)
        }));
    }
    left
}
