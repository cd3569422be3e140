use kernel::{LocalizedText, Quantity};
use uuid::Uuid;

use super::*;
use crate::{
    model::{Balance, StockRow},
    reserve::Shortage,
};

fn warehouse(n: u128, code: &str, at: (f64, f64), active: bool) -> Warehouse {
    Warehouse {
        id: Uuid::from_u128(n).into(),
        code: code.into(),
        name: LocalizedText::new(code, code),
        postal_code: "100".into(),
        city: "臺北市".into(),
        district: "中正區".into(),
        address1: "1".into(),
        latitude: at.0,
        longitude: at.1,
        priority: i32::try_from(n).unwrap(),
        active,
        version: 1,
    }
}

fn warehouses() -> Vec<Warehouse> {
    vec![
        warehouse(1, "OLD", (25.03, 121.51), false),
        warehouse(2, "TPE", (25.08, 121.58), true),
        warehouse(3, "TXG", (24.18, 120.64), true),
        warehouse(4, "KHH", (22.60, 120.31), true),
    ]
}

fn variant(n: u128) -> VariantId {
    Uuid::from_u128(n).into()
}

fn row(v: u128, w: u128, available: i32, frozen: bool) -> StockRow {
    StockRow {
        key: StockKey { variant: variant(v), warehouse: Uuid::from_u128(w).into() },
        balance: Balance { total: available, available, reserved: 0, sold: 0 },
        safety_stock: 0,
        frozen_by: frozen.then(|| Uuid::from_u128(9)),
        version: 1,
    }
}

fn demand(line_no: i16, v: u128, quantity: i64) -> Demand {
    Demand { line_no, variant: variant(v), quantity: Quantity::new(quantity).unwrap() }
}

fn told(explanation: &Explanation) -> Vec<(&str, Option<usize>, Verdict)> {
    explanation
        .warehouses
        .iter()
        .map(|it| (it.warehouse.code.as_str(), it.rank, it.verdict))
        .collect()
}

fn try_out(
    rows: &[StockRow],
    strategy: Strategy,
    postal_code: &str,
    demands: &[Demand],
) -> Explanation {
    decide(Ledger::new(rows.iter().copied()), warehouses(), strategy, postal_code, demands)
}

#[test]
fn one_that_has_everything_and_why_the_others_were_not_chosen() {
    let rows = [row(1, 1, 9, false), row(1, 2, 1, false), row(1, 3, 5, false), row(1, 4, 7, false)];
    let told_of = try_out(&rows, Strategy::NearestWhole, "100", &[demand(1, 1, 2)]);
    assert_eq!(
        told(&told_of),
        [
            ("TPE", Some(1), Verdict::NotWhole),
            ("TXG", Some(2), Verdict::Chosen),
            ("KHH", Some(3), Verdict::LessPreferred),
            ("OLD", None, Verdict::Closed),
        ]
    );
    assert_eq!(told_of.district.unwrap().district_zh, "中正區");
    let distances: Vec<_> = told_of.warehouses.iter().map(|it| it.distance.unwrap()).collect();
    assert_eq!(distances, [8, 130, 297, 1]);
    let allocations = told_of.outcome.unwrap();
    assert_eq!((allocations.len(), allocations[0].quantity), (1, 2));
    assert_eq!(allocations[0].key.warehouse, Uuid::from_u128(3).into());
}

#[test]
fn the_same_stock_by_every_strategy() {
    let rows = [row(1, 2, 1, false), row(1, 3, 5, false), row(1, 4, 7, false)];
    let chosen = |strategy, postal_code, quantity| -> Vec<(u128, i32)> {
        let explanation = try_out(&rows, strategy, postal_code, &[demand(1, 1, quantity)]);
        let taken = explanation.outcome.unwrap();
        taken.iter().map(|it| (it.key.warehouse.as_uuid().as_u128(), it.quantity)).collect()
    };
    assert_eq!(chosen(Strategy::NearestWhole, "100", 2), [(3, 2)]);
    assert_eq!(chosen(Strategy::Nearest, "100", 2), [(2, 1), (3, 1)]);
    assert_eq!(chosen(Strategy::Fewest, "806", 2), [(3, 2)]);
    assert_eq!(chosen(Strategy::Priority, "806", 2), [(2, 1), (3, 1)]);
    assert_eq!(chosen(Strategy::Nearest, "806", 2), [(4, 2)]);
    assert_eq!(chosen(Strategy::NearestWhole, "100", 8), [(2, 1), (4, 7)]);
    assert_eq!(chosen(Strategy::Nearest, "100", 8), [(2, 1), (3, 5), (4, 2)]);
    // Abroad, by priority.
    assert_eq!(chosen(Strategy::NearestWhole, "", 5), [(3, 5)]);
    assert_eq!(chosen(Strategy::Nearest, "", 1), [(2, 1)]);
}

#[test]
fn what_is_counted_or_missing_is_told() {
    let rows = [row(1, 2, 9, true), row(1, 4, 3, false)];
    let explanation = try_out(&rows, Strategy::NearestWhole, "100", &[demand(1, 1, 3)]);
    assert_eq!(
        told(&explanation),
        [
            ("TPE", Some(1), Verdict::Frozen),
            ("TXG", Some(2), Verdict::Empty),
            ("KHH", Some(3), Verdict::Chosen),
            ("OLD", None, Verdict::Closed),
        ]
    );
    let offered = Offered { variant: variant(1), wanted: 3, available: 9, frozen: true };
    assert_eq!(explanation.warehouses[0].offers, [offered]);
}

#[test]
fn an_order_that_cannot_be_filled_takes_nothing_from_anybody() {
    let rows = [row(1, 2, 2, false), row(1, 3, 2, true), row(1, 1, 9, false)];
    let short = try_out(&rows, Strategy::NearestWhole, "100", &[demand(1, 1, 3), demand(2, 1, 2)]);
    let shortage = Shortage { variant: variant(1), requested: 5, available: 2 };
    assert_eq!(short.outcome, Err(Unfillable::Shortage(vec![shortage])));
    assert_eq!(
        told(&short),
        [
            ("TPE", Some(1), Verdict::Unfillable),
            ("TXG", Some(2), Verdict::Frozen),
            ("KHH", Some(3), Verdict::Empty),
            ("OLD", None, Verdict::Closed),
        ]
    );
    let frozen = try_out(&rows, Strategy::Nearest, "", &[demand(1, 1, 4)]);
    assert_eq!(frozen.outcome, Err(Unfillable::Frozen(vec![variant(1)])));
    assert_eq!(frozen.district, None);
    assert!(frozen.warehouses.iter().all(|it| it.distance.is_none()));
}

#[test]
fn of_a_split_order_whoever_is_not_needed_is_told() {
    let rows = [
        row(1, 2, 2, false),
        row(2, 2, 1, false),
        row(1, 3, 1, false),
        row(2, 4, 4, false),
        row(1, 4, 1, false),
    ];
    let wants = [demand(1, 1, 3), demand(2, 2, 5)];
    let split = try_out(&rows, Strategy::NearestWhole, "100", &wants);
    assert_eq!(
        told(&split),
        [
            ("TPE", Some(1), Verdict::Chosen),
            ("TXG", Some(2), Verdict::NotNeeded),
            ("KHH", Some(3), Verdict::Chosen),
            ("OLD", None, Verdict::Closed),
        ]
    );
}
