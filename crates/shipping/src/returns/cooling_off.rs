//! Until when goods may be sent back without a reason (消費者保護法第 19 條: seven days).

use jiff::{SignedDuration, Timestamp, civil::Time, tz::Offset};

/// Days are counted in Taipei, which has no daylight saving time.
const TAIPEI: Offset = Offset::constant(8);

/// From this moment on it is too late: the day of delivery does not count, and the last day counts to
/// its end.
pub fn returns_until(delivered_at: Timestamp, days: u16) -> Timestamp {
    let midnight = TAIPEI.to_datetime(delivered_at).date().to_datetime(Time::MIN);
    let begin = TAIPEI.to_timestamp(midnight).unwrap_or(delivered_at);
    let days = SignedDuration::from_hours(24 * (i64::from(days) + 1));
    begin.checked_add(days).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(delivered_at: &str, days: u16) -> String {
        returns_until(delivered_at.parse().unwrap(), days).to_string()
    }

    #[test]
    fn the_day_of_delivery_does_not_count_and_the_last_one_counts_to_its_end() {
        // The first of June in Taipei: seven days are the second to the eighth.
        for at in ["2026-05-31T16:00:00Z", "2026-06-01T02:00:00Z", "2026-06-01T15:59:59Z"] {
            assert_eq!(until(at, 7), "2026-06-08T16:00:00Z", "{at}");
        }
        assert_eq!(until("2026-06-01T16:00:00Z", 7), "2026-06-09T16:00:00Z");
        assert_eq!(until("2026-06-01T02:00:00Z", 0), "2026-06-01T16:00:00Z");
        assert_eq!(until("2026-12-30T02:00:00Z", 30), "2027-01-29T16:00:00Z");
    }
}
