//! Values that the database may not hold.

use std::fmt::Display;

use kernel::Money;
use pg::{DbError, DbResult};

/// An error that names the place and the value found there.
pub fn corrupt(table: &'static str, column: &'static str, value: &dyn Display) -> DbError {
    DbError::Corrupt { table, column, value: value.to_string() }
}

/// An amount from the database.
pub fn money(table: &'static str, column: &'static str, amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| corrupt(table, column, &amount))
}
