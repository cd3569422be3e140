//! Times as ECPay writes them: Taipei, UTC+8 the whole year, without saying so.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// Taipei's offset; there has been no daylight saving since 1979.
const UTC_PLUS_8: Offset = Offset::constant(8);

const DATE_TIME: &str = "%Y/%m/%d %H:%M:%S";
const DATE: &str = "%Y/%m/%d";

/// A text is no date or time of ECPay's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date or time in ECPay's form")]
pub struct InvalidTime;

/// `yyyy/MM/dd HH:mm:ss` in Taipei; what is under a second is cut.
///
/// ```
/// let at: jiff::Timestamp = "2023-03-12T07:30:23Z".parse().unwrap();
/// assert_eq!(ecpay::taipei::format(at), "2023/03/12 15:30:23");
/// ```
pub fn format(at: Timestamp) -> String {
    UTC_PLUS_8.to_datetime(at).strftime(DATE_TIME).to_string()
}

/// `yyyy/MM/dd` in Taipei.
pub fn format_date(at: Timestamp) -> String {
    UTC_PLUS_8.to_datetime(at).strftime(DATE).to_string()
}

/// Reads `yyyy/MM/dd HH:mm:ss` as a time in Taipei.
pub fn parse(text: &str) -> Result<Timestamp, InvalidTime> {
    // The form is fixed; a parser that forgives would take what ECPay refuses.
    if has_shape(text, "0000/00/00 00:00:00") { parse_loose(text) } else { Err(InvalidTime) }
}

/// Reads `yyyy/MM/dd`, a date in Taipei.
pub fn parse_date(text: &str) -> Result<Date, InvalidTime> {
    if has_shape(text, "0000/00/00") { parse_date_loose(text) } else { Err(InvalidTime) }
}

/// Whether a text has a digit wherever the shape has one, and the shape's own signs elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits =
        |(is, should): (u8, u8)| if should == b'0' { is.is_ascii_digit() } else { is == should };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// Reads the looser forms of ECPay's files and card details as a time in Taipei: days and hours
/// of one digit, `-` between the parts of the date, no seconds, 上午 or 下午 before a 12-hour time.
/// A date alone is its first moment.
///
/// ```
/// let at = ecpay::taipei::parse_loose("2016/5/12 下午 07:09:17").unwrap();
/// assert_eq!(ecpay::taipei::format(at), "2016/05/12 19:09:17");
/// ```
pub fn parse_loose(text: &str) -> Result<Timestamp, InvalidTime> {
    let (date, clock) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    let time = match clock.trim() {
        "" => Time::midnight(),
        clock => loose_time(clock).ok_or(InvalidTime)?,
    };
    timestamp(loose_date(date).ok_or(InvalidTime)?.to_datetime(time))
}

/// Reads a date in one of the forms of ECPay's files: `yyyy/MM/dd`, `yyyy-MM-dd`, `yyyyMMdd`, or
/// the date of a time.
///
/// ```
/// let date = jiff::civil::date(2026, 8, 20);
/// assert_eq!(ecpay::taipei::parse_date_loose("20260820"), Ok(date));
/// assert_eq!(ecpay::taipei::parse_date_loose("2026-08-20 10:00:00"), Ok(date));
/// ```
pub fn parse_date_loose(text: &str) -> Result<Date, InvalidTime> {
    if let Some(date) = loose_date(text.trim()) {
        return Ok(date);
    }
    let at = parse_loose(text)?;
    Ok(UTC_PLUS_8.to_datetime(at).date())
}

/// The clock on the wall in Taipei.
pub(crate) fn local(at: Timestamp) -> DateTime {
    UTC_PLUS_8.to_datetime(at)
}

pub(crate) fn timestamp(local: DateTime) -> Result<Timestamp, InvalidTime> {
    let zoned = local.to_zoned(TimeZone::fixed(UTC_PLUS_8)).map_err(|_| InvalidTime)?;
    Ok(zoned.timestamp())
}

fn loose_date(text: &str) -> Option<Date> {
    let compact = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let (year, month, day) = if compact {
        (&text[..4], &text[4..6], &text[6..])
    } else {
        let separator = if text.contains('-') { '-' } else { '/' };
        let mut parts = text.split(separator);
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        (year, month, day)
    };
    if year.len() != 4 {
        return None;
    }
    let (month, day) = (digits(month, 2)?.try_into().ok()?, digits(day, 2)?.try_into().ok()?);
    Date::new(digits(year, 4)?, month, day).ok()
}

fn loose_time(text: &str) -> Option<Time> {
    let halves = [("上午", 0), ("下午", 12), ("AM", 0), ("PM", 12)];
    let half = halves.into_iter().find_map(|(word, hours)| Some((text.strip_prefix(word)?, hours)));
    let (clock, half) = half.map_or((text, None), |(rest, hours)| (rest.trim(), Some(hours)));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |text| digits(text, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match half {
        None => hour,
        // Twelve is the first hour of either half of the day.
        Some(hours) if (1..=12).contains(&hour) => hour % 12 + hours,
        Some(_) => return None,
    };
    Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, 0).ok()
}

/// A number of one to `most` digits and nothing else.
fn digits(text: &str, most: usize) -> Option<i16> {
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_eight_hours_earlier_than_in_greenwich() {
        let at: Timestamp = "2024-12-31T16:00:00.999Z".parse().unwrap();
        assert_eq!(format(at), "2025/01/01 00:00:00");
        assert_eq!(format_date(at), "2025/01/01");
        assert_eq!(parse("2025/01/01 00:00:00").unwrap(), "2024-12-31T16:00:00Z".parse().unwrap());
        assert_eq!(parse_date("2025/01/01").unwrap(), jiff::civil::date(2025, 1, 1));
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "2025-01-01 00:00:00",
            "2025/1/1 00:00:00",
            "2025/02/30 00:00:00",
            "2025/01/01 24:00:00",
            "2025/01/01 23:59:60",
            "+025/01/01 00:00:00",
            "2025/ 1/01 00:00:00",
            "2025/01/01 00:00:00 ",
            "2025/01/01",
        ] {
            assert_eq!(parse(text), Err(InvalidTime), "{text}");
        }
        assert_eq!(parse_date("2025/13/01"), Err(InvalidTime));
        assert_eq!(parse_date("2025/01/01 00:00:00"), Err(InvalidTime));
    }

    #[test]
    fn files_and_card_details_are_read_more_kindly() {
        for (text, read) in [
            ("2016/5/12 下午 07:09:17", "2016/05/12 19:09:17"),
            ("2016/5/12 上午 12:00:00", "2016/05/12 00:00:00"),
            ("2016/5/12 下午 12:30:00", "2016/05/12 12:30:00"),
            ("2016/12/31 上午 1:02:03", "2016/12/31 01:02:03"),
            ("2026-08-20 10:00:00", "2026/08/20 10:00:00"),
            ("2026/08/20 10:00", "2026/08/20 10:00:00"),
            (" 2026/8/2 ", "2026/08/02 00:00:00"),
            ("20260820", "2026/08/20 00:00:00"),
            ("20260820 PM 1:00", "2026/08/20 13:00:00"),
        ] {
            assert_eq!(parse_loose(text).map(format), Ok(read.to_owned()), "{text}");
            let date = read[..10].replace('/', "-").parse().unwrap();
            assert_eq!(parse_date_loose(text), Ok(date), "{text}");
        }
    }

    #[test]
    fn and_still_not_just_anything() {
        for text in [
            "",
            "昨天",
            "2016/5",
            "2016/5/12/1",
            "2016/2/30",
            "20160230",
            "2016-5/12",
            "２０１６/5/12",
            "16/5/12 07:09:17",
            "2016/5/12 下午 13:00:00",
            "2016/5/12 下午 00:00:00",
            "2016/5/12 24:00:00",
            "2016/5/12 1:2:3:4",
            "2016/5/12 1",
            "2016/5/12 +1:00",
        ] {
            assert_eq!(parse_loose(text), Err(InvalidTime), "{text}");
            assert_eq!(parse_date_loose(text), Err(InvalidTime), "{text}");
        }
    }
}
