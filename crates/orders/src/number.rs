//! The order's number for people, computed from its id (ADR 0006).

use std::{fmt, str::FromStr};

use jiff::{Timestamp, tz::Offset};
use kernel::{Shard, id::OrderId};
use uuid::Uuid;

/// Crockford's alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bits after the millisecond of the day: the id's counter (26), a random bit, the shard (6).
const LOW_BITS: u32 = 33;
const MS_A_DAY: i64 = 86_400_000;

/// An order number, e.g. `261121-K7M3-9QWD-2XAB`: the day in Taipei, and twelve Crockford letters
/// holding the millisecond of that day (27 bits), the id's counter within that millisecond (26: no
/// two of one process are alike), one random bit, and its shard (6). It says exactly in which
/// millisecond's ids to look: no index is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderNumber {
    day: (i8, i8, i8),
    code: u64,
}

/// The text is not an order number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an order number")]
pub struct NotAnOrderNumber;

impl OrderNumber {
    /// The number of an order.
    pub fn of(id: OrderId) -> Self {
        let bits = id.as_uuid().as_u128();
        let millis = i64::try_from(bits >> 80).unwrap_or(0);
        let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = Offset::constant(8).to_datetime(at);
        let taipei_millis = millis + 8 * 3_600_000;
        let of_day = u64::try_from(taipei_millis.rem_euclid(MS_A_DAY)).unwrap_or(0);
        let counter = ((bits >> 64) & 0xfff) << 14 | (bits >> 48) & 0x3fff;
        let low = u64::try_from(counter << 7 | bits & 0x7f).unwrap_or(0);
        let (year, month, day) = (local.year().rem_euclid(100), local.month(), local.day());
        let year = i8::try_from(year).unwrap_or(0);
        Self { day: (year, month, day), code: of_day << LOW_BITS | low }
    }

    /// Where its order lies.
    pub fn shard(self) -> Shard {
        Shard::new(u8::try_from(self.code & 63).unwrap_or(0))
    }

    /// The smallest and the largest id an order with this number can have, if its day exists.
    pub fn id_range(self) -> Option<(Uuid, Uuid)> {
        let (year, month, day) = self.day;
        let date = jiff::civil::Date::new(2000 + i16::from(year), month, day).ok()?;
        let midnight = Offset::constant(8).to_timestamp(date.to_datetime(jiff::civil::Time::MIN));
        let of_day = i64::try_from(self.code >> LOW_BITS).ok().filter(|ms| *ms < MS_A_DAY)?;
        let millis = u128::try_from(midnight.ok()?.as_millisecond() + of_day).ok()?;
        let first = millis << 80;
        Some((Uuid::from_u128(first), Uuid::from_u128(first | ((1 << 80) - 1))))
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one piece: every order's number is written several times.
        let mut text = *b"000000-0000-0000-0000";
        let (year, month, day) = self.day;
        for (at, number) in [(0, year), (2, month), (4, day)] {
            let number = number.unsigned_abs();
            (text[at], text[at + 1]) = (b'0' + number / 10 % 10, b'0' + number % 10);
        }
        let mut code = self.code;
        for place in text[6..].iter_mut().rev().filter(|place| **place != b'-') {
            *place = ALPHABET[usize::try_from(code & 31).unwrap_or(0)];
            code >>= 5;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for OrderNumber {
    type Err = NotAnOrderNumber;

    /// Forgiving, as people type: any case, with or without dashes and spaces, O for 0, I and L
    /// for 1.
    fn from_str(text: &str) -> Result<Self, NotAnOrderNumber> {
        let symbols: Vec<u8> = text
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' '))
            .map(|byte| match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            })
            .collect();
        let (date, letters) = symbols.split_at_checked(6).ok_or(NotAnOrderNumber)?;
        if letters.len() != 12 || !date.iter().all(u8::is_ascii_digit) {
            return Err(NotAnOrderNumber);
        }
        let pair =
            |at: usize| (date[at] - b'0').cast_signed() * 10 + (date[at + 1] - b'0').cast_signed();
        let mut code = 0_u64;
        for letter in letters {
            let digit =
                ALPHABET.iter().position(|known| known == letter).ok_or(NotAnOrderNumber)?;
            code = code << 5 | u64::try_from(digit).map_err(|_| NotAnOrderNumber)?;
        }
        Ok(Self { day: (pair(0), pair(2), pair(4)), code })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, ManualClock};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_looks_like_this_and_says_the_taipei_day() {
        let at: Timestamp = "2026-11-20T16:00:00.001Z".parse().unwrap();
        let id: OrderId = Ids::from_seed(1).next_on(&ManualClock::at(at), Shard::new(3));
        let number = OrderNumber::of(id).to_string();
        assert!(number.starts_with("261121-0000-0"), "{number}");
        assert_eq!(number.len(), 21);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "",
            "261121",
            "261121-K7M3-9QWD-2XA",
            "2611X1-K7M3-9QWD-2XAB",
            "261121-K7M3-9QWD-2XAU",
            "訂單",
        ] {
            assert_eq!(text.parse::<OrderNumber>(), Err(NotAnOrderNumber), "{text}");
        }
        let no_such_day: OrderNumber = "269931-0000-0000-0000".parse().unwrap();
        assert_eq!(no_such_day.id_range(), None);
    }

    #[test]
    fn two_orders_of_one_millisecond_and_variant_differ() {
        let clock = ManualClock::at("2026-11-20T16:00:00.001Z".parse().unwrap());
        let ids = Ids::from_seed(1);
        let numbers: std::collections::HashSet<_> =
            (0..20_000).map(|_| OrderNumber::of(ids.next_on(&clock, Shard::new(3)))).collect();
        assert_eq!(numbers.len(), 20_000);
    }

    proptest! {
        #[test]
        fn it_leads_back_to_the_id(ms in 946_684_800_000_i64..4_102_000_000_000, seed: u64, shard in 0_u8..64) {
            let clock = ManualClock::at(Timestamp::from_millisecond(ms).unwrap());
            let id: OrderId = Ids::from_seed(seed).next_on(&clock, Shard::new(shard));
            let number = OrderNumber::of(id);
            let typed = number.to_string().to_lowercase().replace('-', " ").replace('0', "o");
            prop_assert_eq!(typed.parse::<OrderNumber>(), Ok(number));
            let (first, last) = number.id_range().unwrap();
            prop_assert!(first <= id.as_uuid() && id.as_uuid() <= last);
            prop_assert_eq!(number.shard(), id.shard());
        }
    }
}
