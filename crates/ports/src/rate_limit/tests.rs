use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// The plainest thing that could be meant: a bucket that holds time. One request takes `per` out of
/// it, and what passes fills it up again, to `window` at most.
struct Model {
    quota: Quota,
    /// What each subject's bucket held, and when, in nanoseconds.
    levels: HashMap<u128, (u128, u128)>,
}

impl Model {
    fn check(&mut self, subject: u128, now: Duration) -> (bool, u32, Duration) {
        let (per, window) = (self.quota.per.as_nanos(), self.quota.window().as_nanos());
        let (held, at) = self.levels.get(&subject).copied().unwrap_or((window, 0));
        let level = (held + now.as_nanos() - at).min(window);
        let passes = level >= per;
        let level = if passes { level - per } else { level };
        self.levels.insert(subject, (level, now.as_nanos()));
        let wait = if passes { 0 } else { per - level };
        let nanos = |n: u128| Duration::from_nanos(u64::try_from(n).unwrap());
        (passes, u32::try_from(level / per).unwrap(), nanos(wait))
    }
}

fn policies(burst: u32, per: Duration) -> [Policy; 2] {
    let quota = Quota { burst: NonZeroU32::new(burst).unwrap(), per };
    [Policy { name: "first", quota }, Policy { name: "second", quota }]
}

proptest! {
    #[test]
    fn it_counts_as_the_model_does(
        burst in 1_u32..20,
        per in 1_u64..3_000_000_000,
        asked in prop::collection::vec((0_u128..3, 0_u64..5_000_000_000, 1_usize..8), 1..60),
    ) {
        let per = Duration::from_nanos(per);
        let [policy, _] = policies(burst, per);
        let clock = HandClock::default();
        let limiter = RateLimiter::by_hand(&[policy], &clock);
        let mut model = Model { quota: policy.quota, levels: HashMap::new() };
        let mut now = Duration::ZERO;
        for (subject, pause, times) in asked {
            let pause = Duration::from_nanos(pause);
            clock.advance(pause);
            now += pause;
            for _ in 0..times {
                let decision = limiter.check(0, subject);
                let (passes, left, wait) = model.check(subject, now);
                prop_assert_eq!(decision.allowed, passes);
                prop_assert_eq!(decision.limit, burst);
                if passes {
                    prop_assert_eq!((decision.remaining, decision.retry_after), (left, 0));
                    prop_assert!(Duration::from_secs(decision.reset.into()) >= per);
                } else {
                    prop_assert_eq!(decision.remaining, 0);
                    prop_assert_eq!(decision.retry_after, whole_seconds(wait).max(1));
                }
            }
        }
    }

    #[test]
    fn whoever_waits_as_told_passes(burst in 1_u32..5, per in 1_u64..100_000_000_000) {
        let [policy, _] = policies(burst, Duration::from_nanos(per));
        let clock = HandClock::default();
        let limiter = RateLimiter::by_hand(&[policy], &clock);
        for _ in 0..burst {
            prop_assert!(limiter.check(0, 7).allowed);
        }
        for _ in 0..3 {
            let refused = limiter.check(0, 7);
            prop_assert!(!refused.allowed);
            clock.advance(Duration::from_secs(refused.retry_after.into()));
            prop_assert!(limiter.check(0, 7).allowed);
            while limiter.check(0, 7).allowed {}
        }
        clock.advance(Duration::from_secs(limiter.check(0, 7).reset.into()));
        prop_assert_eq!(limiter.check(0, 7).remaining, burst - 1);
    }
}

#[test]
fn subjects_and_policies_have_buckets_of_their_own() {
    let limiter =
        RateLimiter::by_hand(&policies(1, Duration::from_secs(10)), &HandClock::default());
    assert!(limiter.check(0, 1).allowed);
    let refused = limiter.check(0, 1);
    let expected = Decision { allowed: false, limit: 1, remaining: 0, reset: 10, retry_after: 10 };
    assert_eq!(refused, expected);
    assert!(limiter.check(0, 2).allowed);
    assert!(limiter.check(1, 1).allowed);
    assert_eq!(limiter.len(), 3);
}

#[test]
fn those_who_do_not_come_back_are_forgotten() {
    let clock = HandClock::default();
    let [policy, _] = policies(10, Duration::from_millis(1));
    let limiter = RateLimiter::by_hand(&[policy], &clock);
    let mut most = 0;
    for subject in 0..1_000_000 {
        assert!(limiter.check(0, subject).allowed);
        if subject % 100 == 0 {
            clock.advance(Duration::from_millis(1));
            most = most.max(limiter.len());
        }
    }
    assert!(most <= 1 << 17, "{most} are remembered");
}

#[test]
fn quotas_are_what_they_say() {
    let quota = Quota::per_minute(600, 300);
    assert_eq!((quota.per, quota.window()), (Duration::from_millis(100), Duration::from_secs(30)));
    assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
    assert_eq!(whole_seconds(Duration::ZERO), 0);
}
