//! Reserving an order's lines: all of them or none (BR-001, BR-002, BR-007).

use std::collections::BTreeMap;

use kernel::{
    Quantity,
    id::{VariantId, WarehouseId},
};

use crate::{
    ledger::{Cause, Ledger},
    model::{MovementKind, StockKey, StockRow},
    sourcing::{
        Preference,
        cover::{Wanted, fewest_warehouses},
    },
};

/// What a line wants of a variant. The line of a bundle wants several: each of its components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The line's number in its order.
    pub line_no: i16,
    /// What is wanted.
    pub variant: VariantId,
    /// How much of it.
    pub quantity: Quantity,
}

/// Units a line got from a warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The line.
    pub line_no: i16,
    /// The row it came from.
    pub key: StockKey,
    /// Units.
    pub quantity: i32,
    /// What was available in that row just before.
    pub available_before: i32,
}

/// A variant of which there is less than the order's lines want together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The variant.
    pub variant: VariantId,
    /// What all lines of the order want.
    pub requested: i64,
    /// What could be had, in all warehouses together.
    pub available: i64,
}

/// Why an order cannot be filled. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfillable {
    /// Too little of these.
    Shortage(Vec<Shortage>),
    /// There would be enough, but a stocktake holds it.
    Frozen(Vec<VariantId>),
}

/// Takes hold of everything the lines want: from the most preferred warehouse that has it all, else
/// from as few warehouses as possible, the most preferred ones first; or, where an order need not
/// stay together, from one preferred warehouse after the other. Lines that want the same variant
/// are added up before anything is decided.
pub fn allocate(
    ledger: &mut Ledger,
    demands: &[Demand],
    preference: &Preference,
    cause: &Cause<'_>,
) -> Result<Vec<Allocation>, Unfillable> {
    if let [demand] = demands
        && let Some(allocation) = from_one_row(ledger, *demand, preference, cause)
    {
        return Ok(vec![allocation]);
    }
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for demand in demands {
        *wanted.entry(demand.variant).or_default() += i64::from(demand.quantity.get());
    }
    let offers = wanted
        .iter()
        .map(|(variant, quantity)| (*variant, *quantity, offer(ledger, *variant, preference)))
        .collect::<Vec<_>>();
    refuse_unfillable(ledger, &offers, preference)?;
    let chosen = places(offers, preference);
    let mut allocations = Vec::with_capacity(demands.len());
    for demand in demands {
        let mut missing = demand.quantity.to_i32();
        for place in &chosen {
            let key = StockKey { variant: demand.variant, warehouse: preference.order()[*place] };
            let free = ledger.row(key).filter(|row| row.frozen_by.is_none());
            let quantity = missing.min(free.map_or(0, |row| row.balance.available));
            if quantity == 0 {
                continue;
            }
            let moved = ledger.apply(key, MovementKind::Reserve, quantity, cause);
            let available_before = moved.unwrap_or_else(|error| panic!("checked above: {error}"));
            allocations.push(Allocation {
                line_no: demand.line_no,
                key,
                quantity,
                available_before,
            });
            missing -= quantity;
        }
        assert_eq!(missing, 0, "the warehouses were chosen to suffice");
    }
    Ok(allocations)
}

/// The warehouses that give, as places in the preference.
fn places(offers: Vec<(VariantId, i64, Vec<i64>)>, preference: &Preference) -> Vec<usize> {
    if !preference.keeps_together() {
        return (0..preference.order().len()).collect();
    }
    let wanted = |(_, quantity, offered)| Wanted { quantity, offered };
    fewest_warehouses(&offers.into_iter().map(wanted).collect::<Vec<_>>())
}

/// What most orders are: one line that the most preferred warehouse which has enough fills alone.
/// Where an order need not stay together, the most preferred one that has any gives first.
fn from_one_row(
    ledger: &mut Ledger,
    demand: Demand,
    preference: &Preference,
    cause: &Cause<'_>,
) -> Option<Allocation> {
    let Demand { line_no, variant, quantity } = demand;
    let quantity = quantity.to_i32();
    let key = |warehouse: &WarehouseId| StockKey { variant, warehouse: *warehouse };
    let enough = if preference.keeps_together() { quantity } else { 1 };
    let free = |key: &StockKey| {
        let row = ledger.row(*key).filter(|row| row.frozen_by.is_none());
        row.map_or(0, |row| row.balance.available)
    };
    let key = preference.order().iter().map(key).find(|key| free(key) >= enough)?;
    if free(&key) < quantity {
        return None;
    }
    let moved = ledger.apply(key, MovementKind::Reserve, quantity, cause);
    let available_before = moved.unwrap_or_else(|error| panic!("checked above: {error}"));
    Some(Allocation { line_no, key, quantity, available_before })
}

/// How much of a variant could be had from the preferred warehouses together.
pub fn free(ledger: &Ledger, variant: VariantId, preference: &Preference) -> i64 {
    offer(ledger, variant, preference).into_iter().sum()
}

/// What each preferred warehouse could give of a variant, in order of preference.
fn offer(ledger: &Ledger, variant: VariantId, preference: &Preference) -> Vec<i64> {
    let free = |warehouse: &WarehouseId| {
        let row = ledger.row(StockKey { variant, warehouse: *warehouse });
        row.filter(|row| row.frozen_by.is_none()).map_or(0, |row| i64::from(row.balance.available))
    };
    preference.order().iter().map(free).collect()
}

fn refuse_unfillable(
    ledger: &Ledger,
    offers: &[(VariantId, i64, Vec<i64>)],
    preference: &Preference,
) -> Result<(), Unfillable> {
    let (mut short, mut frozen) = (Vec::new(), Vec::new());
    for (variant, requested, offered) in offers {
        let available: i64 = offered.iter().sum();
        if available >= *requested {
            continue;
        }
        let serves = |row: &&StockRow| preference.order().contains(&row.key.warehouse);
        let counted = ledger.rows_of(*variant).filter(serves).filter(|r| r.frozen_by.is_some());
        let held: i64 = counted.map(|row| i64::from(row.balance.available)).sum();
        if available + held >= *requested {
            frozen.push(*variant);
        } else {
            short.push(Shortage { variant: *variant, requested: *requested, available });
        }
    }
    if !short.is_empty() {
        return Err(Unfillable::Shortage(short));
    }
    if frozen.is_empty() { Ok(()) } else { Err(Unfillable::Frozen(frozen)) }
}

#[cfg(test)]
#[path = "reserve_tests.rs"]
mod tests;
