//! Rate limits: how often somebody may ask, by the generic cell rate algorithm (GCRA). Each subject
//! has a bucket of `burst` requests, of which one comes back every `per`.
//!
//! Each server counts for itself, in memory. With Redis they count together: a server still asks
//! itself first (what it refuses alone, all together refuse as well), so that Redis is asked only
//! about what may pass, and so that a Redis that is away changes nothing but who counts together.
//!
//! *Invariants:*
//! - memory is bounded by the rate at which requests come in, never by the number of those who ever
//!   asked;
//! - Redis is waited for only a moment, and a Redis that is away refuses nobody.

mod clock;
mod in_process;
mod shared;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

pub use self::clock::HandClock;
use self::{clock::Ticks, in_process::Book, shared::Shared};

/// How much somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// So many requests at once.
    pub burst: NonZeroU32,
    /// One of them comes back after this time.
    pub per: Duration,
}

impl Quota {
    /// `per_minute` requests a minute for as long as one likes, and `burst` at once.
    ///
    /// # Panics
    /// When one of them is zero.
    pub const fn per_minute(per_minute: u32, burst: u32) -> Self {
        let (Some(burst), Some(per_minute)) = (NonZeroU32::new(burst), NonZeroU32::new(per_minute))
        else {
            panic!("a quota of nothing");
        };
        let per = Duration::from_nanos(60_000_000_000 / per_minute.get() as u64);
        Self { burst, per }
    }

    /// The time in which an empty bucket is full again.
    pub const fn window(&self) -> Duration {
        self.per.saturating_mul(self.burst.get())
    }
}

/// A quota and its name, under which servers count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The name.
    pub name: &'static str,
    /// The quota.
    pub quota: Quota,
}

/// What was decided about a request, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may pass.
    pub allowed: bool,
    /// How many may pass at once.
    pub limit: u32,
    /// How many more may pass now.
    pub remaining: u32,
    /// Seconds until all of them may pass again.
    pub reset: u32,
    /// Seconds until one may pass: 0 when this one did.
    pub retry_after: u32,
}

impl Decision {
    fn passed(quota: &Quota, remaining: u32) -> Self {
        let limit = quota.burst.get();
        let used = limit.saturating_sub(remaining);
        Self {
            allowed: true,
            limit,
            remaining,
            reset: whole_seconds(quota.per.saturating_mul(used)),
            retry_after: 0,
        }
    }

    fn refused(quota: &Quota, wait: Duration) -> Self {
        Self {
            allowed: false,
            limit: quota.burst.get(),
            remaining: 0,
            reset: whole_seconds(quota.window()),
            retry_after: whole_seconds(wait).max(1),
        }
    }
}

/// Rounded up: whoever waits so long does not wait in vain.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// Counts requests by policy and subject. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    book: Arc<Book>,
    shared: Option<Arc<Shared>>,
}

/// An address of Redis that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("this is no address of Redis")]
pub struct NoRedis(#[source] redis::RedisError);

impl RateLimiter {
    /// This server counts for itself.
    pub fn in_process(policies: &[Policy]) -> Self {
        Self { book: Arc::new(Book::new(policies, &Ticks::real())), shared: None }
    }

    /// The same by a clock that is moved by hand.
    pub fn by_hand(policies: &[Policy], clock: &HandClock) -> Self {
        Self { book: Arc::new(Book::new(policies, &Ticks::by_hand(clock))), shared: None }
    }

    /// This server counts together with the others that use the Redis at `url`. It is connected to
    /// when it is first needed.
    pub fn shared(policies: &[Policy], url: &str) -> Result<Self, NoRedis> {
        let shared = Shared::open(policies, url).map_err(NoRedis)?;
        Ok(Self { shared: Some(Arc::new(shared)), ..Self::in_process(policies) })
    }

    /// Whether other servers are asked, which takes time.
    pub const fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Counts one request of `subject` by the policy at this place. Only what this server has seen is
    /// decided on.
    ///
    /// # Panics
    /// When there is no such policy.
    pub fn check(&self, policy: usize, subject: u128) -> Decision {
        self.book.check(policy, subject)
    }

    /// The same together with the other servers, when there are any.
    pub async fn check_shared(&self, policy: usize, subject: u128) -> Decision {
        let alone = self.check(policy, subject);
        match &self.shared {
            // Boxed: every request would have to carry the room for it, Redis or not.
            Some(shared) if alone.allowed => {
                Box::pin(shared.check(policy, subject)).await.unwrap_or(alone)
            }
            _ => alone,
        }
    }

    /// Subjects that are remembered.
    pub fn len(&self) -> usize {
        self.book.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
