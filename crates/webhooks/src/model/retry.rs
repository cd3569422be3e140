//! When a delivery is tried again, and when an endpoint is left in peace or given up. Pure.

use std::time::Duration;

use kernel::Ids;

/// The pauses between attempts, about three days in all; the last attempt is the one after the last
/// of them.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// The longest time that an endpoint may ask for by `Retry-After`.
const LONGEST_WISH: Duration = Duration::from_hours(24);

/// Attempts of a delivery, from one beginning to the end.
pub const ATTEMPTS: u16 = 10;

/// The pause after so many attempts (1 is the first); none after the last. A fifth of it is drawn at
/// random, so that what failed together does not come back together. An endpoint that says when to
/// come again (`wish`) is not asked before.
pub fn pause_after(attempts: u16, wish: Option<Duration>, ids: &Ids) -> Option<Duration> {
    let pause = *PAUSES.get(usize::from(attempts).checked_sub(1)?)?;
    let jittered = pause.mul_f64(0.8 + share(ids) / 5.0);
    Some(jittered.max(wish.unwrap_or_default().min(LONGEST_WISH)))
}

/// How long an endpoint is left in peace after so many failures in a row, whatever waits for it: not
/// at all at first, then up to five minutes.
pub fn rest_after(failures: u32, ids: &Ids) -> Option<Duration> {
    const PATIENT: u32 = 3;
    const LONGEST: Duration = Duration::from_mins(5);
    let doublings = failures.checked_sub(PATIENT)?;
    let rest = Duration::from_secs(2).saturating_mul(1 << doublings.min(16)).min(LONGEST);
    Some(rest.mul_f64(0.8 + share(ids) / 5.0))
}

/// Drawn at random, from 0 to 1.
fn share(ids: &Ids) -> f64 {
    f64::from(u16::from_le_bytes(ids.bytes())) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_for_about_three_days() {
        let ids = Ids::from_seed(1);
        let pauses: Vec<Duration> =
            (1..ATTEMPTS).map(|attempts| pause_after(attempts, None, &ids).unwrap()).collect();
        assert!(pauses.is_sorted());
        let all: Duration = pauses.iter().sum();
        assert!((Duration::from_hours(58)..=Duration::from_hours(76)).contains(&all), "{all:?}");
        assert_eq!(pause_after(ATTEMPTS, None, &ids), None);
        assert_eq!(pause_after(0, None, &ids), None);
        let firsts: Vec<_> = (0..20).map(|_| pause_after(1, None, &ids).unwrap()).collect();
        assert!(firsts.iter().all(|it| (4..=5).contains(&it.as_secs())));
        assert!(firsts.iter().any(|it| *it != firsts[0]), "drawn at random");
    }

    #[test]
    fn who_says_when_to_come_again_is_believed_within_bounds() {
        let ids = Ids::from_seed(1);
        let wish = |seconds| pause_after(1, Some(Duration::from_secs(seconds)), &ids).unwrap();
        assert!(wish(1) >= Duration::from_secs(4), "never sooner than we would");
        assert_eq!(wish(600), Duration::from_mins(10));
        assert_eq!(wish(u64::MAX), Duration::from_hours(24));
        assert_eq!(pause_after(ATTEMPTS, Some(Duration::from_secs(1)), &ids), None);
    }

    #[test]
    fn an_endpoint_that_fails_is_left_in_peace_longer_and_longer() {
        let ids = Ids::from_seed(1);
        let secs = |failures| rest_after(failures, &ids).map(|rest| rest.as_secs_f64());
        assert_eq!([0, 1, 2].map(secs), [None; 3]);
        assert!((1.6..=2.0).contains(&secs(3).unwrap()));
        assert!((6.4..=8.0).contains(&secs(5).unwrap()));
        assert!((240.0..=300.0).contains(&secs(u32::MAX).unwrap()));
    }
}
