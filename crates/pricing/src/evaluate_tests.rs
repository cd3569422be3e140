use kernel::{LocalizedText, Quantity};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    promotion::{SetPart, SetTerms},
    scope::Scope,
};

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

fn line(product: u128, price: i64, quantity: i64) -> QuoteLine<'static> {
    QuoteLine {
        variant: Uuid::from_u128(product).into(),
        product: Uuid::from_u128(product).into(),
        categories: &[],
        unit_price: twd(price),
        quantity: Quantity::new(quantity).unwrap(),
    }
}

fn promotion(id: u128, rule: Rule, stackable: bool) -> Promotion {
    Promotion {
        id: Uuid::from_u128(id).into(),
        name: LocalizedText::new(format!("活動 {id}"), format!("Deal {id}")),
        rule,
        scope: Scope::EVERYTHING,
        priority: 0,
        stackable,
        valid_from: None,
        valid_until: None,
        active: true,
    }
}

fn only(products: &[u128]) -> Scope {
    Scope {
        products: products.iter().map(|id| Uuid::from_u128(*id).into()).collect(),
        categories: Vec::new(),
    }
}

/// Which promotions took off what of each line.
fn taken(
    promotions: &[Promotion],
    signed_in: bool,
    lines: &[QuoteLine<'_>],
) -> Vec<(u128, Vec<i64>)> {
    let valid: Vec<&Promotion> = promotions.iter().collect();
    let totals: Vec<Money> =
        lines.iter().map(|it| it.unit_price.times(it.quantity.get()).unwrap()).collect();
    let (taken, left) = take_off(Promotions { valid: &valid, signed_in }, lines, &totals);
    for (at, left) in left.iter().enumerate() {
        let off: i64 = taken.iter().map(|it| it.shares()[at].amount()).sum();
        assert_eq!(totals[at].amount() - off, *left);
    }
    let told = |adjustment: &Adjustment| {
        let Source::Promotion { id, .. } = &adjustment.source else { panic!("{adjustment:?}") };
        let shares: Vec<i64> = adjustment.shares().iter().map(|it| it.amount()).collect();
        assert_eq!(shares.iter().sum::<i64>(), adjustment.amount.amount());
        (id.as_uuid().as_u128(), shares)
    };
    taken.iter().map(told).collect()
}

#[test]
fn what_each_rule_takes_off() {
    let lines = [line(1, 100, 3), line(2, 250, 1)];
    let of = |rule: Rule, scope: Scope, signed_in: bool| {
        let it = Promotion { scope, ..promotion(1, rule, false) };
        taken(&[it], signed_in, &lines).pop().map(|(_, shares)| shares)
    };
    let all = Scope::default;
    // 10 % of 550; 15 % of 300 only.
    assert_eq!(of(Rule::Percentage(10), all(), false), Some(vec![30, 25]));
    assert_eq!(of(Rule::Percentage(15), only(&[1]), false), Some(vec![45, 0]));
    assert_eq!(of(Rule::Amount(twd(55)), all(), false), Some(vec![30, 25]));
    assert_eq!(of(Rule::Amount(twd(900)), only(&[2]), false), Some(vec![0, 250]));
    assert_eq!(of(Rule::Member(10), all(), false), None);
    assert_eq!(of(Rule::Member(10), all(), true), Some(vec![30, 25]));
    // Nothing it is for.
    assert_eq!(of(Rule::Percentage(10), only(&[9]), false), None);
}

#[test]
fn the_last_tier_that_is_reached_counts_what_it_is_for() {
    let tiers = Rule::Tiers(vec![
        Tier { spend: twd(300), off: Off::Amount(twd(20)) },
        Tier { spend: twd(550), off: Off::Percentage(10) },
    ]);
    let lines = [line(1, 100, 3), line(2, 250, 1)];
    let of = |scope: Scope, lines: &[QuoteLine<'_>]| {
        taken(&[Promotion { scope, ..promotion(1, tiers.clone(), false) }], false, lines)
    };
    assert_eq!(of(Scope::default(), &lines), [(1, vec![30, 25])]);
    assert_eq!(of(only(&[1]), &lines), [(1, vec![20, 0])]);
    assert!(of(only(&[2]), &lines).is_empty());
}

#[test]
fn the_cheapest_units_are_free() {
    let buy_get = |buy, free| promotion(1, Rule::BuyGet { buy, free }, false);
    let lines = [line(1, 300, 2), line(2, 100, 2), line(3, 200, 1)];
    // Five units: one group of three, two groups of two.
    assert_eq!(taken(&[buy_get(2, 1)], false, &lines), [(1, vec![0, 100, 0])]);
    assert_eq!(taken(&[buy_get(1, 1)], false, &lines), [(1, vec![0, 200, 0])]);
    assert_eq!(taken(&[buy_get(1, 4)], false, &lines), [(1, vec![300, 200, 200])]);
    assert!(taken(&[buy_get(5, 1)], false, &lines).is_empty());
    let scoped = Promotion { scope: only(&[1, 3]), ..buy_get(2, 1) };
    assert_eq!(taken(&[scoped], false, &lines), [(1, vec![0, 0, 200])]);
    // Of the same price: the smaller variant, wherever it stands.
    assert_eq!(taken(&[buy_get(1, 1)], false, &[line(2, 9, 1), line(1, 9, 1)]), [(1, vec![0, 9])]);
}

#[test]
fn a_free_unit_gives_what_is_left_of_it() {
    let tenth = promotion(1, Rule::Percentage(10), true);
    let two_for_one = promotion(2, Rule::BuyGet { buy: 1, free: 1 }, true);
    // Two at 90 each by then: one of them is free, not 100 of 180.
    let lines = [line(1, 100, 2)];
    let both = [tenth, two_for_one];
    assert_eq!(taken(&both, false, &lines), [(1, vec![20]), (2, vec![90])]);
}

#[test]
fn those_that_go_together_are_taken_off_by_priority_of_what_is_left() {
    let lines = [line(1, 1000, 1)];
    let half = promotion(1, Rule::Percentage(50), true);
    let hundred = promotion(2, Rule::Amount(twd(100)), true);
    let both = [hundred.clone(), half.clone()];
    assert_eq!(taken(&both, false, &lines), [(1, vec![500]), (2, vec![100])]);
    let first = Promotion { priority: -1, ..hundred };
    assert_eq!(taken(&[half.clone(), first], false, &lines), [(2, vec![100]), (1, vec![450])]);
    // Nothing is left for the second.
    let all = promotion(0, Rule::Percentage(100), true);
    assert_eq!(taken(&[half, all], false, &lines), [(0, vec![1000])]);
}

#[test]
fn what_goes_with_no_other_competes_and_the_best_wins() {
    let lines = [line(1, 1000, 1)];
    let ten = promotion(1, Rule::Percentage(10), true);
    let five = promotion(2, Rule::Percentage(5), true);
    let alone = |id, off| promotion(id, Rule::Amount(twd(off)), false);
    // 100 and 45 together; 146 alone is more, 145 is not.
    let together = [(1, vec![100]), (2, vec![45])];
    assert_eq!(taken(&[ten.clone(), five.clone(), alone(3, 145)], false, &lines), together);
    let better = [alone(3, 146), five, alone(4, 140), ten];
    assert_eq!(taken(&better, false, &lines), [(3, vec![146])]);
    // Of equals the one that comes first.
    assert_eq!(taken(&[alone(6, 50), alone(5, 50)], false, &lines), [(5, vec![50])]);
    let urgent = Promotion { priority: -1, ..alone(6, 50) };
    assert_eq!(taken(&[alone(5, 50), urgent], false, &lines), [(6, vec![50])]);
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1..=100_u8).prop_map(Rule::Percentage),
        (1..=100_u8).prop_map(Rule::Member),
        (1..20_000_i64).prop_map(|amount| Rule::Amount(twd(amount))),
        (1..5_u32, 1..5_u32).prop_map(|(buy, free)| Rule::BuyGet { buy, free }),
        (1..9_000_i64, 1..500_i64, 1..=100_u8).prop_map(|(spend, off, percent)| {
            Rule::Tiers(vec![
                Tier { spend: twd(spend), off: Off::Amount(twd(off)) },
                Tier { spend: twd(spend * 2), off: Off::Percentage(percent) },
            ])
        }),
        sets(),
    ]
}

/// Sets of some of the products 0 to 4.
fn sets() -> impl Strategy<Value = Rule> {
    let terms = prop_oneof![
        (1..12_000_i64).prop_map(|price| SetTerms::Price(twd(price))),
        (1..=100_u8).prop_map(SetTerms::Percentage),
    ];
    (prop::collection::btree_map(0..5_u128, 1..4_u32, 1..4), terms).prop_map(|(parts, terms)| {
        let part = |(product, units)| SetPart { product: Uuid::from_u128(product).into(), units };
        Rule::Set { parts: parts.into_iter().map(part).collect(), terms }
    })
}

fn some() -> impl Strategy<Value = Vec<Promotion>> {
    let one = (rules(), any::<bool>(), -1..2_i16, prop::collection::vec(0..5_u128, 0..3));
    prop::collection::vec(one, 0..6).prop_map(|several| {
        let made = |(id, (rule, stackable, priority, products)): (u128, (_, _, _, Vec<u128>))| {
            Promotion { priority, scope: only(&products), ..promotion(id, rule, stackable) }
        };
        (1..).zip(several).map(made).collect()
    })
}

proptest! {
    /// Adding up is checked by `taken` itself.
    #[test]
    fn no_line_goes_below_zero_and_no_order_matters(
        promotions in some(),
        lines in prop::collection::vec((0..5_000_i64, 1..6_i64), 1..6),
        signed_in: bool,
        (turn, twist) in (0..6_usize, 0..6_usize),
    ) {
        let mut lines: Vec<_> = (0..).zip(lines).map(|(n, (p, q))| line(n, p, q)).collect();
        let mut promotions = promotions;
        let first = taken(&promotions, signed_in, &lines);
        for (at, line) in lines.iter().enumerate() {
            let whole = line.unit_price.amount() * i64::from(line.quantity.get());
            prop_assert!(first.iter().map(|(_, shares)| shares[at]).sum::<i64>() <= whole);
        }
        // Alone, or only with its like.
        let by = |id: u128| promotions.iter().find(|it| it.id.as_uuid().as_u128() == id);
        let stackable = first.iter().filter_map(|(id, _)| by(*id)).all(|it| it.stackable);
        prop_assert!(first.len() <= 1 || stackable);
        // No other choice would have saved more.
        let saved: i64 = first.iter().flat_map(|(_, shares)| shares).sum();
        for alone in promotions.iter().filter(|it| !it.stackable) {
            let other = taken(std::slice::from_ref(alone), signed_in, &lines);
            prop_assert!(other.iter().flat_map(|(_, shares)| shares).sum::<i64>() <= saved);
        }
        let turn = turn % lines.len();
        lines.rotate_left(turn);
        if !promotions.is_empty() {
            let twist = twist % promotions.len();
            promotions.rotate_left(twist);
        }
        let mut turned = taken(&promotions, signed_in, &lines);
        for (_, shares) in &mut turned {
            shares.rotate_right(turn);
        }
        prop_assert_eq!(turned, first);
    }
}
