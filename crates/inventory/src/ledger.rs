//! Locked stock rows and the movements made on them in one transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::{Actor, id::VariantId};
use uuid::Uuid;

use crate::model::{Balance, Delta, MovementKind, StockError, StockKey, StockRow};

/// Who moves stock, for what, and when: written into every movement.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// Who.
    pub actor: Actor,
    /// The order, receipt, … behind it.
    pub reference: Option<Uuid>,
    /// Why, in words; only where a person gave one.
    pub reason: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// A movement, to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The row it changes.
    pub key: StockKey,
    /// Its number in the row's ledger, from 1, without gaps.
    pub seq: i64,
    /// What it is.
    pub kind: MovementKind,
    /// What it adds.
    pub delta: Delta,
    /// What is available afterwards.
    pub available_after: i32,
    /// See [`Cause`].
    pub actor: Actor,
    /// See [`Cause`].
    pub reference: Option<Uuid>,
    /// See [`Cause`].
    pub reason: Option<String>,
    /// See [`Cause`].
    pub at: Timestamp,
}

/// A row with what it was when it was locked.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// As it is now.
    pub row: StockRow,
    /// As it was locked.
    pub before: Balance,
    /// Its version when it was locked.
    pub version_before: i64,
}

/// Locked rows, changed in memory by the rules, saved at the end by one statement each.
#[derive(Debug, Default)]
pub struct Ledger {
    rows: BTreeMap<StockKey, Entry>,
    movements: Vec<Movement>,
}

impl Ledger {
    /// A ledger over rows the caller has locked.
    pub fn new(rows: impl IntoIterator<Item = StockRow>) -> Self {
        let entry = |row: StockRow| {
            row.balance.assert_sound();
            (row.key, Entry { row, before: row.balance, version_before: row.version })
        };
        Self { rows: rows.into_iter().map(entry).collect(), movements: Vec::new() }
    }

    /// The row, if it was locked.
    pub fn row(&self, key: StockKey) -> Option<&StockRow> {
        self.rows.get(&key).map(|entry| &entry.row)
    }

    /// The rows of one variant, in warehouse order.
    pub fn rows_of(&self, variant: VariantId) -> impl Iterator<Item = &StockRow> {
        let first = StockKey { variant, warehouse: Uuid::nil().into() };
        let last = StockKey { variant, warehouse: Uuid::max().into() };
        self.rows.range(first..=last).map(|(_, entry)| &entry.row)
    }

    /// Moves `quantity` units and notes the movement; on an error nothing has changed. Returns what
    /// was available before.
    ///
    /// # Panics
    /// When `quantity` is not positive: quantities are checked where they come in.
    pub fn apply(
        &mut self,
        key: StockKey,
        kind: MovementKind,
        quantity: i32,
        cause: &Cause<'_>,
    ) -> Result<i32, StockError> {
        assert!(quantity > 0, "a movement of {quantity} units");
        let entry = self.rows.get_mut(&key).ok_or(StockError::NoSuchRow)?;
        if entry.row.frozen_by.is_some() && kind.stops_while_frozen() {
            return Err(StockError::Frozen);
        }
        let delta = kind.delta(quantity);
        let before = entry.row.balance.available;
        entry.row.balance = entry.row.balance.plus(delta)?;
        entry.row.version += 1;
        self.movements.push(Movement {
            key,
            seq: entry.row.version,
            kind,
            delta,
            available_after: entry.row.balance.available,
            actor: cause.actor,
            reference: cause.reference,
            reason: cause.reason.map(str::to_owned),
            at: cause.at,
        });
        Ok(before)
    }

    /// The rows that changed, in lock order.
    pub fn changed(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values().filter(|entry| entry.row.version != entry.version_before)
    }

    /// Goes on from another version of the row than the one that was locked.
    #[cfg(feature = "mutants")]
    pub(crate) fn renumber(&mut self, key: StockKey, version: i64) {
        let Some(entry) = self.rows.get_mut(&key) else { return };
        let shift = version - entry.version_before;
        entry.version_before += shift;
        entry.row.version += shift;
        let own = self.movements.iter_mut().filter(|movement| movement.key == key);
        own.for_each(|movement| movement.seq += shift);
    }

    /// The movements, in the order they were made.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    fn cause() -> Cause<'static> {
        Cause { actor: Actor::System, reference: None, reason: None, at: Timestamp::UNIX_EPOCH }
    }

    fn any_kind() -> impl Strategy<Value = MovementKind> {
        prop_oneof![
            Just(MovementKind::Receive),
            Just(MovementKind::Reserve),
            Just(MovementKind::Release),
            Just(MovementKind::Confirm),
            Just(MovementKind::Ship),
        ]
    }

    proptest! {
        /// Random operations against an independent reference: a list of single units, each in
        /// exactly one place.
        #[test]
        fn the_ledger_agrees_with_counting_single_units(
            steps in prop::collection::vec((any_kind(), 1..20_i32), 0..80)
        ) {
            #[derive(Clone, Copy, PartialEq)]
            enum Unit { Available, Reserved, Sold }
            let mut units: Vec<Unit> = Vec::new();
            let mut ledger = Ledger::new([empty_row(1)]);
            for (kind, quantity) in steps {
                let (from, to) = match kind {
                    MovementKind::Receive => (None, Some(Unit::Available)),
                    MovementKind::Reserve => (Some(Unit::Available), Some(Unit::Reserved)),
                    MovementKind::Release => (Some(Unit::Reserved), Some(Unit::Available)),
                    MovementKind::Confirm => (Some(Unit::Reserved), Some(Unit::Sold)),
                    MovementKind::Ship => (Some(Unit::Sold), None),
                };
                let wanted = usize::try_from(quantity).unwrap();
                let enough =
                    from.is_none_or(|from| units.iter().filter(|u| **u == from).count() >= wanted);
                let moved = ledger.apply(key(1), kind, quantity, &cause());
                prop_assert_eq!(moved.is_ok(), enough);
                if enough {
                    for _ in 0..wanted {
                        if let Some(from) = from {
                            let place = units.iter().position(|u| *u == from).unwrap();
                            units.swap_remove(place);
                        }
                        units.extend(to);
                    }
                }
            }
            let count = |which| i32::try_from(units.iter().filter(|u| **u == which).count()).unwrap();
            let row = ledger.row(key(1)).unwrap();
            prop_assert_eq!(row.balance, Balance {
                total: i32::try_from(units.len()).unwrap(),
                available: count(Unit::Available),
                reserved: count(Unit::Reserved),
                sold: count(Unit::Sold),
            });
            // The movements add up to the balance, numbered without gaps.
            let mut sum = Balance::default();
            for (place, movement) in ledger.movements().iter().enumerate() {
                sum = sum.plus(movement.delta).unwrap();
                prop_assert_eq!(movement.seq, i64::try_from(place).unwrap() + 1);
                prop_assert_eq!(movement.available_after, sum.available);
            }
            prop_assert_eq!(sum, row.balance);
        }
    }

    #[test]
    fn frozen_stock_is_not_reserved_but_promises_can_be_kept_or_released() {
        let mut row = empty_row(1);
        row.balance = Balance { total: 10, available: 6, reserved: 4, sold: 0 };
        row.frozen_by = Some(Uuid::from_u128(5));
        let mut ledger = Ledger::new([row]);
        for kind in [MovementKind::Reserve, MovementKind::Receive, MovementKind::Ship] {
            assert_eq!(ledger.apply(key(1), kind, 1, &cause()), Err(StockError::Frozen));
        }
        assert_eq!(ledger.changed().count(), 0);
        ledger.apply(key(1), MovementKind::Release, 1, &cause()).unwrap();
        ledger.apply(key(1), MovementKind::Confirm, 3, &cause()).unwrap();
        let balance = ledger.row(key(1)).unwrap().balance;
        assert_eq!(balance, Balance { total: 10, available: 7, reserved: 0, sold: 3 });
    }

    #[test]
    fn a_refused_movement_changes_nothing() {
        let mut ledger = Ledger::new([empty_row(1)]);
        assert_eq!(
            ledger.apply(key(1), MovementKind::Reserve, 1, &cause()),
            Err(StockError::NotEnough)
        );
        assert_eq!(
            ledger.apply(key(2), MovementKind::Receive, 1, &cause()),
            Err(StockError::NoSuchRow)
        );
        ledger.apply(key(1), MovementKind::Receive, i32::MAX, &cause()).unwrap();
        assert_eq!(
            ledger.apply(key(1), MovementKind::Receive, 1, &cause()),
            Err(StockError::TooLarge)
        );
        assert_eq!(ledger.movements().len(), 1);
        assert_eq!(ledger.row(key(1)).unwrap().balance.total, i32::MAX);
    }
}
