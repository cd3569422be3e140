//! Reconciliation 對帳: our books of a day against the provider's statements.
//!
//! *Invariants:*
//! - a day of a provider is compared by one node at a time: its row is claimed with a lease and a fence,
//!   and only the last one to claim it writes what came of it;
//! - the same difference of the same day becomes one task, however often the day is compared.

pub mod compare;
pub mod model;
mod sql;

pub use compare::{
    Books, Difference, DifferenceKind, OurPayment, PayoutRow, StatementRow, compare,
};
pub use model::{Reconciliation, ReconciliationStatus, Statements};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};
use pg::{Connection, DbResult};

/// Taipei's offset; there has been no daylight saving since 1979.
const TAIPEI: Offset = Offset::constant(8);

/// The day it is in Taipei.
pub fn day_of(at: Timestamp) -> Date {
    TAIPEI.to_datetime(at).date()
}

/// When a day begins and ends in Taipei; nothing for a day that the calendar does not have.
pub fn bounds(day: Date) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| TAIPEI.to_timestamp(day.to_datetime(jiff::civil::Time::MIN)).ok();
    Some((midnight(day)?, midnight(day.tomorrow().ok()?)?))
}

/// Claims a day until `lease` is over: the fence to write its outcome with. Nothing when somebody
/// else is at it, or when it was done and is not asked for `again`.
pub async fn begin(
    conn: &mut Connection,
    provider: &str,
    day: Date,
    again: bool,
    now: Timestamp,
    lease: SignedDuration,
) -> DbResult<Option<i64>> {
    sql::begin(conn, provider, day, again, now, now + lease).await
}

/// Somebody wants a day compared, perhaps again: the next node that looks does it. One that is at it
/// already is not disturbed.
pub async fn ask(conn: &mut Connection, provider: &str, day: Date, now: Timestamp) -> DbResult<()> {
    sql::ask(conn, provider, day, now).await
}

/// Writes what came of a day; `false` when somebody else has claimed it since.
pub async fn finish(
    conn: &mut Connection,
    (provider, day, fence): (&str, Date, i64),
    books: &Books,
    differences: &[Difference],
    now: Timestamp,
) -> DbResult<bool> {
    sql::finish(conn, (provider, day, fence), books, differences, now).await
}

/// Writes that a day could not be compared, and when to try again; how often that was, or nothing
/// when somebody else has claimed it since.
pub async fn fail(
    conn: &mut Connection,
    claim: (&str, Date, i64),
    why: &str,
    again_at: Timestamp,
) -> DbResult<Option<u16>> {
    sql::fail(conn, claim, why, again_at).await
}

/// The earliest day that somebody asked for, or that could not be done; else, of the days from `first`
/// to `last`, the earliest one that was not compared and that nobody is at.
pub async fn due(
    conn: &mut Connection,
    provider: &str,
    (first, last): (Date, Date),
    now: Timestamp,
) -> DbResult<Option<Date>> {
    sql::due(conn, provider, (first, last), now).await
}

/// A day's comparison.
pub async fn find(
    conn: &mut Connection,
    provider: &str,
    day: Date,
) -> DbResult<Option<Reconciliation>> {
    sql::find(conn, provider, day).await
}

/// The last comparisons, the newest day first: at most `limit` of days before `before`.
pub async fn list(
    conn: &mut Connection,
    provider: &str,
    before: Option<Date>,
    limit: i64,
) -> DbResult<Vec<Reconciliation>> {
    sql::list(conn, provider, before, limit).await
}

/// Our side: what was paid through a provider between two times, and what these numbers are to us.
pub async fn ours(
    conn: &mut Connection,
    provider: &str,
    (from, until): (Timestamp, Timestamp),
    numbers: &[String],
) -> DbResult<Vec<OurPayment>> {
    let mut ours = sql::paid_between(conn, provider, from, until).await?;
    let known: std::collections::HashSet<_> = ours.iter().map(|it| it.number.clone()).collect();
    let others: Vec<_> = numbers
        .iter()
        .filter(|number| !known.contains(*number))
        .filter_map(|number| crate::TradeNo::parse(number))
        .collect();
    ours.extend(sql::by_numbers(conn, provider, &others, (from, until)).await?);
    Ok(ours)
}

/// Keeps what the provider takes for payments, as its statement has it, where nothing was known.
pub async fn keep_fees(conn: &mut Connection, books: &Books) -> DbResult<()> {
    sql::keep_fees(conn, books).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_taipei() {
        let day = jiff::civil::date(2026, 6, 1);
        let (from, until) = bounds(day).unwrap();
        assert_eq!(from.to_string(), "2026-05-31T16:00:00Z");
        assert_eq!(until.to_string(), "2026-06-01T16:00:00Z");
        assert_eq!(day_of(from), day);
        assert_eq!(day_of(until - SignedDuration::from_nanos(1)), day);
        assert_eq!(day_of(until), jiff::civil::date(2026, 6, 2));
        assert_eq!(bounds(Date::MAX), None);
    }
}
