//! Goal: the machine has exactly its moves, and no sequence of transfers makes or loses a unit.
//! Method: every pair of status and move; random steps of several transfers over random stock.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::{Balance, StockRow};

const MOVES: [TransferMove; 6] = [
    TransferMove::Edit,
    TransferMove::Dispatch,
    TransferMove::Receive,
    TransferMove::Complete,
    TransferMove::Close,
    TransferMove::Cancel,
];

fn at(n: u128) -> WarehouseId {
    Uuid::from_u128(n).into()
}

fn variant(n: u128) -> VariantId {
    Uuid::from_u128(100 + n).into()
}

fn quantity(units: i64) -> Quantity {
    Quantity::new(units).unwrap()
}

fn row(of: u128, warehouse: u128, available: i32) -> StockRow {
    StockRow {
        key: StockKey { variant: variant(of), warehouse: at(warehouse) },
        balance: Balance { total: available, available, reserved: 0, sold: 0 },
        safety_stock: 0,
        frozen_by: None,
        version: 0,
    }
}

fn cause() -> Cause<'static> {
    Cause { actor: kernel::Actor::System, reference: None, reason: None, at: Timestamp::UNIX_EPOCH }
}

fn draft(from: u128, to: u128, lines: &[(u128, i64)]) -> Transfer {
    Transfer {
        id: Uuid::from_u128(7).into(),
        number: 42,
        from: at(from),
        to: at(to),
        status: TransferStatus::Draft,
        version: 1,
        note: String::new(),
        created_by: Uuid::from_u128(8).into(),
        created_at: Timestamp::UNIX_EPOCH,
        dispatched_at: None,
        closed_at: None,
        lines: lines
            .iter()
            .map(|(of, units)| TransferLine::planned(variant(*of), quantity(*units)))
            .collect(),
    }
}

#[test]
fn the_machine_has_exactly_these_moves() {
    use {TransferMove as M, TransferStatus as S};
    let mut expected = vec![
        (S::Draft, M::Edit, S::Draft),
        (S::Draft, M::Dispatch, S::InTransit),
        (S::Draft, M::Cancel, S::Cancelled),
        (S::InTransit, M::Receive, S::InTransit),
        (S::InTransit, M::Complete, S::Received),
        (S::InTransit, M::Close, S::Received),
        (S::InTransit, M::Cancel, S::Cancelled),
    ];
    for from in S::ALL {
        assert_eq!(S::parse(from.as_str()), Some(from));
        for asked in MOVES {
            let found = from.after(asked);
            match expected.iter().position(|(f, m, _)| (*f, *m) == (from, asked)) {
                Some(place) => assert_eq!(found, Ok(expected.swap_remove(place).2)),
                None => assert_eq!(found, Err(InvalidTransferMove { from, asked })),
            }
        }
    }
    assert!(expected.is_empty());
    assert_eq!(S::parse("DRAFT"), None);
    assert_eq!(draft(1, 2, &[]).name(), "TR-000042");
}

#[test]
fn all_lines_leave_or_none_and_every_short_one_is_named() {
    let mut ledger = Ledger::new([row(1, 1, 3), row(2, 1, 1)]);
    let refused = draft(1, 2, &[(1, 3), (2, 2), (3, 1)]).dispatch(&mut ledger, &cause());
    let Err(TransferError::Shortage(short)) = refused else { panic!("{refused:?}") };
    let named: Vec<_> = short.iter().map(|it| (it.variant, it.requested, it.available)).collect();
    assert_eq!(named, [(variant(2), 2, 1), (variant(3), 1, 0)]);
    assert_eq!(ledger.movements().len(), 0);

    let sent = draft(1, 2, &[(1, 3), (2, 1)]).dispatch(&mut ledger, &cause()).unwrap();
    assert_eq!((sent.status, sent.version), (TransferStatus::InTransit, 2));
    assert_eq!(sent.lines.iter().map(TransferLine::in_transit).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(ledger.movements().len(), 2);
    let row = ledger.row(sent.key(at(1), &sent.lines[0])).unwrap();
    assert_eq!(row.balance, Balance::default());
}

#[test]
fn stock_that_is_being_counted_neither_leaves_nor_takes_in() {
    let mut held = row(1, 1, 5);
    held.frozen_by = Some(Uuid::from_u128(9));
    let mut ledger = Ledger::new([held, row(1, 2, 0)]);
    let refused = draft(1, 2, &[(1, 1)]).dispatch(&mut ledger, &cause());
    assert!(matches!(refused, Err(TransferError::Frozen(of)) if of == [variant(1)]));
    let sent = draft(2, 1, &[(1, 1)]);
    let sent = Transfer {
        status: TransferStatus::InTransit,
        lines: vec![TransferLine { sent: 1, ..sent.lines[0].clone() }],
        ..sent
    };
    let refused = sent.receive(&mut ledger, &[(variant(1), quantity(1))], &cause());
    assert!(matches!(refused, Err(TransferError::Frozen(of)) if of == [variant(1)]));
    assert_eq!(ledger.movements().len(), 0);
}

#[test]
fn it_arrives_in_parts_and_never_more_than_is_on_the_way() {
    let mut ledger = Ledger::new([row(1, 1, 5), row(1, 2, 0)]);
    let sent = draft(1, 2, &[(1, 5)]).dispatch(&mut ledger, &cause()).unwrap();
    let arrive = |transfer: &Transfer, ledger: &mut Ledger, units: &[i64]| {
        let arrived: Vec<_> = units.iter().map(|it| (variant(1), quantity(*it))).collect();
        transfer.receive(ledger, &arrived, &cause())
    };
    let Err(TransferError::Excess(excess)) = arrive(&sent, &mut ledger, &[3, 3]) else { panic!() };
    assert_eq!(excess, [Excess { variant: variant(1), given: 3, in_transit: 2 }]);
    let stranger = sent.receive(&mut ledger, &[(variant(2), quantity(1))], &cause());
    assert!(matches!(stranger, Err(TransferError::Excess(of)) if of[0].in_transit == 0));
    let some = arrive(&sent, &mut ledger, &[2]).unwrap();
    assert_eq!((some.status, some.lines[0].in_transit()), (TransferStatus::InTransit, 3));
    let all = arrive(&some, &mut ledger, &[1, 2]).unwrap();
    assert_eq!((all.status, all.lines[0].received), (TransferStatus::Received, 5));
    assert!(all.closed_at.is_some());
    assert!(matches!(
        arrive(&all, &mut ledger, &[1]),
        Err(TransferError::InvalidMove(InvalidTransferMove { .. }))
    ));
}

#[test]
fn what_never_arrives_is_lost_with_a_reason_and_what_is_cancelled_goes_back() {
    let mut ledger = Ledger::new([row(1, 1, 9), row(1, 2, 0)]);
    let sent = draft(1, 2, &[(1, 5)]).dispatch(&mut ledger, &cause()).unwrap();
    let some = sent.receive(&mut ledger, &[(variant(1), quantity(2))], &cause()).unwrap();
    let closed = some.close("fell off the lorry", Timestamp::UNIX_EPOCH).unwrap();
    let line = &closed.lines[0];
    assert_eq!((line.received, line.lost, line.in_transit()), (2, 3, 0));
    assert_eq!(line.lost_reason.as_deref(), Some("fell off the lorry"));
    assert_eq!(closed.status, TransferStatus::Received);

    let cancelled = some.cancel(&mut ledger, &cause()).unwrap();
    let line = &cancelled.lines[0];
    assert_eq!((line.received, line.returned, line.lost, line.in_transit()), (2, 3, 0, 0));
    assert_eq!(ledger.row(some.key(at(1), line)).unwrap().balance.total, 7);
    let before = ledger.movements().len();
    let undone = draft(1, 2, &[(1, 5)]).cancel(&mut ledger, &cause()).unwrap();
    assert_eq!((undone.status, ledger.movements().len()), (TransferStatus::Cancelled, before));
}

proptest! {
    /// For any sequence, the sum over warehouses of total + in transit + lost is constant.
    #[test]
    fn nothing_vanishes_and_nothing_appears(
        stock in prop::collection::vec(0..30_i32, 6),
        steps in prop::collection::vec((0..4_usize, 0..5_u8, 0..2_u128, 1..20_i64), 0..80),
    ) {
        let rows = (0..6_u32).zip(&stock);
        let rows = rows.map(|(n, units)| row(u128::from(n % 2), u128::from(n / 2), *units));
        let mut ledger = Ledger::new(rows);
        let mut transfers =
            [draft(0, 1, &[(0, 7), (1, 3)]), draft(1, 2, &[(0, 5)]), draft(2, 0, &[(0, 9), (1, 9)]), draft(0, 2, &[(1, 1)])];
        let sum = |ledger: &Ledger, transfers: &[Transfer]| -> i64 {
            let totals = (0..2).flat_map(|of| ledger.rows_of(variant(of)));
            let totals: i64 = totals.map(|row| i64::from(row.balance.total)).sum();
            let lines = transfers.iter().flat_map(|transfer| &transfer.lines);
            totals + lines.map(|line| i64::from(line.in_transit() + line.lost)).sum::<i64>()
        };
        let before = sum(&ledger, &transfers);
        for (which, step, of, units) in steps {
            let transfer = &transfers[which];
            let movements = ledger.movements().len();
            let done = match step {
                0 => transfer.dispatch(&mut ledger, &cause()),
                1 | 2 => transfer.receive(&mut ledger, &[(variant(of), quantity(units))], &cause()),
                3 => transfer.close("lost", Timestamp::UNIX_EPOCH),
                _ => transfer.cancel(&mut ledger, &cause()),
            };
            if let Ok(after) = done {
                let over = matches!(
                    after.status,
                    TransferStatus::Received | TransferStatus::Cancelled
                );
                prop_assert_eq!(after.version, transfer.version + 1);
                prop_assert_eq!(after.closed_at.is_some(), over);
                prop_assert_eq!(after.status == TransferStatus::InTransit, after.is_under_way());
                transfers[which] = after;
            } else {
                prop_assert_eq!(ledger.movements().len(), movements);
            }
            for line in transfers.iter().flat_map(|transfer| &transfer.lines) {
                prop_assert!(line.in_transit() >= 0);
                prop_assert!(line.sent == 0 || line.sent == line.quantity);
            }
            prop_assert_eq!(sum(&ledger, &transfers), before);
        }
    }
}
