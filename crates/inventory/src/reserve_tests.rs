use jiff::Timestamp;
use kernel::Actor;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Balance, StockRow};

fn variant(n: u128) -> VariantId {
    Uuid::from_u128(n).into()
}

fn warehouse(n: u128) -> WarehouseId {
    Uuid::from_u128(n).into()
}

fn row(v: u128, w: u128, available: i32) -> StockRow {
    StockRow {
        key: StockKey { variant: variant(v), warehouse: warehouse(w) },
        balance: Balance { total: available, available, reserved: 0, sold: 0 },
        safety_stock: 0,
        frozen_by: None,
        version: 1,
    }
}

fn demand(line_no: i16, v: u128, quantity: i64) -> Demand {
    Demand { line_no, variant: variant(v), quantity: Quantity::new(quantity).unwrap() }
}

fn cause() -> Cause<'static> {
    Cause { actor: Actor::Guest, reference: None, reason: None, at: Timestamp::UNIX_EPOCH }
}

fn preference(count: u128) -> Preference {
    Preference::in_order((1..=count).map(warehouse).collect())
}

fn taken(allocations: &[Allocation]) -> Vec<(i16, u128, i32)> {
    allocations
        .iter()
        .map(|a| (a.line_no, a.key.warehouse.as_uuid().as_u128(), a.quantity))
        .collect()
}

#[test]
fn one_warehouse_that_has_it_all_beats_a_nearer_one_that_does_not() {
    let mut ledger = Ledger::new([row(1, 1, 1), row(1, 2, 5), row(2, 1, 9), row(2, 2, 1)]);
    let lines = [demand(1, 1, 2), demand(2, 2, 1)];
    let got = allocate(&mut ledger, &lines, &preference(2), &cause()).unwrap();
    assert_eq!(taken(&got), [(1, 2, 2), (2, 2, 1)]);
}

#[test]
fn else_as_few_as_possible_and_the_nearest_gives_first() {
    let mut ledger = Ledger::new([row(1, 1, 1), row(1, 2, 2), row(1, 3, 4)]);
    let got = allocate(&mut ledger, &[demand(1, 1, 5)], &preference(3), &cause()).unwrap();
    assert_eq!(taken(&got), [(1, 1, 1), (1, 3, 4)]);
}

#[test]
fn lines_of_the_same_variant_are_added_up_first() {
    let mut ledger = Ledger::new([row(1, 1, 5)]);
    let lines = [demand(1, 1, 3), demand(2, 1, 3)];
    let refused = allocate(&mut ledger, &lines, &preference(1), &cause());
    let shortage = Shortage { variant: variant(1), requested: 6, available: 5 };
    assert_eq!(refused, Err(Unfillable::Shortage(vec![shortage])));
    assert!(ledger.movements().is_empty());
}

#[test]
fn a_frozen_row_is_avoided_and_named_when_only_it_could_help() {
    let mut frozen = row(1, 1, 9);
    frozen.frozen_by = Some(Uuid::from_u128(7));
    let mut ledger = Ledger::new([frozen, row(1, 2, 2)]);
    let got = allocate(&mut ledger, &[demand(1, 1, 2)], &preference(2), &cause()).unwrap();
    assert_eq!(taken(&got), [(1, 2, 2)]);
    let refused = allocate(&mut ledger, &[demand(1, 1, 1)], &preference(2), &cause());
    assert_eq!(refused, Err(Unfillable::Frozen(vec![variant(1)])));
}

#[test]
fn a_variant_without_stock_rows_is_a_shortage_of_everything() {
    let mut ledger = Ledger::new([]);
    let refused = allocate(&mut ledger, &[demand(1, 1, 1)], &preference(2), &cause());
    let shortage = Shortage { variant: variant(1), requested: 1, available: 0 };
    assert_eq!(refused, Err(Unfillable::Shortage(vec![shortage])));
}

proptest! {
    /// For any stock and any order: it is filled exactly when each variant's sum suffices; what
    /// lines get is what they want; warehouses used are as few as brute force finds.
    #[test]
    fn filled_exactly_when_it_can_be(
        stock in prop::collection::vec((1..4_u128, 1..5_u128, 0..6_i32), 0..12),
        wants in prop::collection::vec((1..4_u128, 1..6_i64), 1..4),
    ) {
        let unique: BTreeMap<_, _> = stock.iter().map(|(v, w, n)| ((*v, *w), *n)).collect();
        let rows = || unique.iter().map(|((v, w), n)| row(*v, *w, *n));
        let lines: Vec<_> = (1..).zip(&wants).map(|(no, (v, n))| demand(no, *v, *n)).collect();
        let mut total: BTreeMap<u128, i64> = BTreeMap::new();
        for (v, n) in &wants {
            *total.entry(*v).or_default() += n;
        }
        let can = |among: &[u128]| total.iter().all(|(v, n)| {
            among.iter().map(|w| i64::from(*unique.get(&(*v, *w)).unwrap_or(&0))).sum::<i64>() >= *n
        });
        let mut ledger = Ledger::new(rows());
        let allocated = allocate(&mut ledger, &lines, &preference(4), &cause());
        prop_assert_eq!(allocated.is_ok(), can(&[1, 2, 3, 4]));
        if let Ok(allocations) = allocated {
            for line in &lines {
                let got: i32 = allocations
                    .iter()
                    .filter(|a| a.line_no == line.line_no)
                    .map(|a| a.quantity)
                    .sum();
                prop_assert_eq!(got, line.quantity.to_i32());
            }
            let used: std::collections::BTreeSet<_> =
                allocations.iter().map(|a| a.key.warehouse).collect();
            let fewest = (1_u32..16)
                .filter(|set| can(&(0..4).filter(|b| set >> b & 1 == 1).map(|b| b + 1).collect::<Vec<u128>>()))
                .map(u32::count_ones)
                .min()
                .unwrap();
            prop_assert!(used.len() <= usize::try_from(fewest).unwrap());
        } else {
            prop_assert!(ledger.movements().is_empty());
        }
    }
}
