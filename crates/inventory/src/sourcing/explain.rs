//! A dry run: where an order would get its units, and why not from elsewhere. Nothing is reserved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{
    Actor,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};

use super::{Sourcing, Strategy, distance};
use crate::{
    districts::{self, District},
    ledger::{Cause, Ledger},
    model::StockKey,
    reserve::{Allocation, Demand, Unfillable, allocate},
    sql,
    warehouses::Warehouse,
};

/// What a dry run comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// How the warehouses were chosen.
    pub strategy: Strategy,
    /// Where the address is; nothing when no district of Taiwan has its postal code.
    pub district: Option<&'static District>,
    /// Every warehouse of the shop: those that serve the address in the order in which they do, then
    /// the closed ones.
    pub warehouses: Vec<Considered>,
    /// What each line would get, or why the order would be refused.
    pub outcome: Result<Vec<Allocation>, Unfillable>,
}

/// A warehouse, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// Which.
    pub warehouse: Warehouse,
    /// Its turn, from 1; closed ones have none.
    pub rank: Option<usize>,
    /// Whole kilometres from the middle of the district.
    pub distance: Option<u32>,
    /// What it could give, variant by variant.
    pub offers: Vec<Offered>,
    /// Whether it gives, or why not.
    pub verdict: Verdict,
}

/// What a warehouse has of something that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Of what.
    pub variant: VariantId,
    /// What all lines want of it.
    pub wanted: i64,
    /// What is available there, frozen or not.
    pub available: i32,
    /// Whether a stocktake holds it: then it gives nothing (BR-007).
    pub frozen: bool,
}

/// Why a warehouse gives, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gives.
    Chosen,
    /// It is closed.
    Closed,
    /// It has nothing of what is wanted.
    Empty,
    /// All it has of what is wanted is being counted.
    Frozen,
    /// It has some, and another one has everything.
    NotWhole,
    /// It has everything, and so has one that comes before it.
    LessPreferred,
    /// Others suffice: they are fewer, or they come before it.
    NotNeeded,
    /// Not everything is to be had anywhere, so nobody gives anything.
    Unfillable,
}

impl Verdict {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Closed => "closed",
            Self::Empty => "empty",
            Self::Frozen => "frozen",
            Self::NotWhole => "not_whole",
            Self::LessPreferred => "less_preferred",
            Self::NotNeeded => "not_needed",
            Self::Unfillable => "unfillable",
        }
    }
}

impl Offered {
    /// What of it counts: no more than is wanted, and nothing while it is frozen.
    fn gives(&self) -> i64 {
        if self.frozen { 0 } else { i64::from(self.available).min(self.wanted) }
    }
}

/// Tries what these demands would get at this moment, without locking or keeping anything.
pub async fn explain(
    conn: &mut Connection,
    strategy: Strategy,
    postal_code: &str,
    demands: &[Demand],
) -> DbResult<Explanation> {
    let warehouses = sql::warehouses::warehouses(conn).await?;
    let variants: BTreeSet<VariantId> = demands.iter().map(|demand| demand.variant).collect();
    let rows = sql::sourcing::stock_of(conn, &variants.into_iter().collect::<Vec<_>>()).await?;
    Ok(decide(Ledger::new(rows), warehouses, strategy, postal_code, demands))
}

fn decide(
    mut ledger: Ledger,
    warehouses: Vec<Warehouse>,
    strategy: Strategy,
    postal_code: &str,
    demands: &[Demand],
) -> Explanation {
    let preference = Sourcing::new(&warehouses, strategy).preference(postal_code);
    let mut wanted: BTreeMap<VariantId, i64> = BTreeMap::new();
    for demand in demands {
        *wanted.entry(demand.variant).or_default() += i64::from(demand.quantity.get());
    }
    let offers = |id: WarehouseId| -> Vec<Offered> {
        let offered = |(variant, wanted): (&VariantId, &i64)| {
            let row = ledger.row(StockKey { variant: *variant, warehouse: id });
            Offered {
                variant: *variant,
                wanted: *wanted,
                available: row.map_or(0, |row| row.balance.available),
                frozen: row.is_some_and(|row| row.frozen_by.is_some()),
            }
        };
        wanted.iter().map(offered).collect()
    };
    let mut considered: Vec<Considered> = warehouses
        .into_iter()
        .map(|warehouse| Considered {
            rank: preference.order().iter().position(|id| *id == warehouse.id).map(|at| at + 1),
            distance: distance(&warehouse, postal_code),
            offers: offers(warehouse.id),
            verdict: Verdict::Unfillable,
            warehouse,
        })
        .collect();
    // Closed ones stay by priority, behind the others.
    considered.sort_by_key(|it| it.rank.unwrap_or(usize::MAX));
    let cause =
        Cause { actor: Actor::System, reference: None, reason: None, at: Timestamp::UNIX_EPOCH };
    let outcome = allocate(&mut ledger, demands, &preference, &cause);
    let chosen: Option<BTreeSet<WarehouseId>> = outcome
        .as_ref()
        .ok()
        .map(|allocations| allocations.iter().map(|it| it.key.warehouse).collect());
    for it in &mut considered {
        it.verdict = verdict(it, chosen.as_ref(), strategy);
    }
    let district = districts::of_postal_code(postal_code);
    Explanation { strategy, district, warehouses: considered, outcome }
}

fn verdict(it: &Considered, chosen: Option<&BTreeSet<WarehouseId>>, strategy: Strategy) -> Verdict {
    let has_any = |frozen| it.offers.iter().any(|o| o.available > 0 && o.frozen == frozen);
    if it.rank.is_none() {
        return Verdict::Closed;
    }
    if !has_any(false) {
        return if has_any(true) { Verdict::Frozen } else { Verdict::Empty };
    }
    let Some(chosen) = chosen else {
        return Verdict::Unfillable;
    };
    if chosen.contains(&it.warehouse.id) {
        return Verdict::Chosen;
    }
    if chosen.len() > 1 || !strategy.keeps_together() {
        return Verdict::NotNeeded;
    }
    let whole = it.offers.iter().all(|offer| offer.gives() == offer.wanted);
    if whole { Verdict::LessPreferred } else { Verdict::NotWhole }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
