//! Which warehouses give what an order wants.

pub mod cover;
mod explain;

pub use self::explain::{Considered, Explanation, Offered, Verdict, explain};

use kernel::id::WarehouseId;

use crate::{districts, place::Place, warehouses::Warehouse};

/// How the warehouses of an order are chosen. Whatever the strategy: closed warehouses and rows that
/// a stocktake holds give nothing, and an order is filled wholly or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The nearest warehouse that can fill the whole order; else as few as possible. Of equally few
    /// the nearest, of equally near ones by priority.
    #[default]
    NearestWhole,
    /// The nearest gives what it has, then the next: orders are split rather than sent far.
    Nearest,
    /// As few as possible, of equally few by priority; it does not matter how far they are.
    Fewest,
    /// By priority alone: the first gives what it has, then the next.
    Priority,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NearestWhole, Self::Nearest, Self::Fewest, Self::Priority];

    /// The word in configuration and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NearestWhole => "nearest_whole",
            Self::Nearest => "nearest",
            Self::Fewest => "fewest",
            Self::Priority => "priority",
        }
    }

    /// The strategy a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == word)
    }

    /// Whether the way to the address counts.
    pub const fn looks_at_distance(self) -> bool {
        matches!(self, Self::NearestWhole | Self::Nearest)
    }

    /// Whether an order goes out of as few warehouses as possible.
    pub const fn keeps_together(self) -> bool {
        matches!(self, Self::NearestWhole | Self::Fewest)
    }
}

/// A shop's open warehouses and its strategy: what tells for any address which of them serve it in
/// which order. Made once for many addresses.
#[derive(Clone, Debug)]
pub struct Sourcing {
    strategy: Strategy,
    /// By priority, then by id.
    open: Vec<(WarehouseId, Place)>,
}

impl Sourcing {
    /// Over these warehouses; the closed ones serve nobody.
    pub fn new(warehouses: &[Warehouse], strategy: Strategy) -> Self {
        let mut open: Vec<&Warehouse> = warehouses.iter().filter(|it| it.active).collect();
        open.sort_unstable_by_key(|warehouse| (warehouse.priority, warehouse.id));
        let place = |it: &Warehouse| (it.id, Place::at(it.latitude, it.longitude));
        Self { strategy, open: open.into_iter().map(place).collect() }
    }

    /// Whether these are the open warehouses it was made over, in whatever order, each once.
    pub fn knows(&self, open: &[WarehouseId]) -> bool {
        let known = |it: &WarehouseId| self.open.iter().any(|(id, _)| id == it);
        open.len() == self.open.len() && open.iter().all(known)
    }

    /// The warehouses for an address with this postal code: the nearest first where the strategy
    /// looks at distance, ties by priority; for a postal code of no Taiwanese district (abroad) by
    /// priority.
    pub fn preference(&self, postal_code: &str) -> Preference {
        let near = districts::place_of(postal_code).filter(|_| self.strategy.looks_at_distance());
        let Some(from) = near else {
            let order = self.open.iter().map(|(id, _)| *id).collect();
            return Preference { order, strategy: self.strategy };
        };
        let mut ranked: Vec<(u32, usize)> = self
            .open
            .iter()
            .enumerate()
            .map(|(turn, (_, place))| (from.kilometres_to(*place), turn))
            .collect();
        ranked.sort_unstable();
        let order = ranked.into_iter().map(|(_, turn)| self.open[turn].0).collect();
        Preference { order, strategy: self.strategy }
    }
}

/// How far a warehouse is from the middle of a postal district, in whole kilometres; nothing for a
/// postal code of no Taiwanese district.
pub fn distance(warehouse: &Warehouse, postal_code: &str) -> Option<u32> {
    let from = districts::place_of(postal_code)?;
    Some(from.kilometres_to(Place::at(warehouse.latitude, warehouse.longitude)))
}

/// Warehouses in the order in which they should serve an address, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    order: Vec<WarehouseId>,
    strategy: Strategy,
}

impl Preference {
    /// In the order given: the first that can fill the whole order, else as few as possible.
    pub const fn in_order(warehouses: Vec<WarehouseId>) -> Self {
        Self { order: warehouses, strategy: Strategy::NearestWhole }
    }

    /// The warehouses, best first.
    pub fn order(&self) -> &[WarehouseId] {
        &self.order
    }

    /// Whether an order should stay together.
    pub const fn keeps_together(&self) -> bool {
        self.strategy.keeps_together()
    }
}

#[cfg(test)]
#[path = "sourcing/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "sourcing/tests.rs"]
mod tests;
