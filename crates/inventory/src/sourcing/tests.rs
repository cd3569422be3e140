use kernel::{LocalizedText, id::WarehouseId};
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::{Sourcing, Strategy, distance};
use crate::{Warehouse, districts};

fn warehouse(n: u128, code: &str, at: (f64, f64), priority: i32) -> Warehouse {
    Warehouse {
        id: Uuid::from_u128(n).into(),
        code: code.into(),
        name: LocalizedText::new(code, code),
        postal_code: String::new(),
        city: String::new(),
        district: String::new(),
        address1: String::new(),
        latitude: at.0,
        longitude: at.1,
        priority,
        active: true,
        version: 1,
    }
}

fn codes(warehouses: &[Warehouse], strategy: Strategy, postal_code: &str) -> Vec<String> {
    Sourcing::new(warehouses, strategy)
        .preference(postal_code)
        .order()
        .iter()
        .map(|id| warehouses.iter().find(|w| w.id == *id).unwrap().code.clone())
        .collect()
}

fn shop() -> [Warehouse; 3] {
    [
        warehouse(1, "TPE", (25.08, 121.58), 1),
        warehouse(2, "TXG", (24.18, 120.64), 2),
        warehouse(3, "KHH", (22.60, 120.31), 3),
    ]
}

#[test]
fn the_nearest_serves_first() {
    for strategy in [Strategy::NearestWhole, Strategy::Nearest] {
        let codes = |postal_code| codes(&shop(), strategy, postal_code);
        assert_eq!(codes("100"), ["TPE", "TXG", "KHH"]);
        assert_eq!(codes("407"), ["TXG", "TPE", "KHH"]);
        assert_eq!(codes("40756"), ["TXG", "TPE", "KHH"]);
        assert_eq!(codes("806"), ["KHH", "TXG", "TPE"]);
        // Tainan, Penghu, Green Island, Kinmen; and Hualien, which lies nearer to Taichung as the
        // crow flies.
        assert_eq!(codes("700"), ["KHH", "TXG", "TPE"]);
        assert_eq!(codes("880"), ["TXG", "KHH", "TPE"]);
        assert_eq!(codes("951"), ["KHH", "TXG", "TPE"]);
        assert_eq!(codes("893"), ["TXG", "KHH", "TPE"]);
        assert_eq!(codes("970"), ["TXG", "TPE", "KHH"]);
    }
}

#[test]
fn by_priority_where_distance_does_not_count_or_is_not_known() {
    let mut shop = shop();
    shop[2].priority = 0;
    for postal_code in ["HK", "000", "999", "", "1", "香港"] {
        assert_eq!(codes(&shop, Strategy::NearestWhole, postal_code), ["KHH", "TPE", "TXG"]);
    }
    for strategy in [Strategy::Fewest, Strategy::Priority] {
        assert_eq!(codes(&shop, strategy, "100"), ["KHH", "TPE", "TXG"]);
    }
}

#[test]
fn a_closed_warehouse_serves_nobody() {
    let mut shop = [warehouse(1, "A", (25.0, 121.5), 1), warehouse(2, "B", (25.0, 121.5), 0)];
    assert_eq!(codes(&shop, Strategy::NearestWhole, "100"), ["B", "A"]);
    shop[1].active = false;
    for strategy in Strategy::ALL {
        assert_eq!(codes(&shop, strategy, "100"), ["A"]);
    }
    shop[0].active = false;
    for strategy in Strategy::ALL {
        assert_eq!(codes(&shop, strategy, "100"), Vec::<String>::new());
    }
}

#[test]
fn equally_near_ones_go_by_priority_and_then_by_id() {
    let here = (25.0, 121.5);
    let shop = [
        warehouse(3, "C", here, 2),
        warehouse(2, "B", here, 1),
        warehouse(1, "A", here, 2),
        warehouse(4, "D", (25.0, 121.500_1), 0),
    ];
    assert_eq!(codes(&shop, Strategy::NearestWhole, "100"), ["D", "B", "A", "C"]);
}

#[test]
fn every_strategy_has_a_word() {
    for strategy in Strategy::ALL {
        assert_eq!(Strategy::parse(strategy.as_str()), Some(strategy));
    }
    assert_eq!(Strategy::parse("closest"), None);
    assert_eq!(Strategy::default(), Strategy::NearestWhole);
}

proptest! {
    /// Every open warehouse once; with distance, never one before another that is nearer.
    #[test]
    fn a_preference_is_an_order_of_the_open_warehouses(
        houses in vec((21.0..26.0_f64, 119.0..122.0_f64, 0..3_i32, any::<bool>()), 0..12),
        district in 0..371_usize,
    ) {
        let warehouses: Vec<Warehouse> = (1..)
            .zip(&houses)
            .map(|(n, (latitude, longitude, priority, active))| Warehouse {
                active: *active,
                ..warehouse(n, "W", (*latitude, *longitude), *priority)
            })
            .collect();
        let postal_code = districts::districts()[district].code;
        for strategy in Strategy::ALL {
            let sourcing = Sourcing::new(&warehouses, strategy);
            let preference = sourcing.preference(postal_code);
            let rank = |id: &WarehouseId| {
                let warehouse = warehouses.iter().find(|w| w.id == *id).unwrap();
                let distance = distance(warehouse, postal_code).unwrap();
                let distance = if strategy.looks_at_distance() { distance } else { 0 };
                (distance, warehouse.priority, *id)
            };
            prop_assert!(preference.order().is_sorted_by_key(rank));
            let mut found = preference.order().to_vec();
            found.sort_unstable();
            let open: Vec<_> = warehouses.iter().filter(|w| w.active).map(|w| w.id).collect();
            prop_assert_eq!(found, open);
        }
    }
}
