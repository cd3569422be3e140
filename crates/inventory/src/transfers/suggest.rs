//! When an order could only be filled from one warehouse by moving stock: which transfers would do
//! it.

use std::collections::BTreeMap;

use kernel::{
    Quantity,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};

use super::sql;
use crate::{model::StockRow, reserve::Shortage};

/// Goods to send from one warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Where they leave.
    pub from: WarehouseId,
    /// What, in the order of the variants.
    pub lines: Vec<(VariantId, i32)>,
}

/// What would let one warehouse fill an order alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferPlan {
    /// Open warehouses that could fill it alone right now, the preferred ones first: when the one
    /// that was asked about is among them, nothing has to move.
    pub fills_now: Vec<WarehouseId>,
    /// The transfers, from as few warehouses as the order of their usefulness gives; none when
    /// something is short everywhere.
    pub moves: Vec<Suggestion>,
    /// Of these there is not enough in all warehouses together.
    pub short: Vec<Shortage>,
}

/// Which transfers would let `to` fill these items alone. Items of one variant are added up. Nothing
/// is decided by it: what is available may be sold the next moment.
pub async fn plan(
    conn: &mut Connection,
    items: &[(VariantId, Quantity)],
    to: WarehouseId,
) -> DbResult<TransferPlan> {
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, quantity) in items {
        *wanted.entry(*variant).or_default() += i64::from(quantity.get());
    }
    let variants: Vec<VariantId> = wanted.keys().copied().collect();
    let rows = sql::rows_of(conn, &variants).await?;
    let warehouses: Vec<(WarehouseId, bool)> =
        crate::warehouses(conn).await?.into_iter().map(|w| (w.id, w.active)).collect();
    Ok(plan_of(&rows, &warehouses, &wanted, to))
}

/// `warehouses` by priority, each with whether it is open: a closed one serves nobody, but can be
/// emptied.
fn plan_of(
    rows: &[StockRow],
    warehouses: &[(WarehouseId, bool)],
    wanted: &BTreeMap<VariantId, i64>,
    to: WarehouseId,
) -> TransferPlan {
    let free: BTreeMap<(WarehouseId, VariantId), i64> = rows
        .iter()
        .filter(|row| row.frozen_by.is_none())
        .map(|row| ((row.key.warehouse, row.key.variant), i64::from(row.balance.available)))
        .collect();
    let free = |at: WarehouseId, variant: VariantId| free.get(&(at, variant)).copied().unwrap_or(0);
    let fills = |at: WarehouseId| wanted.iter().all(|(v, quantity)| free(at, *v) >= *quantity);
    let mut plan = TransferPlan {
        fills_now: warehouses
            .iter()
            .filter(|(at, open)| *open && fills(*at))
            .map(|w| w.0)
            .collect(),
        ..TransferPlan::default()
    };
    let mut missing: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, quantity) in wanted {
        let lack = quantity - free(to, *variant);
        if lack <= 0 {
            continue;
        }
        missing.insert(*variant, lack);
        let available: i64 = warehouses.iter().map(|(at, _)| free(*at, *variant)).sum();
        if available < *quantity {
            plan.short.push(Shortage { variant: *variant, requested: *quantity, available });
        }
    }
    if !plan.short.is_empty() {
        return plan;
    }
    let mut sources: Vec<WarehouseId> =
        warehouses.iter().map(|(at, _)| *at).filter(|at| *at != to).collect();
    while !missing.is_empty() {
        let covered = |at: WarehouseId| -> i64 {
            missing.iter().map(|(variant, lack)| free(at, *variant).min(*lack)).sum()
        };
        // The first of the most useful ones: `max_by_key` would take the last.
        let best = sources.iter().copied().rev().max_by_key(|at| covered(*at));
        let Some(from) = best.filter(|at| covered(*at) > 0) else { break };
        sources.retain(|at| *at != from);
        let mut lines = Vec::new();
        for (variant, lack) in &mut missing {
            let units = free(from, *variant).min(*lack);
            *lack -= units;
            if let Some(units) = i32::try_from(units).ok().filter(|units| *units > 0) {
                lines.push((*variant, units));
            }
        }
        missing.retain(|_, lack| *lack > 0);
        plan.moves.push(Suggestion { from, lines });
    }
    plan
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::{Balance, StockKey};

    fn at(n: u128) -> WarehouseId {
        Uuid::from_u128(n).into()
    }

    fn variant(n: u128) -> VariantId {
        Uuid::from_u128(100 + n).into()
    }

    fn row(warehouse: u128, of: u128, available: i32) -> StockRow {
        StockRow {
            key: StockKey { variant: variant(of), warehouse: at(warehouse) },
            balance: Balance { total: available, available, reserved: 0, sold: 0 },
            safety_stock: 0,
            frozen_by: None,
            version: 1,
        }
    }

    fn ask(rows: &[StockRow], wanted: &[(u128, i64)]) -> TransferPlan {
        let warehouses: Vec<_> = (1..=4).map(|n| (at(n), n != 4)).collect();
        let wanted = wanted.iter().map(|(of, quantity)| (variant(*of), *quantity)).collect();
        plan_of(rows, &warehouses, &wanted, at(1))
    }

    #[test]
    fn what_is_there_needs_no_transfer() {
        let plan = ask(&[row(1, 1, 3), row(2, 1, 9)], &[(1, 3)]);
        assert_eq!((plan.fills_now, plan.moves, plan.short), (vec![at(1), at(2)], vec![], vec![]));
    }

    #[test]
    fn one_source_that_has_it_all_comes_before_two() {
        let rows = [row(1, 1, 1), row(2, 1, 2), row(3, 1, 4), row(3, 2, 1)];
        let plan = ask(&rows, &[(1, 5), (2, 1)]);
        let lines = vec![(variant(1), 4), (variant(2), 1)];
        assert_eq!(plan.moves, [Suggestion { from: at(3), lines }]);
        assert!(plan.fills_now.is_empty() && plan.short.is_empty());
        // Of equals, the preferred one.
        let plan = ask(&[row(2, 1, 2), row(3, 1, 2)], &[(1, 2)]);
        assert_eq!(plan.moves, [Suggestion { from: at(2), lines: vec![(variant(1), 2)] }]);
        assert_eq!(plan.fills_now, [at(2), at(3)]);
    }

    #[test]
    fn a_closed_warehouse_gives_and_a_counted_one_does_not() {
        let mut rows = [row(2, 1, 2), row(4, 1, 2)];
        rows[0].frozen_by = Some(Uuid::from_u128(9));
        let plan = ask(&rows, &[(1, 2)]);
        assert_eq!(plan.moves, [Suggestion { from: at(4), lines: vec![(variant(1), 2)] }]);
        assert!(plan.fills_now.is_empty());
    }

    #[test]
    fn what_is_short_everywhere_is_named_and_nothing_is_moved() {
        let plan = ask(&[row(1, 1, 1), row(2, 1, 2), row(2, 2, 5)], &[(1, 4), (2, 5)]);
        let short = Shortage { variant: variant(1), requested: 4, available: 3 };
        assert_eq!((plan.short, plan.moves), (vec![short], vec![]));
    }
}
