//! What promotions take off lines. Pure.
//!
//! Those that go together are taken off one after the other, by priority and id, each of what the
//! ones before it have left. One that goes with no other is taken off alone. The buyer gets what saves
//! most: all that go together, or one of the others; of equals the ones that go together, then the
//! one that comes first.

use kernel::Money;

use crate::{
    adjustment::{Adjustment, Source, Target, spread},
    promotion::{Off, Promotion, Rule, Tier},
    quote::QuoteLine,
    sets,
};

/// The promotions that count for an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promotions<'a> {
    /// Those that [are valid](Promotion::is_valid_at), in any order.
    pub valid: &'a [&'a Promotion],
    /// Whether the buyer is signed in.
    pub signed_in: bool,
}

/// What is taken off lines of these totals, and what is left of each then.
pub(crate) fn take_off(
    promotions: Promotions<'_>,
    lines: &[QuoteLine<'_>],
    totals: &[Money],
) -> (Vec<Adjustment>, Vec<i64>) {
    let whole: Vec<i64> = totals.iter().map(|total| total.amount()).collect();
    let mut order = promotions.valid.to_vec();
    order.sort_unstable_by_key(|promotion| (promotion.priority, promotion.id));
    let together: Vec<&Promotion> = order.iter().copied().filter(|it| it.stackable).collect();
    let mut best = in_turn(&together, promotions.signed_in, lines, &whole);
    for alone in order.iter().copied().filter(|it| !it.stackable) {
        let other = in_turn(&[alone], promotions.signed_in, lines, &whole);
        if sum(&other.1) < sum(&best.1) {
            best = other;
        }
    }
    best
}

fn sum(left: &[i64]) -> i64 {
    left.iter().sum()
}

/// What these take off one after the other.
fn in_turn(
    promotions: &[&Promotion],
    signed_in: bool,
    lines: &[QuoteLine<'_>],
    whole: &[i64],
) -> (Vec<Adjustment>, Vec<i64>) {
    let mut left = whole.to_vec();
    let mut taken = Vec::new();
    for promotion in promotions {
        let shares = shares(promotion, signed_in, lines, whole, &left);
        let off: i64 = shares.iter().map(|share| share.amount()).sum();
        if off == 0 {
            continue;
        }
        for (left, share) in left.iter_mut().zip(&shares) {
            *left -= share.amount();
        }
        taken.push(Adjustment {
            source: Source::Promotion { id: promotion.id, name: promotion.name.clone() },
            // Part of the lines, whose sum is an amount.
            amount: Money::twd(off).unwrap_or(Money::ZERO),
            target: Target::Lines(shares),
        });
    }
    (taken, left)
}

/// What a promotion takes off each line of which so much is left.
fn shares(
    promotion: &Promotion,
    signed_in: bool,
    lines: &[QuoteLine<'_>],
    whole: &[i64],
    left: &[i64],
) -> Vec<Money> {
    let meant = |sums: &[i64]| -> Vec<i64> {
        let covered = |(line, sum): (&QuoteLine<'_>, &i64)| {
            if promotion.scope.covers(line) { *sum } else { 0 }
        };
        lines.iter().zip(sums).map(covered).collect()
    };
    let meant_left = meant(left);
    let off = match &promotion.rule {
        Rule::Percentage(percent) => Some(Off::Percentage(*percent)),
        Rule::Member(percent) => signed_in.then_some(Off::Percentage(*percent)),
        Rule::Amount(amount) => Some(Off::Amount(*amount)),
        Rule::Tiers(tiers) => reached(tiers, sum(&meant(whole))),
        Rule::BuyGet { buy, free } => {
            return cheapest_free(promotion, (*buy, *free), lines, left);
        }
        Rule::Set { parts, terms } => {
            let (off, meant) = sets::save(parts, *terms, lines, left);
            return spread(Money::twd(off).unwrap_or(Money::ZERO), &meant, lines);
        }
    };
    let there = sum(&meant_left);
    let amount = match off {
        Some(Off::Percentage(percent)) => there * i64::from(percent.min(100)) / 100,
        Some(Off::Amount(amount)) => amount.amount().min(there),
        None => 0,
    };
    spread(Money::twd(amount).unwrap_or(Money::ZERO), &meant_left, lines)
}

/// What the last step that is reached takes off.
fn reached(tiers: &[Tier], spend: i64) -> Option<Off> {
    let reached = tiers.iter().filter(|tier| tier.spend.amount() <= spend);
    reached.max_by_key(|tier| tier.spend).map(|tier| tier.off)
}

/// Of every `buy + free` units the lines have, `free` are free: the cheapest of all. A unit gives what
/// is left of it.
fn cheapest_free(
    promotion: &Promotion,
    (buy, free): (u32, u32),
    lines: &[QuoteLine<'_>],
    left: &[i64],
) -> Vec<Money> {
    let mut cheapest: Vec<usize> =
        (0..lines.len()).filter(|&at| promotion.scope.covers(&lines[at])).collect();
    cheapest.sort_unstable_by_key(|&at| {
        (lines[at].unit_price, lines[at].variant, lines[at].quantity, at)
    });
    let units: u64 = cheapest.iter().map(|&at| u64::from(lines[at].quantity.get())).sum();
    let mut given = units / u64::from(buy + free).max(1) * u64::from(free);
    let mut shares = vec![Money::ZERO; lines.len()];
    for at in cheapest {
        let here = given.min(lines[at].quantity.get().into());
        given -= here;
        let worth = part(left[at], here, &lines[at]);
        shares[at] = Money::twd(worth).unwrap_or(Money::ZERO);
    }
    shares
}

/// Of what is left of a line, what is left of so many of its units: whole dollars, rounded down.
pub(crate) fn part(left: i64, units: u64, line: &QuoteLine<'_>) -> i64 {
    let part = i128::from(left) * i128::from(units) / i128::from(line.quantity.get());
    i64::try_from(part).unwrap_or(left)
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
