//! Which moves would lift warehouses to their safety stock out of what others can spare.

use std::collections::{BTreeMap, BTreeSet};

use kernel::id::{VariantId, WarehouseId};
use pg::{Connection, DbResult};

use super::{read::Coming, sql};
use crate::model::StockRow;

/// Units that would be better somewhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refill {
    /// Of what.
    pub variant: VariantId,
    /// A warehouse that can spare them.
    pub from: WarehouseId,
    /// An open warehouse below its safety stock.
    pub to: WarehouseId,
    /// How many.
    pub quantity: i32,
}

/// Suggested moves, for up to `limit` variants after `after`; and the last variant that was looked
/// at, if there are more.
pub async fn refills(
    conn: &mut Connection,
    after: Option<VariantId>,
    limit: usize,
) -> DbResult<(Vec<Refill>, Option<VariantId>)> {
    let fetch = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut variants = sql::low_variants(conn, after, fetch).await?;
    let more = variants.len() > limit;
    variants.truncate(limit);
    let next = variants.last().copied().filter(|_| more);
    let open = crate::warehouses(conn).await?;
    let open: BTreeSet<_> = open.into_iter().filter(|w| w.active).map(|w| w.id).collect();
    let coming = sql::coming(conn, &variants).await?;
    let mut rows: BTreeMap<VariantId, Vec<StockRow>> = BTreeMap::new();
    for row in sql::rows_of(conn, &variants).await? {
        rows.entry(row.key.variant).or_default().push(row);
    }
    let moves = rows.values().flat_map(|rows| moves(rows, &coming, &open)).collect();
    Ok((moves, next))
}

/// The moves for one variant, whose rows these are: who lacks most is helped first, by who can spare
/// most. What is planned or on its way already counts; nothing is taken from stock that is being
/// counted, and nobody is brought below their own safety stock.
pub(super) fn moves(
    rows: &[StockRow],
    coming: &[Coming],
    open: &BTreeSet<WarehouseId>,
) -> Vec<Refill> {
    let sum = |row: &StockRow, of: fn(&Coming, WarehouseId) -> i64| -> i64 {
        let same = coming.iter().filter(|it| it.variant == row.key.variant);
        same.map(|it| of(it, row.key.warehouse)).sum()
    };
    let arriving = |it: &Coming, at: WarehouseId| {
        if it.to == at { it.planned + it.in_transit } else { 0 }
    };
    let leaving = |it: &Coming, at: WarehouseId| if it.from == at { it.planned } else { 0 };
    let surplus = |row: &StockRow| {
        i64::from(row.balance.available) - i64::from(row.safety_stock) - sum(row, leaving)
    };
    let mut lacks: Vec<(i64, WarehouseId)> = rows
        .iter()
        .filter(|row| open.contains(&row.key.warehouse))
        .map(|row| (-surplus(row) - sum(row, arriving), row.key.warehouse))
        .filter(|(lack, _)| *lack > 0)
        .collect();
    let mut spares: Vec<(i64, WarehouseId)> = rows
        .iter()
        .filter(|row| row.frozen_by.is_none())
        .map(|row| (surplus(row), row.key.warehouse))
        .filter(|(spare, _)| *spare > 0)
        .collect();
    lacks.sort_by_key(|(units, at)| (-units, *at));
    spares.sort_by_key(|(units, at)| (-units, *at));
    let mut moves = Vec::new();
    for (mut lack, to) in lacks {
        for (spare, from) in spares.iter_mut().filter(|(spare, _)| *spare > 0) {
            let units = lack.min(*spare);
            let Ok(quantity) = i32::try_from(units) else { continue };
            if quantity == 0 {
                break;
            }
            moves.push(Refill { variant: rows[0].key.variant, from: *from, to, quantity });
            *spare -= units;
            lack -= units;
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::model::{Balance, StockKey};

    fn at(n: u128) -> WarehouseId {
        Uuid::from_u128(n).into()
    }

    fn row(warehouse: u128, available: i32, safety_stock: i32) -> StockRow {
        StockRow {
            key: StockKey { variant: Uuid::from_u128(1).into(), warehouse: at(warehouse) },
            balance: Balance { total: available, available, reserved: 0, sold: 0 },
            safety_stock,
            frozen_by: None,
            version: 1,
        }
    }

    fn all() -> BTreeSet<WarehouseId> {
        (1..=6).map(at).collect()
    }

    fn short(moves: &[Refill]) -> Vec<(WarehouseId, WarehouseId, i32)> {
        moves.iter().map(|it| (it.from, it.to, it.quantity)).collect()
    }

    #[test]
    fn who_lacks_most_is_helped_first_by_who_can_spare_most() {
        let rows = [row(1, 2, 5), row(2, 0, 10), row(3, 9, 1), row(4, 20, 12)];
        let expected = [(at(3), at(2), 8), (at(4), at(2), 2), (at(4), at(1), 3)];
        assert_eq!(short(&moves(&rows, &[], &all())), expected);
    }

    #[test]
    fn what_is_coming_already_counts_and_counted_or_closed_warehouses_do_not() {
        let mut rows = [row(1, 2, 5), row(2, 10, 0), row(3, 10, 0)];
        let coming = |planned, in_transit| Coming {
            variant: rows[0].key.variant,
            from: at(2),
            to: at(1),
            planned,
            in_transit,
        };
        assert_eq!(moves(&rows, &[coming(1, 2)], &all()), []);
        // Nine of the ten are planned to leave.
        let promised = Coming { to: at(5), ..coming(9, 0) };
        assert_eq!(short(&moves(&rows, &[promised], &all())), [(at(3), at(1), 3)]);
        rows[2].frozen_by = Some(Uuid::from_u128(9));
        assert_eq!(short(&moves(&rows, &[], &all())), [(at(2), at(1), 3)]);
        assert_eq!(moves(&rows, &[], &BTreeSet::from([at(2), at(3)])), []);
    }

    proptest! {
        #[test]
        fn nobody_is_emptied_below_the_safety_stock_and_nobody_gets_more_than_they_lack(
            rows in prop::collection::vec((0..50_i32, 0..50_i32), 1..6)
        ) {
            let rows: Vec<StockRow> =
                (1..).zip(&rows).map(|(n, (available, safety))| row(n, *available, *safety)).collect();
            let moves = moves(&rows, &[], &all());
            let mut after: BTreeMap<WarehouseId, i32> =
                rows.iter().map(|row| (row.key.warehouse, row.balance.available)).collect();
            for it in &moves {
                prop_assert!(it.quantity > 0);
                *after.get_mut(&it.from).unwrap() -= it.quantity;
                *after.get_mut(&it.to).unwrap() += it.quantity;
            }
            let mut lack_left = 0;
            let mut spare_left = 0;
            for row in &rows {
                let (before, now) = (row.balance.available, after[&row.key.warehouse]);
                if before >= row.safety_stock {
                    prop_assert!(now >= row.safety_stock && now <= before);
                    spare_left += now - row.safety_stock;
                } else {
                    prop_assert!(now <= row.safety_stock && now >= before);
                    lack_left += row.safety_stock - now;
                }
            }
            prop_assert!(lack_left == 0 || spare_left == 0, "nothing is left undone");
        }
    }
}
