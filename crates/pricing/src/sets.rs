//! Sets: products that cost less together. Pure.
//!
//! As many sets are made of the lines as can be; at a fixed price, as many as would cost more without
//! it. Of each product the dearest units come first. How many sets there are, and of which units, goes
//! by the lines' prices, as every threshold does; what they save goes by what is left of those units.

use std::cmp::Reverse;

use kernel::Money;

use crate::{
    evaluate::part,
    promotion::{SetPart, SetTerms},
    quote::QuoteLine,
};

/// What sets save, and what is left of the units in them, by line: never less than they save.
pub(crate) fn save(
    parts: &[SetPart],
    terms: SetTerms,
    lines: &[QuoteLine<'_>],
    left: &[i64],
) -> (i64, Vec<i64>) {
    let piles: Vec<Pile<'_>> = parts.iter().map(|part| Pile::of(part, lines)).collect();
    let most = piles.iter().map(Pile::sets).min().unwrap_or(0);
    let sets = match terms {
        SetTerms::Percentage(_) => most,
        SetTerms::Price(price) => cheaper(&piles, most, price),
    };
    let mut meant = vec![0; lines.len()];
    for (at, line, units) in piles.iter().flat_map(|pile| pile.first(sets)) {
        meant[at] = part(left[at], units, line);
    }
    let there: i64 = meant.iter().sum();
    let off = match terms {
        SetTerms::Percentage(percent) => there * i64::from(percent.min(100)) / 100,
        SetTerms::Price(price) => {
            let sets = i64::try_from(sets).unwrap_or(i64::MAX);
            there.saturating_sub(price.amount().saturating_mul(sets)).max(0)
        }
    };
    (off, meant)
}

/// How many sets cost more by their units than this, of so many at most. Each costs no more than the
/// one before it.
fn cheaper(piles: &[Pile<'_>], most: u64, price: Money) -> u64 {
    let (mut sure, mut perhaps) = (0, most);
    while sure < perhaps {
        let set = sure + (perhaps - sure).div_ceil(2);
        if worth(piles, set) - worth(piles, set - 1) > price.amount() {
            sure = set;
        } else {
            perhaps = set - 1;
        }
    }
    sure
}

/// What the units of so many sets cost, before anything is taken off.
fn worth(piles: &[Pile<'_>], sets: u64) -> i64 {
    let units = piles.iter().flat_map(|pile| pile.first(sets));
    units.map(|(_, line, units)| part(whole(line), units, line)).sum()
}

/// What a line costs. Their sum has been counted.
fn whole(line: &QuoteLine<'_>) -> i64 {
    line.unit_price.amount().saturating_mul(line.quantity.get().into())
}

/// The units that can be a part of a set, the dearest first.
struct Pile<'a> {
    /// How many belong to one set.
    each: u64,
    lines: Vec<(usize, &'a QuoteLine<'a>)>,
}

impl<'a> Pile<'a> {
    fn of(part: &SetPart, lines: &'a [QuoteLine<'a>]) -> Self {
        let of_product = lines.iter().enumerate().filter(|(_, it)| it.product == part.product);
        let mut dearest: Vec<(usize, &QuoteLine<'_>)> = of_product.collect();
        dearest.sort_unstable_by_key(|(at, line)| {
            (Reverse(line.unit_price), line.variant, line.quantity, *at)
        });
        Self { each: part.units.max(1).into(), lines: dearest }
    }

    /// For how many sets there are units.
    fn sets(&self) -> u64 {
        let units: u64 = self.lines.iter().map(|(_, line)| u64::from(line.quantity.get())).sum();
        units / self.each
    }

    /// The units of so many sets: where the line stands, the line, and how many of it.
    fn first(&self, sets: u64) -> impl Iterator<Item = (usize, &'a QuoteLine<'a>, u64)> {
        let mut wanted = sets.saturating_mul(self.each);
        self.lines.iter().map(move |(at, line)| {
            let here = wanted.min(line.quantity.get().into());
            wanted -= here;
            (*at, *line, here)
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::Quantity;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    /// A line of this product.
    fn line(product: u128, variant: u128, price: i64, quantity: i64) -> QuoteLine<'static> {
        QuoteLine {
            variant: Uuid::from_u128(variant).into(),
            product: Uuid::from_u128(product).into(),
            categories: &[],
            unit_price: twd(price),
            quantity: Quantity::new(quantity).unwrap(),
        }
    }

    fn set(parts: &[(u128, u32)]) -> Vec<SetPart> {
        let part = |&(product, units): &(u128, u32)| SetPart {
            product: Uuid::from_u128(product).into(),
            units,
        };
        parts.iter().map(part).collect()
    }

    /// Of lines of which all is left.
    fn saved(parts: &[(u128, u32)], terms: SetTerms, lines: &[QuoteLine<'_>]) -> (i64, Vec<i64>) {
        let left: Vec<i64> = lines.iter().map(whole).collect();
        save(&set(parts), terms, lines, &left)
    }

    #[test]
    fn as_many_sets_as_there_are_whole_ones() {
        let lines = [line(1, 10, 300, 2), line(2, 20, 100, 5), line(3, 30, 50, 1)];
        let pot_and_two_cups = [(1, 1), (2, 2)];
        // Two sets of 500; a cup is left over, and what belongs to none.
        let price = SetTerms::Price(twd(399));
        assert_eq!(saved(&pot_and_two_cups, price, &lines), (202, vec![600, 400, 0]));
        // 15 % of 1,000.
        let percent = SetTerms::Percentage(15);
        assert_eq!(saved(&pot_and_two_cups, percent, &lines), (150, vec![600, 400, 0]));
        // No whole one.
        assert_eq!(saved(&[(1, 3), (2, 1)], percent, &lines), (0, vec![0, 0, 0]));
        assert_eq!(saved(&[(1, 1), (9, 1)], percent, &lines), (0, vec![0, 0, 0]));
    }

    #[test]
    fn the_dearest_units_come_first_and_no_set_costs_more_than_its_units() {
        // Two for 150, of one product in three variants: 200 + 90, 90 + 80, 80 + 60, and one more.
        let lines =
            [line(1, 10, 90, 2), line(1, 11, 200, 1), line(1, 12, 80, 2), line(1, 13, 60, 2)];
        let two = [(1, 2)];
        let off = saved(&two, SetTerms::Price(twd(150)), &lines);
        assert_eq!(off, (290 + 170 - 300, vec![180, 200, 80, 0]));
        // A third set would cost what it costs anyway.
        let same = saved(&two, SetTerms::Price(twd(140)), &lines);
        assert_eq!(same, (290 + 170 - 280, vec![180, 200, 80, 0]));
        let third = saved(&two, SetTerms::Price(twd(139)), &lines);
        assert_eq!(third, (290 + 170 + 140 - 417, vec![180, 200, 160, 60]));
        assert_eq!(saved(&two, SetTerms::Price(twd(290)), &lines), (0, vec![0; 4]));
    }

    #[test]
    fn what_is_saved_goes_by_what_is_left() {
        let lines = [line(1, 10, 100, 3), line(2, 20, 100, 1)];
        let both = set(&[(1, 1), (2, 1)]);
        // A third of 200 is 66.7, rounded down; 50 are left of the other.
        let percent = SetTerms::Percentage(50);
        assert_eq!(save(&both, percent, &lines, &[200, 50]), (58, vec![66, 50]));
        assert_eq!(save(&both, SetTerms::Price(twd(99)), &lines, &[200, 50]), (17, vec![66, 50]));
        // They cost less than the set by now: nothing is put on top.
        assert_eq!(save(&both, SetTerms::Price(twd(150)), &lines, &[200, 50]).0, 0);
        assert_eq!(save(&both, percent, &lines, &[0, 0]), (0, vec![0, 0]));
    }

    #[test]
    fn millions_of_units_are_no_more_work() {
        let most = i64::from(Quantity::MAX);
        let lines = [line(1, 10, 2, most), line(2, 20, 1, most)];
        let off = saved(&[(1, 1), (2, 1)], SetTerms::Price(twd(2)), &lines);
        assert_eq!(off, (most, vec![2 * most, most]));
    }

    proptest! {
        /// Against making them one by one, as long as that is cheaper.
        #[test]
        fn the_same_as_one_set_after_the_other(
            lines in prop::collection::vec((0..3_u128, 0..500_i64, 1..9_i64), 1..7),
            parts in prop::collection::btree_map(0..3_u128, 1..4_u32, 1..3),
            price in 1..900_i64,
        ) {
            let lines: Vec<_> = (0..).zip(lines).map(|(n, (p, c, q))| line(p, n, c, q)).collect();
            let parts: Vec<(u128, u32)> = parts.into_iter().collect();
            let mut units: Vec<Vec<i64>> = Vec::new();
            for part in set(&parts) {
                let own = lines.iter().filter(|it| it.product == part.product);
                let all = |it: &QuoteLine<'_>| {
                    vec![it.unit_price.amount(); usize::try_from(it.quantity.get()).unwrap()]
                };
                let mut each: Vec<i64> = own.flat_map(all).collect();
                each.sort_unstable_by(|a, b| b.cmp(a));
                let whole_sets = each.chunks_exact(usize::try_from(part.units).unwrap());
                units.push(whole_sets.map(|chunk| chunk.iter().sum()).collect());
            }
            let most = units.iter().map(Vec::len).min().unwrap();
            let costs = (0..most).map(|n| units.iter().map(|sets| sets[n]).sum::<i64>());
            let expected: i64 = costs.map(|cost| (cost - price).max(0)).sum();
            let (off, meant) = saved(&parts, SetTerms::Price(twd(price)), &lines);
            prop_assert_eq!(off, expected);
            prop_assert!(off <= meant.iter().sum::<i64>());
            for (line, meant) in lines.iter().zip(&meant) {
                prop_assert!((0..=whole(line)).contains(meant));
            }
        }
    }
}
