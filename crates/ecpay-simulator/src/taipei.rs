//! Times as they stand in ECPay's messages: Taipei, UTC+8.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

const TAIPEI: Offset = Offset::constant(8);

/// `yyyy/MM/dd HH:mm:ss`
pub(crate) fn date_time(at: Timestamp) -> String {
    TAIPEI.to_datetime(at).strftime("%Y/%m/%d %H:%M:%S").to_string()
}

/// `yyyy/MM/dd`
pub(crate) fn date(at: Timestamp) -> String {
    TAIPEI.to_datetime(at).strftime("%Y/%m/%d").to_string()
}

/// `yyMMddHHmmss`, how ECPay's own order numbers begin.
pub(crate) fn compact(at: Timestamp) -> String {
    TAIPEI.to_datetime(at).strftime("%y%m%d%H%M%S").to_string()
}

/// The year (two digits) and month, to compare a card's expiry with.
pub(crate) fn year_and_month(at: Timestamp) -> (i16, i8) {
    let local = TAIPEI.to_datetime(at);
    (local.year() % 100, local.month())
}

/// The very end of the day that is `days` after `at`.
pub(crate) fn end_of_day(at: Timestamp, days: i64) -> Timestamp {
    let later = plus_seconds(at, days * 86_400);
    let day_end = TAIPEI.to_datetime(later).date().at(23, 59, 59, 0);
    day_end.to_zoned(TimeZone::fixed(TAIPEI)).map_or(later, |zoned| zoned.timestamp())
}

/// A later time; the last there is if it would be later than that.
pub(crate) fn plus_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whether a text is a time in the form ECPay asks for.
pub(crate) fn is_date_time(text: &str) -> bool {
    text.len() == 19 && DateTime::strptime("%Y/%m/%d %H:%M:%S", text).is_ok()
}
