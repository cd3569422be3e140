use proptest::prelude::*;

use super::*;
use crate::model::Balance;

fn key(n: u128) -> StockKey {
    StockKey { variant: Uuid::from_u128(n).into(), warehouse: Uuid::from_u128(9).into() }
}

fn empty_row(n: u128) -> StockRow {
    StockRow {
        key: key(n),
        balance: Balance::default(),
        safety_stock: 0,
        frozen_by: None,
        version: 0,
    }
}

fn row(total: i32, available: i32, reserved: i32, sold: i32) -> StockRow {
    StockRow { balance: Balance { total, available, reserved, sold }, ..empty_row(1) }
}

fn cause() -> Cause<'static> {
    Cause { actor: Actor::System, reference: None, reason: None, at: Timestamp::UNIX_EPOCH }
}

fn cause_of(stocktake: Option<Uuid>) -> Cause<'static> {
    Cause { reference: stocktake, ..cause() }
}

/// One thing done to one of two rows.
#[derive(Clone, Copy, Debug)]
enum Step {
    Move(MovementKind, i32),
    /// By so many, in the name of a stocktake or of none.
    Adjust(i32, Option<Uuid>),
    Freeze(Uuid),
    Thaw,
    SafetyStock(i32),
}

fn any_step() -> impl Strategy<Value = Step> {
    let plain: Vec<_> = MovementKind::ALL.into_iter().filter(|kind| kind.counts_units()).collect();
    let stocktake = (1..3_u128).prop_map(Uuid::from_u128);
    let by = prop_oneof![1..20_i32, -20..0_i32, Just(i32::MIN), Just(i32::MAX)];
    prop_oneof![
        12 => (prop::sample::select(plain), 1..20_i32).prop_map(|(kind, n)| Step::Move(kind, n)),
        3 => (by, prop::option::of(stocktake.clone())).prop_map(|(by, who)| Step::Adjust(by, who)),
        1 => stocktake.prop_map(Step::Freeze),
        2 => Just(Step::Thaw),
        1 => (0..30_i32).prop_map(Step::SafetyStock),
    ]
}

/// Where a single unit is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Available,
    Reserved,
    Sold,
}

/// The independent reference: single units, each in exactly one place, and what was said of them.
#[derive(Clone, Debug, Default)]
struct Shelf {
    units: Vec<Unit>,
    counted_by: Option<Uuid>,
    safety_stock: i32,
    changes: i64,
}

impl Shelf {
    fn count(&self, which: Unit) -> i32 {
        i32::try_from(self.units.iter().filter(|unit| **unit == which).count()).unwrap()
    }

    fn balance(&self) -> Balance {
        Balance {
            total: i32::try_from(self.units.len()).unwrap(),
            available: self.count(Unit::Available),
            reserved: self.count(Unit::Reserved),
            sold: self.count(Unit::Sold),
        }
    }

    /// Carries single units from one place to another; nothing when there are too few.
    fn carry(
        &mut self,
        from: Option<Unit>,
        to: Option<Unit>,
        quantity: u32,
    ) -> Result<(), StockError> {
        if from.is_some_and(|from| i64::from(self.count(from)) < i64::from(quantity)) {
            return Err(StockError::NotEnough);
        }
        if from.is_none() && self.units.len() + quantity as usize > i32::MAX as usize {
            return Err(StockError::TooLarge);
        }
        for _ in 0..quantity {
            if let Some(from) = from {
                let place = self.units.iter().position(|unit| *unit == from).unwrap();
                self.units.swap_remove(place);
            }
            self.units.extend(to);
        }
        self.changes += 1;
        Ok(())
    }

    fn perform(&mut self, step: Step) -> Result<(), StockError> {
        let available = Some(Unit::Available);
        match step {
            Step::Move(kind, quantity) => {
                let (stops, from, to) = match kind {
                    MovementKind::Receive | MovementKind::Return | MovementKind::TransferIn => {
                        (true, None, available)
                    }
                    MovementKind::Reserve => (true, available, Some(Unit::Reserved)),
                    MovementKind::Release => (false, Some(Unit::Reserved), available),
                    MovementKind::Confirm => (false, Some(Unit::Reserved), Some(Unit::Sold)),
                    MovementKind::Ship => (true, Some(Unit::Sold), None),
                    MovementKind::TransferOut => (true, available, None),
                    other => unreachable!("{other:?} counts no units"),
                };
                if stops && self.counted_by.is_some() {
                    return Err(StockError::Frozen);
                }
                self.carry(from, to, quantity.cast_unsigned())
            }
            Step::Adjust(_, who) if self.counted_by.is_some() && self.counted_by != who => {
                Err(StockError::Frozen)
            }
            // More units than a reference of single units can hold: only whether it is refused.
            Step::Adjust(i32::MAX, _) if !self.units.is_empty() => Err(StockError::TooLarge),
            Step::Adjust(by, _) if by > 0 => self.carry(None, available, by.unsigned_abs()),
            Step::Adjust(by, _) => self.carry(available, None, by.unsigned_abs()),
            Step::Freeze(_) if self.counted_by.is_some() => Err(StockError::Frozen),
            Step::Freeze(who) => {
                self.counted_by = Some(who);
                self.changes += 1;
                Ok(())
            }
            Step::Thaw => {
                self.counted_by.take().ok_or(StockError::NotFrozen)?;
                self.changes += 1;
                Ok(())
            }
            Step::SafetyStock(level) => {
                self.changes += i64::from(self.safety_stock != level);
                self.safety_stock = level;
                Ok(())
            }
        }
    }
}

fn perform(ledger: &mut Ledger, key: StockKey, step: Step) -> Result<(), StockError> {
    match step {
        Step::Move(kind, quantity) => ledger.apply(key, kind, quantity, &cause()).map(drop),
        Step::Adjust(by, who) => ledger.adjust(key, by, &cause_of(who)).map(drop),
        Step::Freeze(who) => ledger.freeze(key, who, &cause()),
        Step::Thaw => ledger.thaw(key, &cause()),
        Step::SafetyStock(level) => ledger.set_safety_stock(key, level, &cause()).map(drop),
    }
}

/// The movements of a row add up to its balance, numbered without gaps.
fn explained(ledger: &Ledger, key: StockKey) -> Result<(), TestCaseError> {
    let mut sum = Balance::default();
    let mut count = 0;
    for movement in ledger.movements().iter().filter(|movement| movement.key == key) {
        count += 1;
        sum = sum.plus(movement.delta).unwrap();
        prop_assert_eq!(movement.seq, count);
        prop_assert_eq!(movement.available_after, sum.available);
    }
    let row = ledger.row(key).unwrap();
    prop_assert_eq!(sum, row.balance);
    prop_assert_eq!(count, row.version);
    Ok(())
}

proptest! {
    /// Random sequences of every operation on two rows, compared with the reference after each.
    #[test]
    fn the_ledger_agrees_with_counting_single_units(
        steps in prop::collection::vec((1..3_u128, any_step()), 0..80)
    ) {
        let mut shelves = [Shelf::default(), Shelf::default()];
        let mut ledger = Ledger::new([empty_row(1), empty_row(2)]);
        for (which, step) in steps {
            let shelf = &mut shelves[usize::try_from(which).unwrap() - 1];
            // Two thousand million single units are not counted one by one.
            if matches!(step, Step::Adjust(i32::MAX, _)) && shelf.units.is_empty() {
                continue;
            }
            let before = (*ledger.row(key(which)).unwrap(), ledger.movements().len());
            let expected = shelf.perform(step);
            prop_assert_eq!(perform(&mut ledger, key(which), step), expected);
            if expected.is_err() {
                let after = (*ledger.row(key(which)).unwrap(), ledger.movements().len());
                prop_assert_eq!(before, after);
            }
            for (n, shelf) in (1..).zip(&shelves) {
                let row = ledger.row(key(n)).unwrap();
                row.balance.assert_sound();
                prop_assert_eq!(row.balance, shelf.balance());
                prop_assert_eq!(row.frozen_by, shelf.counted_by);
                prop_assert_eq!(row.safety_stock, shelf.safety_stock);
                prop_assert_eq!(row.version, shelf.changes);
                explained(&ledger, key(n))?;
            }
        }
    }
}

#[test]
fn frozen_stock_is_not_reserved_but_promises_can_be_kept_or_released() {
    let mut ledger =
        Ledger::new([StockRow { frozen_by: Some(Uuid::from_u128(5)), ..row(10, 5, 4, 1) }]);
    for kind in [
        MovementKind::Reserve,
        MovementKind::Receive,
        MovementKind::Ship,
        MovementKind::Return,
        MovementKind::TransferOut,
        MovementKind::TransferIn,
    ] {
        assert_eq!(ledger.apply(key(1), kind, 1, &cause()), Err(StockError::Frozen));
    }
    assert_eq!(ledger.changed().count(), 0);
    ledger.apply(key(1), MovementKind::Release, 1, &cause()).unwrap();
    ledger.apply(key(1), MovementKind::Confirm, 3, &cause()).unwrap();
    let balance = ledger.row(key(1)).unwrap().balance;
    assert_eq!(balance, Balance { total: 10, available: 6, reserved: 0, sold: 4 });
}

#[test]
fn while_a_stocktake_holds_the_row_only_its_own_posting_adjusts() {
    let (mine, other) = (Uuid::from_u128(5), Uuid::from_u128(6));
    let mut ledger = Ledger::new([row(10, 6, 4, 0)]);
    ledger.freeze(key(1), mine, &cause()).unwrap();
    assert_eq!(ledger.freeze(key(1), mine, &cause()), Err(StockError::Frozen));
    assert_eq!(ledger.freeze(key(1), other, &cause()), Err(StockError::Frozen));
    for stranger in [None, Some(other)] {
        assert_eq!(ledger.adjust(key(1), -1, &cause_of(stranger)), Err(StockError::Frozen));
    }
    assert_eq!(ledger.adjust(key(1), -6, &cause_of(Some(mine))), Ok(6));
    ledger.thaw(key(1), &cause()).unwrap();
    assert_eq!(ledger.thaw(key(1), &cause()), Err(StockError::NotFrozen));
    assert_eq!(ledger.adjust(key(1), 1, &cause_of(Some(mine))), Ok(0));
    let after = ledger.row(key(1)).unwrap();
    assert_eq!(after.balance, Balance { total: 5, available: 1, reserved: 4, sold: 0 });
    let kinds: Vec<_> = ledger.movements().iter().map(|m| (m.kind, m.reference)).collect();
    assert_eq!(
        kinds,
        [
            (MovementKind::Freeze, Some(mine)),
            (MovementKind::Adjust, Some(mine)),
            (MovementKind::Thaw, Some(mine)),
            (MovementKind::Adjust, Some(mine)),
        ]
    );
}

#[test]
fn an_adjustment_takes_what_is_available_and_nothing_that_is_promised() {
    let mut ledger = Ledger::new([row(10, 3, 4, 3)]);
    for by in [-4, -10, i32::MIN] {
        assert_eq!(ledger.adjust(key(1), by, &cause()), Err(StockError::NotEnough));
    }
    assert_eq!(ledger.adjust(key(1), i32::MAX, &cause()), Err(StockError::TooLarge));
    assert_eq!(ledger.changed().count(), 0);
    assert_eq!(ledger.adjust(key(1), -3, &cause()), Ok(3));
    let balance = ledger.row(key(1)).unwrap().balance;
    assert_eq!(balance, Balance { total: 7, available: 0, reserved: 4, sold: 3 });
}

#[test]
fn the_safety_stock_is_a_movement_only_when_it_is_another_one() {
    let mut ledger = Ledger::new([row(10, 6, 4, 0)]);
    let why = Cause { reason: Some("season"), ..cause() };
    assert_eq!(ledger.set_safety_stock(key(1), 0, &why), Ok(false));
    assert_eq!(ledger.set_safety_stock(key(1), 7, &why), Ok(true));
    assert_eq!(ledger.set_safety_stock(key(1), 7, &cause()), Ok(false));
    assert_eq!(ledger.set_safety_stock(key(1), i32::MAX, &cause()), Ok(true));
    let reasons: Vec<_> = ledger.movements().iter().map(|m| m.reason.clone().unwrap()).collect();
    assert_eq!(reasons, ["0 → 7: season", "7 → 2147483647"]);
    assert_eq!(ledger.row(key(1)).unwrap().balance, row(10, 6, 4, 0).balance);
}

#[test]
fn a_refused_movement_changes_nothing() {
    let mut ledger = Ledger::new([empty_row(1)]);
    assert_eq!(
        ledger.apply(key(1), MovementKind::Reserve, 1, &cause()),
        Err(StockError::NotEnough)
    );
    for step in [
        Step::Move(MovementKind::Receive, 1),
        Step::Adjust(1, None),
        Step::Freeze(Uuid::nil()),
        Step::Thaw,
        Step::SafetyStock(1),
    ] {
        assert_eq!(perform(&mut ledger, key(2), step), Err(StockError::NoSuchRow));
    }
    ledger.apply(key(1), MovementKind::Receive, i32::MAX, &cause()).unwrap();
    assert_eq!(ledger.apply(key(1), MovementKind::Receive, 1, &cause()), Err(StockError::TooLarge));
    assert_eq!(ledger.movements().len(), 1);
    assert_eq!(ledger.row(key(1)).unwrap().balance.total, i32::MAX);
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    for kind in MovementKind::ALL {
        assert_eq!(MovementKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(MovementKind::parse("gift"), None);
}
