//! Warehouses 倉庫. They are added, changed, closed and opened again, but never deleted: the ledger
//! speaks of them for ever.
//!
//! A closed one serves no orders and receives nothing, whatever it holds. What orders hold there
//! already stays theirs: it can still be paid, given back and shipped; and what lies there can be
//! moved elsewhere or counted.

use kernel::{LocalizedText, id::WarehouseId};
use pg::{Connection, DbError, DbResult};
use thiserror::Error;

use crate::{SaveContext, backorders, districts, sql::warehouses as sql};

/// A warehouse.
#[derive(Clone, Debug, PartialEq)]
pub struct Warehouse {
    /// Its id.
    pub id: WarehouseId,
    /// A short name for people, e.g. `TPE`; unique. See [`is_code`].
    pub code: String,
    /// Its name.
    pub name: LocalizedText,
    /// Three to six digits.
    pub postal_code: String,
    /// 縣市.
    pub city: String,
    /// 鄉鎮市區.
    pub district: String,
    /// Street and number.
    pub address1: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Lower serves first when two are equally near.
    pub priority: i32,
    /// Closed warehouses serve no orders and receive no goods.
    pub active: bool,
    /// Counts its changes, from 1: the optimistic lock.
    pub version: i64,
}

/// Why a warehouse was not added or changed. Nothing was.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// There is none with this id.
    #[error("there is no such warehouse")]
    NotFound,
    /// It has been changed since the version that was seen.
    #[error("the warehouse has been changed meanwhile")]
    Changed,
    /// Goods came to lie there while this waited for those who wait for them. Doing it again is right.
    #[error("goods came in while the warehouse was being opened")]
    StockMoved,
    /// Another one has this code.
    #[error("another warehouse has this code")]
    CodeTaken,
    /// The database.
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for WarehouseError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("warehouses_code_key") => Self::CodeTaken,
            _ => Self::Db(error),
        }
    }
}

/// Whether this can be a code: 1 to 20 capital letters, digits and hyphens, no hyphen first.
pub fn is_code(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=20).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(sign)
}

/// Whether a point can be that of a warehouse: on Taiwan, its islands, or the sea around them.
pub fn is_around_taiwan(latitude: f64, longitude: f64) -> bool {
    (10.0..=27.0).contains(&latitude) && (114.0..=124.0).contains(&longitude)
}

/// The middle of a postal district, in degrees north and east: where a warehouse is as long as
/// nobody has said it better. Nothing for a postal code that is not of Taiwan.
pub fn middle_of(postal_code: &str) -> Option<(f64, f64)> {
    districts::of_postal_code(postal_code).map(|district| (district.latitude, district.longitude))
}

/// All warehouses, by priority.
pub async fn warehouses(conn: &mut Connection) -> DbResult<Vec<Warehouse>> {
    sql::warehouses(conn).await
}

/// One warehouse.
pub async fn warehouse(conn: &mut Connection, id: WarehouseId) -> DbResult<Option<Warehouse>> {
    sql::warehouse(conn, id).await
}

/// Adds a warehouse. What it says was checked where it came in.
pub async fn add_warehouse(conn: &mut Connection, new: &Warehouse) -> Result<(), WarehouseError> {
    Ok(sql::insert_warehouse(conn, new).await?)
}

/// Makes the warehouse of this id what `wish` says; its `version` is the one that was seen. Answers
/// with what it was and what it is. When it is that already, nothing is counted. When it is opened
/// again, what lies there goes to those who wait for it, the oldest first, before anybody new.
pub async fn change_warehouse(
    conn: &mut Connection,
    wish: Warehouse,
    context: &SaveContext<'_>,
) -> Result<(Warehouse, Warehouse), WarehouseError> {
    let before = sql::warehouse(conn, wish.id).await?.ok_or(WarehouseError::NotFound)?;
    if before.version != wish.version {
        return Err(WarehouseError::Changed);
    }
    if before == wish {
        return Ok((before, wish));
    }
    let after = Warehouse { version: wish.version + 1, ..wish };
    if !sql::update_warehouse(conn, &after).await? {
        return Err(WarehouseError::Changed);
    }
    let opened = after.active && !before.active;
    if opened && !backorders::fill_opened(conn, after.id, context).await? {
        return Err(WarehouseError::StockMoved);
    }
    Ok((before, after))
}

/// Adds a warehouse, or makes the one with this id what is said here, whatever its version. For a shop
/// without orders: nobody waits for what lies in one that is opened so.
pub async fn put_warehouse(conn: &mut Connection, warehouse: &Warehouse) -> DbResult<()> {
    sql::put_warehouse(conn, warehouse).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        for good in ["A", "TPE", "TPE-2", "7", "ABCDEFGHIJKLMNOPQRST"] {
            assert!(is_code(good), "{good}");
        }
        for bad in ["", "-", "-A", "tpe", "T PE", "臺北", "TPE_2", "ABCDEFGHIJKLMNOPQRSTU"] {
            assert!(!is_code(bad), "{bad}");
        }
    }

    #[test]
    fn points_around_taiwan() {
        // Taipei, Taiping Island in the south, Dongyin in the north; the bounds themselves.
        for (latitude, longitude) in
            [(25.03, 121.56), (10.38, 114.37), (26.37, 120.49), (10.0, 114.0), (27.0, 124.0)]
        {
            assert!(is_around_taiwan(latitude, longitude));
        }
        // Tokyo, north and east mixed up, nowhere, and no number.
        for (latitude, longitude) in [
            (35.68, 139.77),
            (121.56, 25.03),
            (0.0, 0.0),
            (27.1, 121.0),
            (9.9, 121.0),
            (25.0, 124.1),
            (25.0, 113.9),
            (f64::NAN, 121.0),
            (25.0, f64::INFINITY),
        ] {
            assert!(!is_around_taiwan(latitude, longitude));
        }
    }

    #[test]
    fn where_a_postal_code_is() {
        let (latitude, longitude) = middle_of("10044").unwrap();
        assert!((latitude - 25.03).abs() < 0.01 && (longitude - 121.52).abs() < 0.01);
        assert_eq!(middle_of("000"), None);
    }
}
