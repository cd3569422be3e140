//! Counting in memory: one map of buckets for each policy.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use governor::{
    RateLimiter as Governor, clock::Clock as _, middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{Decision, Policy, Quota, clock::Ticks};

type Buckets = Governor<u128, DashMapStateStore<u128>, Ticks, StateInformationMiddleware>;

/// So many newcomers are let in at least before full buckets are forgotten.
const NEWCOMERS_MIN: usize = 1 << 16;

/// The buckets of every policy.
#[derive(Debug)]
pub(super) struct Book(Vec<Chapter>);

#[derive(Debug)]
struct Chapter {
    quota: Quota,
    buckets: Buckets,
    /// Buckets that were full when they were asked for, since they were last swept: as many as may be
    /// new.
    newcomers: AtomicUsize,
    /// How many of them it takes to sweep again.
    enough: AtomicUsize,
}

impl Book {
    pub fn new(policies: &[Policy], ticks: &Ticks) -> Self {
        let chapter = |policy: &Policy| Chapter::new(policy.quota, ticks.clone());
        Self(policies.iter().map(chapter).collect())
    }

    pub fn check(&self, policy: usize, subject: u128) -> Decision {
        self.0[policy].check(subject)
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|chapter| chapter.buckets.len()).sum()
    }
}

impl Chapter {
    fn new(quota: Quota, ticks: Ticks) -> Self {
        let limits = governor::Quota::with_period(quota.per);
        let limits = limits.unwrap_or_else(|| panic!("a quota without a period"));
        Self {
            quota,
            buckets: Governor::new(
                limits.allow_burst(quota.burst),
                DashMapStateStore::default(),
                ticks,
            ),
            newcomers: AtomicUsize::new(0),
            enough: AtomicUsize::new(NEWCOMERS_MIN),
        }
    }

    fn check(&self, subject: u128) -> Decision {
        match self.buckets.check_key(&subject) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                if remaining + 1 == self.quota.burst.get() {
                    self.count_newcomer();
                }
                Decision::passed(&self.quota, remaining)
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.buckets.clock().now());
                Decision::refused(&self.quota, wait)
            }
        }
    }

    /// A full bucket is as good as none. Forgetting them looks at all buckets, and is done once
    /// there may be twice as many as last time: every newcomer pays for the same small share of it.
    fn count_newcomer(&self) {
        let count = self.newcomers.fetch_add(1, Relaxed) + 1;
        if count < self.enough.load(Relaxed) {
            return;
        }
        let one_sweeps = self.newcomers.compare_exchange(count, 0, Relaxed, Relaxed).is_ok();
        if one_sweeps {
            self.buckets.retain_recent();
            self.buckets.shrink_to_fit();
            self.enough.store(self.buckets.len().max(NEWCOMERS_MIN), Relaxed);
        }
    }
}
