//! A lost update becomes an error instead of silence.

use sqlx::postgres::PgQueryResult;

use crate::{DbError, DbResult};

/// Refuses a write that touched another number of rows than it had to.
pub fn ensure_affected(
    what: &'static str,
    result: &PgQueryResult,
    expected: impl TryInto<u64>,
) -> DbResult<()> {
    let expected = expected.try_into().unwrap_or(u64::MAX);
    let actual = result.rows_affected();
    if actual == expected { Ok(()) } else { Err(DbError::Affected { what, expected, actual }) }
}

/// [`ensure_affected`] as a method on results.
pub trait Affected {
    /// Exactly one row, or [`DbError::Affected`].
    fn one_row(&self, what: &'static str) -> DbResult<()>;
    /// Exactly `expected` rows, or [`DbError::Affected`].
    fn rows(&self, what: &'static str, expected: usize) -> DbResult<()>;
}

impl Affected for PgQueryResult {
    fn one_row(&self, what: &'static str) -> DbResult<()> {
        ensure_affected(what, self, 1_u64)
    }

    fn rows(&self, what: &'static str, expected: usize) -> DbResult<()> {
        ensure_affected(what, self, expected)
    }
}
