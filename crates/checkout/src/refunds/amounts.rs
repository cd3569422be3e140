//! What a refund comes to: pure.
//!
//! A line's worth is its price less what was taken off it, as the order's adjustments say. Orders from
//! before these were kept share their discount by price. Shares and units are cut at whole dollars by
//! what they come to *up to here*: so all lines together are exactly the order's total without the
//! fee for shipping, and all units of a line, in however many refunds, exactly the line.

use std::collections::HashMap;

use kernel::{Money, Quantity};
use orders::Order;
use payments::refunds::RefundLine;
use thiserror::Error;

/// How much is to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAmount {
    /// All that is left.
    Whole,
    /// So much.
    Amount(Money),
    /// These units of these lines, each line once: what they cost, less their share of the discount.
    Lines(Vec<(i16, Quantity)>),
}

/// Units that cannot be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("line {line_no} has only {left} units that can be given back")]
pub struct TooManyUnits {
    /// Which one of the lines that were asked for.
    pub index: usize,
    /// The order's line.
    pub line_no: i16,
    /// Units of it that nobody has asked back yet; 0 when there is no such line.
    pub left: i64,
}

/// What the lines that are asked for come to. `off`: what was taken off each line; `taken`: units of
/// lines that were asked back before.
pub(super) fn worth(
    order: &Order,
    off: &HashMap<i16, i64>,
    asked: &[(i16, Quantity)],
    taken: &[(i16, i64)],
) -> Result<Vec<RefundLine>, TooManyUnits> {
    let mut lines = Vec::with_capacity(asked.len());
    for (index, (line_no, quantity)) in asked.iter().enumerate() {
        let before = taken.iter().find(|(it, _)| it == line_no).map_or(0, |(_, units)| *units);
        let earlier = asked[..index].iter().any(|(it, _)| it == line_no);
        let line = order.lines.iter().find(|line| line.line_no == *line_no && !earlier);
        let bought = line.map_or(0, |line| i64::from(line.quantity.get()));
        let left = (bought - before).max(0);
        let units = i64::from(quantity.get());
        if units > left {
            return Err(TooManyUnits { index, line_no: *line_no, left });
        }
        let net = net_of(order, off, *line_no);
        let up_to = |units: i64| portion(net, units, bought);
        let amount = Money::twd(up_to(before + units) - up_to(before)).unwrap_or(Money::ZERO);
        lines.push(RefundLine { line_no: *line_no, quantity: *quantity, amount });
    }
    Ok(lines)
}

/// A line's price less what was taken off it, whole dollars.
fn net_of(order: &Order, off: &HashMap<i16, i64>, line_no: i16) -> i64 {
    if off.values().sum::<i64>() == order.discount.amount() {
        let line = order.lines.iter().find(|line| line.line_no == line_no);
        let price = line.map_or(0, |line| line.line_total.amount());
        return (price - off.get(&line_no).copied().unwrap_or(0)).max(0);
    }
    let (mut sum, mut net) = (0, 0);
    for line in &order.lines {
        let share = |sum: i64| portion(order.discount.amount(), sum, order.subtotal.amount());
        let after = sum + line.line_total.amount();
        if line.line_no == line_no {
            net = line.line_total.amount() - (share(after) - share(sum));
        }
        sum = after;
    }
    net.max(0)
}

/// `part / whole` of an amount, cut at whole dollars.
fn portion(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    let portion = i128::from(amount) * i128::from(part) / i128::from(whole);
    i64::try_from(portion).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "amounts_tests.rs"]
mod tests;
