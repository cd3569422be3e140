//! Times as ECPay writes them: Taipei, UTC+8 the whole year, without saying so.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
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
    if text.len() != 19 {
        return Err(InvalidTime);
    }
    let local = DateTime::strptime(DATE_TIME, text).map_err(|_| InvalidTime)?;
    let zoned = local.to_zoned(TimeZone::fixed(UTC_PLUS_8)).map_err(|_| InvalidTime)?;
    Ok(zoned.timestamp())
}

/// Reads `yyyy/MM/dd`, a date in Taipei.
pub fn parse_date(text: &str) -> Result<Date, InvalidTime> {
    if text.len() != 10 {
        return Err(InvalidTime);
    }
    Date::strptime(DATE, text).map_err(|_| InvalidTime)
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
            "2025/01/01 00:00:00 ",
            "2025/01/01",
        ] {
            assert_eq!(parse(text), Err(InvalidTime), "{text}");
        }
        assert_eq!(parse_date("2025/13/01"), Err(InvalidTime));
        assert_eq!(parse_date("2025/01/01 00:00:00"), Err(InvalidTime));
    }
}
