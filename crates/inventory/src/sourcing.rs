//! Which warehouse serves which address: the nearest first.

use kernel::id::WarehouseId;

use crate::warehouses::Warehouse;

/// The middle of each of Taiwan's postal regions: the first digit of the postal code → latitude,
/// longitude in degrees. Chunghwa Post numbers the regions clockwise from Taipei.
const REGION_CENTRES: [(char, f64, f64); 9] = [
    ('1', 25.04, 121.56),
    ('2', 24.98, 121.60),
    ('3', 24.85, 121.10),
    ('4', 24.20, 120.70),
    ('5', 23.95, 120.60),
    ('6', 23.55, 120.45),
    ('7', 23.10, 120.25),
    ('8', 22.68, 120.35),
    ('9', 22.90, 121.10),
];

/// Warehouses in the order in which they should serve an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference(Vec<WarehouseId>);

impl Preference {
    /// For an address with this postal code: active warehouses, the nearest first, ties by
    /// priority; for a postal code of no Taiwanese region by priority alone.
    pub fn for_postal_code(warehouses: &[Warehouse], postal_code: &str) -> Self {
        let region = postal_code.chars().next();
        let centre = REGION_CENTRES.iter().find(|(digit, ..)| Some(*digit) == region);
        let mut ranked: Vec<_> = warehouses
            .iter()
            .filter(|warehouse| warehouse.active)
            .map(|warehouse| {
                let distance = centre.map_or(0, |(_, latitude, longitude)| {
                    kilometres((*latitude, *longitude), (warehouse.latitude, warehouse.longitude))
                });
                (distance, warehouse.priority, warehouse.id)
            })
            .collect();
        ranked.sort_unstable();
        Self(ranked.into_iter().map(|(_, _, id)| id).collect())
    }

    /// In the order given.
    pub const fn in_order(warehouses: Vec<WarehouseId>) -> Self {
        Self(warehouses)
    }

    /// The warehouses, best first.
    pub fn order(&self) -> &[WarehouseId] {
        &self.0
    }
}

/// The distance of two points in whole kilometres (equirectangular: exact enough on one island).
fn kilometres(from: (f64, f64), to: (f64, f64)) -> u32 {
    const KM_A_DEGREE: f64 = 111.2;
    let north = (to.0 - from.0) * KM_A_DEGREE;
    let east = (to.1 - from.1) * KM_A_DEGREE * from.0.to_radians().cos();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small length")]
    let kilometres = north.hypot(east).round() as u32;
    kilometres
}

#[cfg(test)]
mod tests {
    use kernel::LocalizedText;
    use uuid::Uuid;

    use super::*;

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
        }
    }

    fn codes(warehouses: &[Warehouse], postal_code: &str) -> Vec<String> {
        Preference::for_postal_code(warehouses, postal_code)
            .order()
            .iter()
            .map(|id| warehouses.iter().find(|w| w.id == *id).unwrap().code.clone())
            .collect()
    }

    #[test]
    fn the_nearest_serves_first() {
        let shop = [
            warehouse(1, "TPE", (25.08, 121.58), 1),
            warehouse(2, "TXG", (24.18, 120.64), 2),
            warehouse(3, "KHH", (22.60, 120.31), 3),
        ];
        assert_eq!(codes(&shop, "100"), ["TPE", "TXG", "KHH"]);
        assert_eq!(codes(&shop, "407"), ["TXG", "TPE", "KHH"]);
        assert_eq!(codes(&shop, "806"), ["KHH", "TXG", "TPE"]);
        assert_eq!(codes(&shop, "700"), ["KHH", "TXG", "TPE"]);
        assert_eq!(codes(&shop, "HK"), ["TPE", "TXG", "KHH"]);
    }

    #[test]
    fn a_closed_warehouse_serves_nobody() {
        let mut shop = [warehouse(1, "A", (25.0, 121.5), 1), warehouse(2, "B", (25.0, 121.5), 0)];
        assert_eq!(codes(&shop, "100"), ["B", "A"]);
        shop[1].active = false;
        assert_eq!(codes(&shop, "100"), ["A"]);
    }
}
