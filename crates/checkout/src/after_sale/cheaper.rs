//! What an order costs that became smaller.

use std::collections::HashMap;

use catalog::Offer;
use jiff::Timestamp;
use kernel::{
    Money,
    id::{ProductId, VariantId},
};
use orders::{Adjustment, AdjustmentSource, AdjustmentTarget, Amounts, Cut, Line, Order};
use pg::{Connection, DbResult};
use pricing::{Benefit, CouponCode, CouponUse, QuoteLine, Scope};
use uuid::Uuid;

use crate::error::CheckoutError;

/// The price of a smaller order.
pub(super) struct Priced {
    pub amounts: Amounts,
    /// What the coupon takes off the lines, where that became less and is not nothing.
    pub coupon_less: Option<Money>,
    /// What is taken off it, line by line.
    pub taken_off: Vec<Adjustment>,
}

/// What the order costs after the cuts, by the rules of prices: the lines at the prices of the moment
/// of sale, less what promotions took off the units that stay; what the coupon takes off so much
/// less; and the shipping fee as it was. What was granted stays granted: free shipping, promotions and
/// coupons whose minimum is not reached any more. `known` is what is taken off it now.
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
        return Ok(Priced { amounts, coupon_less: None, taken_off: known.to_vec() });
    }
    let variants: Vec<VariantId> = order.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, now).await?;
    let before: Vec<(i16, QuoteLine<'_>)> = lines(order, &[], &offers);
    let after: Vec<(i16, QuoteLine<'_>)> = lines(order, cuts, &offers);
    let kept = kept(order, known, &after);
    let given = order.discount.minus(of_promotions(known)).unwrap_or(Money::ZERO);
    let terms = coupon_of(conn, order, given, &quotable(&before), &left(&before, known)).await?;
    let coupon = terms.as_ref().and_then(|terms| {
        pricing::coupon_reduction(terms.to_use(), &quotable(&after), &left(&after, &kept), None)
    });
    let by_coupon = coupon.as_ref().map_or(Money::ZERO, |coupon| coupon.amount);
    let costs = |(_, line): &(i16, QuoteLine<'_>)| line.unit_price.times(line.quantity.get());
    let amounts = after
        .iter()
        .map(costs)
        .collect::<Result<Vec<_>, _>>()
        .and_then(Money::sum)
        .and_then(|subtotal| {
            let discount = of_promotions(&kept).plus(by_coupon)?;
            let total = subtotal.minus(discount)?.plus(order.shipping_fee)?;
            Ok(Amounts { subtotal, discount, total })
        })
        .unwrap_or_else(|error| unreachable!("less than it was has a price: {error}"));
    assert!(amounts.total <= order.total, "an edit makes no order dearer");
    let taken_off = explained(known, kept, coupon.as_ref(), &after);
    let coupon_less = Some(by_coupon).filter(|less| Money::ZERO < *less && *less < given);
    Ok(Priced { amounts, coupon_less, taken_off })
}

const fn is_promotion(adjustment: &Adjustment) -> bool {
    matches!(adjustment.source, AdjustmentSource::Promotion { .. })
}

/// What promotions take off the lines, together.
fn of_promotions(adjustments: &[Adjustment]) -> Money {
    let amounts = adjustments.iter().filter(|it| is_promotion(it)).map(|it| it.amount);
    Money::sum(amounts).unwrap_or(Money::ZERO)
}

/// What promotions took off the units that stay: of each line their part, cut at whole dollars by what
/// the promotions of a line come to up to here, so that a line never costs more than it did.
fn kept(order: &Order, known: &[Adjustment], after: &[(i16, QuoteLine<'_>)]) -> Vec<Adjustment> {
    let part = |line_no: i16, sum: i64| -> Option<i64> {
        let was = order.lines.iter().find(|line| line.line_no == line_no)?;
        let (_, is) = after.iter().find(|(it, _)| *it == line_no)?;
        let part = i128::from(sum) * i128::from(is.quantity.get());
        i64::try_from(part / i128::from(was.quantity.get())).ok()
    };
    let mut up_to: HashMap<i16, i64> = HashMap::new();
    let mut kept = Vec::new();
    for adjustment in known.iter().filter(|it| is_promotion(it)) {
        let AdjustmentTarget::Lines(shares) = &adjustment.target else { continue };
        let mut left = Vec::with_capacity(shares.len());
        for (line_no, share) in shares {
            let sum = up_to.entry(*line_no).or_default();
            let before = part(*line_no, *sum).unwrap_or(0);
            *sum += share.amount();
            let off = part(*line_no, *sum).unwrap_or(0) - before;
            left.push((*line_no, Money::twd(off).unwrap_or(Money::ZERO)));
        }
        let amount = Money::sum(left.iter().map(|(_, share)| *share)).unwrap_or(Money::ZERO);
        if amount > Money::ZERO {
            let (order, position) = (adjustment.order, adjustment.position);
            let source = adjustment.source.clone();
            kept.push(Adjustment::of_lines(order, position, source, amount, left));
        }
    }
    kept
}

/// What promotions leave of each line.
fn left(lines: &[(i16, QuoteLine<'_>)], adjustments: &[Adjustment]) -> Vec<i64> {
    let promotions: Vec<Adjustment> =
        adjustments.iter().filter(|it| is_promotion(it)).cloned().collect();
    let off = orders::adjustments::by_line(&promotions);
    let left = |(line_no, line): &(i16, QuoteLine<'_>)| {
        let costs = line.unit_price.amount() * i64::from(line.quantity.get());
        (costs - off.get(line_no).copied().unwrap_or(0)).max(0)
    };
    lines.iter().map(left).collect()
}

/// What is left of the lines after the cuts, to be priced, with their numbers.
fn lines<'a>(
    order: &Order,
    cuts: &[Cut],
    offers: &'a HashMap<VariantId, Offer>,
) -> Vec<(i16, QuoteLine<'a>)> {
    let stays = |line: &Line| {
        let cut = cuts.iter().find(|cut| cut.line_no == line.line_no);
        cut.map_or(line.quantity.get(), |cut| cut.quantity)
    };
    let priced = |line: &Line| {
        let offer = offers.get(&line.variant);
        let line_left = QuoteLine {
            variant: line.variant,
            // Variants are never deleted; if one were, its price would stay.
            product: offer.map_or(ProductId::from(Uuid::nil()), |offer| offer.product_id),
            categories: offer.map(|offer| &*offer.categories).unwrap_or_default(),
            unit_price: line.unit_price,
            quantity: i64::from(stays(line)).try_into().ok()?,
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

/// What the order's coupon gives on lines of which so much is `left`, where it gave so much. Where its
/// terms are not those of the moment of sale any more, it gives the amount it gave then.
async fn coupon_of(
    conn: &mut Connection,
    order: &Order,
    given: Money,
    before: &[QuoteLine<'_>],
    left: &[i64],
) -> DbResult<Option<Terms>> {
    let code = order.coupon_code.as_deref().and_then(CouponCode::parse);
    let Some(code) = code.filter(|_| given > Money::ZERO) else { return Ok(None) };
    let coupon = pricing::find_coupon(conn, &code).await?;
    let as_then = coupon.filter(|coupon| {
        let reduction = pricing::coupon_reduction(coupon.terms(), before, left, None);
        reduction.is_some_and(|it| it.amount == given)
    });
    Ok(Some(match as_then {
        Some(coupon) => Terms { code, benefit: coupon.benefit, scope: coupon.scope },
        None => Terms { code, benefit: Benefit::Amount(given), scope: Scope::EVERYTHING },
    }))
}

/// What is taken off the order now: what promotions leave of it, the coupon in its place, and what was
/// taken off the fee. An order from before this was kept goes on without.
fn explained(
    known: &[Adjustment],
    kept: Vec<Adjustment>,
    coupon: Option<&pricing::Adjustment>,
    after: &[(i16, QuoteLine<'_>)],
) -> Vec<Adjustment> {
    let mut now = kept;
    for adjustment in known.iter().filter(|it| !is_promotion(it)) {
        let (order, position) = (adjustment.order, adjustment.position);
        match (&adjustment.target, coupon) {
            (AdjustmentTarget::Shipping, _) => now.push(adjustment.clone()),
            (AdjustmentTarget::Lines(_), Some(coupon)) => {
                let numbers = after.iter().map(|(line_no, _)| *line_no);
                let shares = numbers.zip(coupon.shares().iter().copied());
                let source = adjustment.source.clone();
                now.push(Adjustment::of_lines(order, position, source, coupon.amount, shares));
            }
            (AdjustmentTarget::Lines(_), None) => {}
        }
    }
    now.sort_by_key(|adjustment| adjustment.position);
    now
}
