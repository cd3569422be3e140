//! What holds for every shop, every order and every strategy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{
    Actor, LocalizedText, Quantity,
    id::{VariantId, WarehouseId},
};
use proptest::{collection::vec, prelude::*, sample::select, strategy::Strategy as _};
use uuid::Uuid;

use super::{Preference, Sourcing, Strategy, cover::Wanted};
use crate::{
    Allocation, Cause, Demand, Ledger, StockKey, Unfillable, Warehouse, allocate,
    model::{Balance, StockRow},
};

/// What lies somewhere, and whether it is being counted.
type Cell = (i32, bool);

/// Warehouses as (latitude, longitude, priority, active) with a cell for each variant.
type House = ((f64, f64, i32, bool), Vec<Cell>);

const VARIANTS: usize = 3;

fn houses() -> impl proptest::strategy::Strategy<Value = Vec<House>> {
    let cell = (0..6_i32, prop::bool::weighted(0.15));
    let places = vec![(25.04, 121.51), (24.18, 120.64), (22.63, 120.3), (23.57, 119.58)];
    let house = (select(places), 0..3_i32, prop::bool::weighted(0.85));
    vec((house, vec(cell, VARIANTS)), 0..6).prop_map(|houses| {
        let flat = |((place, priority, active), cells): (((f64, f64), i32, bool), Vec<Cell>)| {
            ((place.0, place.1, priority, active), cells)
        };
        houses.into_iter().map(flat).collect()
    })
}

fn lines() -> impl proptest::strategy::Strategy<Value = Vec<(usize, i64)>> {
    vec((0..VARIANTS, 1..7_i64), 1..5)
}

fn variant(number: usize) -> VariantId {
    Uuid::from_u128(0x1000 + u128::try_from(number).unwrap()).into()
}

fn id(number: usize) -> WarehouseId {
    Uuid::from_u128(1 + u128::try_from(number).unwrap()).into()
}

fn warehouse(number: usize, house: &House) -> Warehouse {
    let (latitude, longitude, priority, active) = house.0;
    Warehouse {
        id: id(number),
        code: format!("W{number}"),
        name: LocalizedText::new("", ""),
        postal_code: String::new(),
        city: String::new(),
        district: String::new(),
        address1: String::new(),
        latitude,
        longitude,
        priority,
        active,
        version: 1,
    }
}

struct Shop {
    warehouses: Vec<Warehouse>,
    rows: BTreeMap<StockKey, StockRow>,
    demands: Vec<Demand>,
    wanted: BTreeMap<VariantId, i64>,
}

impl Shop {
    fn new(houses: &[House], lines: &[(usize, i64)]) -> Self {
        let mut rows = BTreeMap::new();
        for (place, (_, cells)) in houses.iter().enumerate() {
            for (number, (available, frozen)) in cells.iter().copied().enumerate() {
                let key = StockKey { variant: variant(number), warehouse: id(place) };
                let balance = Balance { total: available, available, reserved: 0, sold: 0 };
                let frozen_by = frozen.then(|| Uuid::from_u128(7));
                rows.insert(key, StockRow { key, balance, safety_stock: 0, frozen_by, version: 1 });
            }
        }
        let demand = |(line_no, (number, quantity)): (i16, &(usize, i64))| Demand {
            line_no,
            variant: variant(*number),
            quantity: Quantity::new(*quantity).unwrap(),
        };
        let mut wanted = BTreeMap::new();
        for (number, quantity) in lines {
            *wanted.entry(variant(*number)).or_default() += quantity;
        }
        let warehouses = houses.iter().enumerate().map(|(n, house)| warehouse(n, house)).collect();
        Self { warehouses, rows, demands: (1..).zip(lines).map(demand).collect(), wanted }
    }

    fn preference(&self, strategy: Strategy, postal_code: &str) -> Preference {
        Sourcing::new(&self.warehouses, strategy).preference(postal_code)
    }

    fn allocate(&self, preference: &Preference) -> Result<Vec<Allocation>, Unfillable> {
        let mut ledger = Ledger::new(self.rows.values().copied());
        let cause =
            Cause { actor: Actor::Guest, reference: None, reason: None, at: Timestamp::UNIX_EPOCH };
        let outcome = allocate(&mut ledger, &self.demands, preference, &cause);
        assert_eq!(outcome.is_err(), ledger.movements().is_empty());
        outcome
    }

    fn free(&self, variant: VariantId, warehouse: WarehouseId) -> i64 {
        let open = self.warehouses.iter().any(|it| it.id == warehouse && it.active);
        let row = self.rows.get(&StockKey { variant, warehouse });
        let row = row.filter(|row| open && row.frozen_by.is_none());
        row.map_or(0, |row| i64::from(row.balance.available))
    }

    fn suffices(&self, warehouses: &[WarehouseId]) -> bool {
        self.wanted.iter().all(|(variant, wanted)| {
            warehouses.iter().map(|it| self.free(*variant, *it)).sum::<i64>() >= *wanted
        })
    }

    /// The smallest number of warehouses that suffice, by trying every set.
    fn fewest(&self) -> Option<u32> {
        let set = |bits: u32| -> Vec<WarehouseId> {
            (0..self.warehouses.len()).filter(|at| bits >> at & 1 == 1).map(id).collect()
        };
        let sets = 0..1_u32 << self.warehouses.len();
        sets.filter(|bits| self.suffices(&set(*bits))).map(u32::count_ones).min()
    }
}

proptest! {
    #[test]
    fn an_order_is_filled_exactly_or_not_at_all(
        houses in houses(),
        lines in lines(),
        strategy in select(Strategy::ALL.to_vec()),
        postal_code in select(vec!["100", "407", "806", "880", "000", ""]),
    ) {
        let shop = Shop::new(&houses, &lines);
        let preference = shop.preference(strategy, postal_code);
        let allocated = shop.allocate(&preference);
        prop_assert_eq!(allocated.is_ok(), shop.fewest().is_some());
        let Ok(allocations) = allocated else { return Ok(()) };
        for demand in &shop.demands {
            let own = allocations.iter().filter(|it| it.line_no == demand.line_no);
            prop_assert!(own.clone().all(|it| it.key.variant == demand.variant));
            prop_assert_eq!(own.map(|it| it.quantity).sum::<i32>(), demand.quantity.to_i32());
        }
        // Of no row more than it has free, which is nothing where it is frozen or closed.
        let mut taken: BTreeMap<StockKey, i64> = BTreeMap::new();
        for it in &allocations {
            prop_assert!(it.quantity > 0);
            *taken.entry(it.key).or_default() += i64::from(it.quantity);
        }
        for (key, units) in &taken {
            prop_assert!(*units <= shop.free(key.variant, key.warehouse));
        }
        let used: BTreeSet<WarehouseId> = taken.keys().map(|key| key.warehouse).collect();
        if strategy.keeps_together() {
            prop_assert_eq!(u32::try_from(used.len()).unwrap(), shop.fewest().unwrap());
        }
        // Of a warehouse nothing is taken while one before it, that is chosen at all, still has some.
        for key in taken.keys() {
            let before = preference.order().iter().take_while(|it| **it != key.warehouse);
            for earlier in before.filter(|it| !strategy.keeps_together() || used.contains(it)) {
                let gone = taken.get(&StockKey { warehouse: *earlier, ..*key }).copied();
                prop_assert_eq!(gone.unwrap_or(0), shop.free(key.variant, *earlier));
            }
        }
    }

    #[test]
    fn of_those_that_have_everything_the_most_preferred_one_gives(
        houses in houses(),
        lines in lines(),
        strategy in select(vec![Strategy::NearestWhole, Strategy::Fewest]),
        postal_code in select(vec!["100", "407", "806", "880", "000"]),
    ) {
        let shop = Shop::new(&houses, &lines);
        let preference = shop.preference(strategy, postal_code);
        let whole = preference.order().iter().find(|it| shop.suffices(&[**it]));
        if let Some(best) = whole {
            let allocations = shop.allocate(&preference).unwrap();
            prop_assert!(allocations.iter().all(|it| it.key.warehouse == *best));
        }
    }

    /// The short way of the usual order (one line, one warehouse) is the long way.
    #[test]
    fn one_line_is_treated_like_many(
        houses in houses(),
        quantity in 2..7_i64,
        strategy in select(Strategy::ALL.to_vec()),
    ) {
        let once = Shop::new(&houses, &[(0, quantity)]);
        let twice = Shop::new(&houses, &[(0, quantity - 1), (0, 1)]);
        let units = |shop: &Shop| {
            shop.allocate(&shop.preference(strategy, "407")).ok().map(|allocations| {
                let mut units: BTreeMap<WarehouseId, i32> = BTreeMap::new();
                for it in allocations {
                    *units.entry(it.key.warehouse).or_default() += it.quantity;
                }
                units
            })
        };
        prop_assert_eq!(units(&once), units(&twice));
    }
}

/// The bound of the search is counted in sets, so that the same order always gets the same answer.
#[test]
fn the_search_for_few_is_bounded_and_repeatable() {
    let offered: Vec<i64> = (0..200).map(|place| 1 + place % 3).collect();
    let wanted = [Wanted { quantity: 150, offered }];
    let first = super::cover::fewest_warehouses(&wanted);
    assert_eq!(first, super::cover::fewest_warehouses(&wanted));
    assert_eq!(first.len(), 50);
}
