//! How long to wait before the next try.

use std::time::Duration;

use kernel::Ids;

/// After `attempts` failures: 1 s, 2 s, 4 s … 10 min, of which a random half is left out, so that
/// what failed together does not come back together.
pub(crate) fn after_failures(attempts: u16, ids: &Ids) -> Duration {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_mins(10);
    let doublings = u32::from(attempts.saturating_sub(1).min(16));
    jittered((FIRST * 2_u32.pow(doublings)).min(LONGEST), ids)
}

/// Between half of `pause` and all of it.
pub(crate) fn jittered(pause: Duration, ids: &Ids) -> Duration {
    let share = f64::from(u16::from_le_bytes(ids.bytes())) / f64::from(u16::MAX);
    pause.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes_and_never_vanish() {
        let ids = Ids::from_seed(1);
        for attempts in 0..2000 {
            let full = 2_u64.pow(u32::from(attempts.clamp(1, 17) - 1)).min(600);
            let pause = after_failures(attempts, &ids).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let full = full as f64;
            assert!((full / 2.0..=full).contains(&pause), "{attempts}: {pause}");
        }
    }
}
