//! Locked stock rows and the movements made on them in one transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::{Actor, id::VariantId};
use uuid::Uuid;

use crate::{
    model::{Delta, MovementKind, StockError, StockKey, StockRow},
    repair::Repair,
};

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
    pub before: StockRow,
}

impl Entry {
    /// Whether a stocktake took hold or let go of it, or its safety stock is another one.
    pub fn is_marked_anew(&self) -> bool {
        self.row.frozen_by != self.before.frozen_by
            || self.row.safety_stock != self.before.safety_stock
    }

    /// Counts a change that has just been made, and is the movement that explains it.
    fn note(&mut self, kind: MovementKind, delta: Delta, cause: &Cause<'_>) -> Movement {
        self.row.version += 1;
        Movement {
            key: self.row.key,
            seq: self.row.version,
            kind,
            delta,
            available_after: self.row.balance.available,
            actor: cause.actor,
            reference: cause.reference,
            reason: cause.reason.map(str::to_owned),
            at: cause.at,
        }
    }
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
            (row.key, Entry { row, before: row })
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
    /// When `quantity` is not positive: quantities are checked where they come in. When `kind` is
    /// one that has a method of its own.
    pub fn apply(
        &mut self,
        key: StockKey,
        kind: MovementKind,
        quantity: i32,
        cause: &Cause<'_>,
    ) -> Result<i32, StockError> {
        assert!(quantity > 0, "a movement of {quantity} units");
        assert!(kind.counts_units(), "{kind:?} has a method of its own");
        let entry = self.entry(key)?;
        if entry.row.frozen_by.is_some() && kind.stops_while_frozen() {
            return Err(StockError::Frozen);
        }
        let before = entry.row.balance.available;
        entry.row.balance = entry.row.balance.plus(kind.delta(quantity))?;
        let movement = entry.note(kind, kind.delta(quantity), cause);
        self.movements.push(movement);
        Ok(before)
    }

    /// Units that were sold and never left are free again. The ledger tells it as shipped and returned
    /// at once, so that `total` stays what it is. Like letting go of a reservation it only relabels
    /// units that are promised: a stocktake does not stop it. On an error nothing has changed.
    ///
    /// # Panics
    /// When `quantity` is not positive.
    pub fn withdraw(
        &mut self,
        key: StockKey,
        quantity: i32,
        cause: &Cause<'_>,
    ) -> Result<(), StockError> {
        assert!(quantity > 0, "a movement of {quantity} units");
        let (away, back) =
            (MovementKind::Ship.delta(quantity), MovementKind::Return.delta(quantity));
        let balance = self.entry(key)?.row.balance.plus(away)?.plus(back)?;
        for (kind, delta) in [(MovementKind::Ship, away), (MovementKind::Return, back)] {
            let entry = self.entry(key)?;
            entry.row.balance = entry.row.balance.plus(delta)?;
            let movement = entry.note(kind, delta, cause);
            self.movements.push(movement);
        }
        debug_assert_eq!(self.row(key).map(|row| row.balance), Some(balance));
        Ok(())
    }

    /// Sets the books right by so many units, up or down (盤點調整). It takes only what is available:
    /// reserved and sold units are promised. While a stocktake holds the row, only its own posting
    /// may do it: the one whose cause names the stocktake as its reference (BR-007). Returns what
    /// was available before; on an error nothing has changed.
    ///
    /// # Panics
    /// When `by` is zero: no movement says that nothing moved.
    pub fn adjust(&mut self, key: StockKey, by: i32, cause: &Cause<'_>) -> Result<i32, StockError> {
        assert!(by != 0, "an adjustment by nothing");
        let entry = self.entry(key)?;
        if entry.row.frozen_by.is_some() && entry.row.frozen_by != cause.reference {
            return Err(StockError::Frozen);
        }
        let (kind, before) = (MovementKind::Adjust, entry.row.balance.available);
        entry.row.balance = entry.row.balance.plus(kind.delta(by))?;
        let movement = entry.note(kind, kind.delta(by), cause);
        self.movements.push(movement);
        Ok(before)
    }

    /// A stocktake takes hold of the row (BR-007). [`StockError::Frozen`] when one holds it already,
    /// also the same one.
    pub fn freeze(
        &mut self,
        key: StockKey,
        stocktake: Uuid,
        cause: &Cause<'_>,
    ) -> Result<(), StockError> {
        let entry = self.entry(key)?;
        if entry.row.frozen_by.is_some() {
            return Err(StockError::Frozen);
        }
        entry.row.frozen_by = Some(stocktake);
        let cause = Cause { reference: Some(stocktake), ..*cause };
        let movement = entry.note(MovementKind::Freeze, Delta::default(), &cause);
        self.movements.push(movement);
        Ok(())
    }

    /// The stocktake lets go of the row, and the movement names it. [`StockError::NotFrozen`] when
    /// none holds it.
    pub fn thaw(&mut self, key: StockKey, cause: &Cause<'_>) -> Result<(), StockError> {
        let entry = self.entry(key)?;
        let stocktake = entry.row.frozen_by.take().ok_or(StockError::NotFrozen)?;
        let cause = Cause { reference: Some(stocktake), ..*cause };
        let movement = entry.note(MovementKind::Thaw, Delta::default(), &cause);
        self.movements.push(movement);
        Ok(())
    }

    /// Sets the level below which operations are told (BR-005), also while the row is frozen. The
    /// movement's reason begins with both levels: the ledger has no column for them. `false`, and
    /// no movement, when it is that already.
    ///
    /// # Panics
    /// When `level` is negative: it is checked where it comes in.
    pub fn set_safety_stock(
        &mut self,
        key: StockKey,
        level: i32,
        cause: &Cause<'_>,
    ) -> Result<bool, StockError> {
        assert!(level >= 0, "a safety stock of {level} units");
        let entry = self.entry(key)?;
        let before = std::mem::replace(&mut entry.row.safety_stock, level);
        if before == level {
            return Ok(false);
        }
        let reason = match cause.reason {
            Some(reason) => format!("{before} → {level}: {reason}"),
            None => format!("{before} → {level}"),
        };
        let cause = Cause { reason: Some(&reason), ..*cause };
        let movement = entry.note(MovementKind::SafetyStock, Delta::default(), &cause);
        self.movements.push(movement);
        Ok(true)
    }

    fn entry(&mut self, key: StockKey) -> Result<&mut Entry, StockError> {
        self.rows.get_mut(&key).ok_or(StockError::NoSuchRow)
    }

    /// Sets a row to what it should be, after so many movements, and notes what takes the ledger
    /// there. Only for books that are wrong: [`crate::repair`].
    pub(crate) fn repair(
        &mut self,
        key: StockKey,
        repair: Repair,
        movements: i64,
        cause: &Cause<'_>,
    ) -> Result<(), StockError> {
        let entry = self.entry(key)?;
        repair.target.assert_sound();
        entry.row.balance = repair.target;
        entry.row.version = movements;
        let movement = entry.note(MovementKind::Adjust, repair.delta, cause);
        self.movements.push(movement);
        Ok(())
    }

    /// The rows that changed, in lock order.
    pub fn changed(&self) -> impl Iterator<Item = &Entry> {
        self.rows.values().filter(|entry| entry.row != entry.before)
    }

    /// The rows of which units became free to be taken: there are more, or nobody counts them any more.
    pub fn freed(&self) -> impl Iterator<Item = &StockRow> {
        let is_freed = |entry: &&Entry| {
            let (now, before) = (&entry.row, &entry.before);
            now.frozen_by.is_none()
                && now.balance.available > 0
                && (now.balance.available > before.balance.available || before.frozen_by.is_some())
        };
        self.changed().filter(is_freed).map(|entry| &entry.row)
    }

    /// Goes on from another version of the row than the one that was locked.
    #[cfg(feature = "mutants")]
    pub(crate) fn renumber(&mut self, key: StockKey, version: i64) {
        let Some(entry) = self.rows.get_mut(&key) else { return };
        let shift = version - entry.before.version;
        entry.before.version += shift;
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
#[path = "ledger_tests.rs"]
mod tests;
