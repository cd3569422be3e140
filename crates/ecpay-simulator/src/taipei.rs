//! Times as they stand in ECPay's messages: Taipei, UTC+8.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};

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

/// The end of the day that is `days` after `at`: a moment before midnight.
pub(crate) fn end_of_day(at: Timestamp, days: i64) -> Timestamp {
    let later = plus_seconds(at, days * 86_400);
    on(day(later), jiff::civil::time(23, 59, 59, 0))
}

/// The day it is.
pub(crate) fn day(at: Timestamp) -> Date {
    TAIPEI.to_datetime(at).date()
}

/// When a day has come to a time; the last moment there is if it never will.
pub(crate) fn on(day: Date, time: Time) -> Timestamp {
    TAIPEI.to_timestamp(day.to_datetime(time)).unwrap_or(Timestamp::MAX)
}

/// `yyyyMMdd`
pub(crate) fn plain_date(at: Timestamp) -> String {
    TAIPEI.to_datetime(at).strftime("%Y%m%d").to_string()
}

/// The month and day of the year of the Republic, as store bar codes carry it: `yyMMdd`, the last
/// two digits of the year.
pub(crate) fn minguo(at: Timestamp) -> String {
    let date = day(at);
    format!("{:02}{:02}{:02}", (date.year() - 1911).rem_euclid(100), date.month(), date.day())
}

/// Chinese and on the twelve-hour clock: `2016/5/12 下午 07:09:17`.
pub(crate) fn in_words(at: Timestamp) -> String {
    let local = TAIPEI.to_datetime(at);
    let half = if local.hour() < 12 { "上午" } else { "下午" };
    let hour = match local.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let (year, month, date) = (local.year(), local.month(), local.day());
    format!("{year}/{month}/{date} {half} {hour:02}:{:02}:{:02}", local.minute(), local.second())
}

/// A date as files are asked for: `yyyy-MM-dd`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let date = Date::strptime("%Y-%m-%d", text).ok()?;
    (text.len() == 10).then_some(date)
}

/// The first working day of the banks (Monday to Friday; holidays are not known here) that is at
/// least `days` days later.
pub(crate) fn bank_day(from: Date, days: i64) -> Date {
    use jiff::civil::Weekday::{Saturday, Sunday};
    let mut date = from.saturating_add(days.days());
    while matches!(date.weekday(), Saturday | Sunday) {
        date = date.saturating_add(1.day());
    }
    date
}

/// A later time; the last there is if it would be later than that.
pub(crate) fn plus_seconds(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_second(at.as_second().saturating_add(seconds)).unwrap_or(Timestamp::MAX)
}

/// Whether a text is a time in the form ECPay asks for.
pub(crate) fn is_date_time(text: &str) -> bool {
    text.len() == 19 && DateTime::strptime("%Y/%m/%d %H:%M:%S", text).is_ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_taipeis() {
        assert_eq!(day(at("2026-01-02T16:00:00Z")), date(2026, 1, 3));
        assert_eq!(day(at("2026-01-02T15:59:59Z")), date(2026, 1, 2));
        assert_eq!(end_of_day(at("2026-01-02T04:00:00Z"), 3), at("2026-01-05T15:59:59Z"));
        let cut_off = on(date(2026, 1, 2), jiff::civil::time(20, 15, 0, 0));
        assert_eq!(cut_off, at("2026-01-02T12:15:00Z"));
        assert_eq!(minguo(at("2022-05-03T04:00:00Z")), "110503");
        assert_eq!(plain_date(at("2022-05-03T04:00:00Z")), "20220503");
    }

    #[test]
    fn noon_and_midnight_in_words() {
        for (time, words) in [
            ("2016-05-12T11:09:17Z", "2016/5/12 下午 07:09:17"),
            ("2016-05-12T04:00:00Z", "2016/5/12 下午 12:00:00"),
            ("2016-05-11T16:00:00Z", "2016/5/12 上午 12:00:00"),
        ] {
            assert_eq!(in_words(at(time)), words);
        }
    }

    #[test]
    fn banks_rest_at_weekends() {
        // 2 January 2026 is a Friday.
        for (days, expected) in
            [(0, date(2026, 1, 2)), (1, date(2026, 1, 5)), (3, date(2026, 1, 5))]
        {
            assert_eq!(bank_day(date(2026, 1, 2), days), expected);
        }
    }

    #[test]
    fn only_whole_dates_are_read() {
        assert_eq!(parse_date("2026-01-02"), Some(date(2026, 1, 2)));
        for bad in ["2026-1-2", "2026/01/02", "2026-02-30", "", "2026-01-02 "] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }
}
