//! Reading the ledger: which movements there were, and why a number is what it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::id::{VariantId, WarehouseId};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    model::{Balance, Delta, MovementKind, StockKey, StockRow},
    sql::movements as sql,
};

/// A movement, as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The row it changed.
    pub key: StockKey,
    /// Its number in the row's ledger.
    pub seq: i64,
    /// What it is.
    pub kind: MovementKind,
    /// What it added.
    pub delta: Delta,
    /// What was available afterwards.
    pub available_after: i32,
    /// The order, receipt, stocktake or transfer behind it.
    pub reference: Option<Uuid>,
    /// What kind of actor.
    pub actor_kind: String,
    /// Who, if it was a person.
    pub actor_id: Option<Uuid>,
    /// Why, in words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Which movements.
#[derive(Clone, Copy, Debug, Default)]
pub struct MovementFilter {
    /// In this warehouse.
    pub warehouse: Option<WarehouseId>,
    /// Of this kind.
    pub kind: Option<MovementKind>,
    /// About this order, receipt, stocktake or transfer.
    pub reference: Option<Uuid>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// How far a list has been read: of each warehouse, the movements below this number are left.
pub type Place = BTreeMap<WarehouseId, i64>;

/// The movements of a variant, the newest first, at most `limit`; and where to go on when there are
/// more. Each warehouse's movements come in the order of its ledger, those of several are merged by
/// their times.
pub async fn movements(
    conn: &mut Connection,
    variant: VariantId,
    filter: &MovementFilter,
    after: Option<&Place>,
    limit: usize,
) -> DbResult<(Vec<LedgerEntry>, Option<Place>)> {
    let mut place = Place::new();
    for row in crate::balances(conn, variant).await? {
        let warehouse = row.key.warehouse;
        if filter.warehouse.is_none_or(|wanted| wanted == warehouse) {
            let below = after.map_or(i64::MAX, |it| it.get(&warehouse).copied().unwrap_or(0));
            place.insert(warehouse, below);
        }
    }
    let rows = sql::newest(conn, variant, &place, filter, limit + 1).await?;
    let mut page = merge(rows, limit + 1);
    let more = page.len() > limit;
    page.truncate(limit);
    for entry in &page {
        place.insert(entry.key.warehouse, entry.seq);
    }
    Ok((page, more.then_some(place)))
}

/// The next of each warehouse compete by time; within a warehouse the ledger's order stands, however
/// the clocks of the nodes went.
fn merge(rows: Vec<LedgerEntry>, limit: usize) -> Vec<LedgerEntry> {
    let mut queues: BTreeMap<WarehouseId, std::collections::VecDeque<LedgerEntry>> =
        BTreeMap::new();
    for entry in rows {
        queues.entry(entry.key.warehouse).or_default().push_back(entry);
    }
    let mut merged = Vec::new();
    while merged.len() < limit {
        let next = queues
            .values_mut()
            .filter(|queue| !queue.is_empty())
            .max_by_key(|queue| queue.front().map(|entry| (entry.at, entry.key.warehouse)));
        let Some(entry) = next.and_then(std::collections::VecDeque::pop_front) else { break };
        merged.push(entry);
    }
    merged
}

/// What movements of one kind came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindSum {
    /// Of which kind.
    pub kind: MovementKind,
    /// How many there were.
    pub movements: i64,
    /// What they added.
    pub sums: Sums,
}

/// Sums of movements, bucket by bucket: wider than a balance, as reserving alone may be done more
/// often than there are units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of `total`.
    pub total: i64,
    /// Of `available`.
    pub available: i64,
    /// Of `reserved`.
    pub reserved: i64,
    /// Of `sold`.
    pub sold: i64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        self.available += other.available;
        self.reserved += other.reserved;
        self.sold += other.sold;
    }
}

impl From<Balance> for Sums {
    fn from(balance: Balance) -> Self {
        Self {
            total: balance.total.into(),
            available: balance.available.into(),
            reserved: balance.reserved.into(),
            sold: balance.sold.into(),
        }
    }
}

/// Why a balance was what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The balance at the moment asked for: the sum of all movements until then.
    pub balance: Sums,
    /// How many movements that were: the row's version then.
    pub version: i64,
    /// Whether a stocktake held the row then.
    pub frozen: bool,
    /// What each kind of movement had come to by then; only kinds that there were.
    pub kinds: Vec<KindSum>,
    /// The row as it is now.
    pub now: StockRow,
    /// The sum of all movements until now.
    pub ledger_now: Sums,
    /// How many there are.
    pub movements_now: i64,
}

impl Explanation {
    /// Whether the ledger explains the row as it is now, to the unit.
    pub fn agrees(&self) -> bool {
        self.ledger_now == self.now.balance.into() && self.movements_now == self.now.version
    }
}

/// One kind's movements: until a moment, and until now.
pub(crate) struct KindRow {
    pub(crate) kind: MovementKind,
    pub(crate) then: (i64, Sums),
    pub(crate) now: (i64, Sums),
}

/// Rebuilds a balance as it was at `at` (the movements of that very instant included) from the
/// ledger alone; `None` when there never was such a row. Reads the row's whole ledger.
pub async fn explain(
    conn: &mut Connection,
    key: StockKey,
    at: Timestamp,
) -> DbResult<Option<Explanation>> {
    let Some((now, rows)) = sql::sums(conn, key, at).await? else { return Ok(None) };
    let mut told = Explanation {
        balance: Sums::default(),
        version: 0,
        frozen: false,
        kinds: Vec::new(),
        now,
        ledger_now: Sums::default(),
        movements_now: 0,
    };
    let mut freezes = 0;
    for KindRow { kind, then: (movements, sums), now: (all, all_sums) } in rows {
        told.ledger_now.add(all_sums);
        told.movements_now += all;
        told.balance.add(sums);
        told.version += movements;
        freezes += match kind {
            MovementKind::Freeze => movements,
            MovementKind::Thaw => -movements,
            _ => 0,
        };
        if movements > 0 {
            told.kinds.push(KindSum { kind, movements, sums });
        }
    }
    told.frozen = freezes > 0;
    told.kinds.sort_by_key(|sum| sum.kind);
    Ok(Some(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(warehouse: u128, seq: i64, second: i64) -> LedgerEntry {
        let key =
            StockKey { variant: Uuid::nil().into(), warehouse: Uuid::from_u128(warehouse).into() };
        LedgerEntry {
            key,
            seq,
            kind: MovementKind::Receive,
            delta: Delta::default(),
            available_after: 0,
            reference: None,
            actor_kind: "system".into(),
            actor_id: None,
            reason: None,
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    #[test]
    fn warehouses_are_merged_by_time_and_each_ledger_keeps_its_order() {
        // The second warehouse's last two movements were written by nodes whose clocks differ.
        let rows = vec![
            entry(1, 2, 50),
            entry(1, 1, 10),
            entry(2, 3, 40),
            entry(2, 2, 60),
            entry(2, 1, 20),
        ];
        let merged = merge(rows.clone(), 9);
        let order: Vec<_> = merged.iter().map(|it| (it.key.warehouse, it.seq)).collect();
        let of = |n: u128| WarehouseId::from(Uuid::from_u128(n));
        assert_eq!(order, [(of(1), 2), (of(2), 3), (of(2), 2), (of(2), 1), (of(1), 1)]);
        assert_eq!(merge(rows, 2).len(), 2);
    }
}
