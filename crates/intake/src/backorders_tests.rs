use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn variant(number: u8) -> VariantId {
    Uuid::from_u128(number.into()).into()
}

fn demand(line_no: i16, number: u8, units: i64) -> Demand {
    Demand { line_no, variant: variant(number), quantity: Quantity::new(units).unwrap() }
}

/// Lines 1 to 9 sell variants 1 to 9, lines from 11 on variant 1 again; line 10 sells a bundle.
fn sold(line_no: i16) -> VariantId {
    variant(match line_no {
        10 => 100,
        11.. => 1,
        own => u8::try_from(own).unwrap(),
    })
}

fn plan_with(demands: &[Demand], free: i64, room: i64) -> Plan {
    plan(demands, sold, |_| free, |it| if it == variant(1) { room } else { 0 })
}

#[test]
fn what_is_there_goes_first_and_the_rest_waits_up_to_the_limit() {
    let five = [demand(1, 1, 5)];
    let unchanged = Plan { demands: five.to_vec(), waiting: vec![] };
    assert_eq!(plan_with(&five, 5, 9), unchanged);
    assert_eq!(plan_with(&five, 3, 0), unchanged);
    assert_eq!(plan_with(&five, 3, 1), unchanged, "one too many");
    let exact = Plan { demands: vec![demand(1, 1, 3)], waiting: vec![(1, variant(1), 2)] };
    assert_eq!(plan_with(&five, 3, 2), exact);
    let nothing = Plan { demands: vec![], waiting: vec![(1, variant(1), 5)] };
    assert_eq!(plan_with(&five, 0, 5), nothing);
    // Another variant may not wait.
    let other = [demand(2, 2, 5)];
    assert_eq!(plan_with(&other, 3, 9), Plan { demands: other.to_vec(), waiting: vec![] });
}

#[test]
fn lines_add_up_and_bundles_come_first() {
    let lines = [demand(1, 1, 2), demand(11, 1, 2)];
    let split = plan_with(&lines, 3, 1);
    assert_eq!(split.demands, [demand(1, 1, 2), demand(11, 1, 1)]);
    assert_eq!(split.waiting, [(11, variant(1), 1)]);
    assert!(plan_with(&lines, 2, 1).waiting.is_empty());
    // The bundle's part comes out of stock, wherever its line stands.
    let with_bundle = [demand(1, 1, 2), demand(10, 1, 2)];
    let split = plan_with(&with_bundle, 3, 1);
    assert_eq!(split.demands, [demand(1, 1, 1), demand(10, 1, 2)]);
    assert_eq!(split.waiting, [(1, variant(1), 1)]);
    // More than there is: the bundle cannot wait, whatever the room.
    let split = plan_with(&[demand(1, 1, 1), demand(10, 1, 2)], 1, 9);
    assert_eq!(split.demands, [demand(10, 1, 2)]);
    assert_eq!(split.waiting, [(1, variant(1), 1)]);
}

proptest! {
    /// Nothing is lost and nothing is made up: what is taken and what waits is what was wanted; no
    /// more waits than may, and nothing waits while something is left that bundles do not take.
    #[test]
    fn a_plan_adds_up(
        lines in prop::collection::vec((0..4_usize, 1..9_i64), 1..6),
        free in 0..20_i64,
        room in 0..20_i64,
    ) {
        let demands: Vec<Demand> = lines
            .iter()
            .enumerate()
            .map(|(place, (kind, units))| {
                let later = i16::try_from(place).unwrap();
                match kind {
                    0 => demand(2, 2, *units),
                    1 => demand(10, 1, *units),
                    _ => demand(11 + later, 1, *units),
                }
            })
            .collect();
        let split = plan_with(&demands, free, room);
        let units = |of: &[Demand]| of.iter().map(|it| i64::from(it.quantity.get())).sum::<i64>();
        let waiting: i64 = split.waiting.iter().map(|it| i64::from(it.2)).sum();
        prop_assert_eq!(units(&split.demands) + waiting, units(&demands));
        prop_assert!(waiting <= room);
        prop_assert!(split.waiting.iter().all(|it| it.1 == variant(1) && sold(it.0) == it.1));
        if waiting > 0 {
            let first: Vec<Demand> =
                split.demands.iter().copied().filter(|it| it.variant == variant(1)).collect();
            let bundles: Vec<Demand> =
                demands.iter().copied().filter(|it| it.line_no == 10).collect();
            prop_assert_eq!(units(&first), free.max(units(&bundles)));
        }
    }
}
