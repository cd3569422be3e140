//! Counting together, in Redis: one script, one round trip, and Redis' own clock.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

use super::{Decision, Policy};

/// How long a request waits for Redis.
const PATIENCE: Duration = Duration::from_millis(100);
/// After Redis did not answer, it is left alone for so long.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is said that Redis is away.
const SAY_EVERY: Duration = Duration::from_mins(1);
/// What the names of our keys begin with.
const PREFIX: &str = "oxcart:limit";

pub(super) struct Shared {
    policies: Vec<Policy>,
    connection: ConnectionManager,
    script: Script,
    began: Instant,
    /// Milliseconds after the beginning before which Redis is not asked.
    pause: AtomicU64,
    /// Milliseconds after the beginning before which nothing is said about it; 0: all was well.
    silence: AtomicU64,
}

impl fmt::Debug for Shared {
    // The address may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("policies", &self.policies).finish_non_exhaustive()
    }
}

impl Shared {
    pub fn open(policies: &[Policy], url: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE)
            .set_connection_timeout(Some(PAUSE))
            .set_response_timeout(Some(PATIENCE));
        let connection = ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?;
        Ok(Self {
            policies: policies.to_vec(),
            connection,
            script: Script::new(include_str!("gcra.lua")),
            began: Instant::now(),
            pause: AtomicU64::new(0),
            silence: AtomicU64::new(0),
        })
    }

    /// What all servers together say; nothing when Redis does not answer.
    pub async fn check(&self, policy: usize, subject: u128) -> Option<Decision> {
        let now = self.now();
        if now < self.pause.load(Relaxed) {
            return None;
        }
        let answer = match timeout(PATIENCE, self.ask(policy, subject)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return self.is_away(now, &error),
            Err(late) => return self.is_away(now, &late),
        };
        if self.silence.swap(0, Relaxed) > 0 {
            tracing::info!("Redis answers again: the servers' rate limits count together");
        }
        let (allowed, remaining, wait) = answer;
        let quota = &self.policies[policy].quota;
        Some(if allowed == 1 {
            Decision::passed(quota, remaining)
        } else {
            Decision::refused(quota, Duration::from_micros(wait))
        })
    }

    async fn ask(&self, policy: usize, subject: u128) -> Result<(u8, u32, u64), RedisError> {
        let Policy { name, quota } = self.policies[policy];
        let per = u64::try_from(quota.per.as_micros()).unwrap_or(u64::MAX).max(1);
        self.script
            .key(format!("{PREFIX}:{name}:{subject:032x}"))
            .arg(per)
            .arg(quota.burst.get())
            .invoke_async(&mut self.connection.clone())
            .await
    }

    fn is_away(&self, now: u64, error: &(dyn std::error::Error + 'static)) -> Option<Decision> {
        self.pause.store(now + millis(PAUSE), Relaxed);
        let silence = self.silence.load(Relaxed);
        let until = now + millis(SAY_EVERY);
        if now >= silence && self.silence.compare_exchange(silence, until, Relaxed, Relaxed).is_ok()
        {
            tracing::warn!(error, "Redis does not answer: each server limits rates by itself");
        }
        None
    }

    /// Never 0.
    fn now(&self) -> u64 {
        millis(self.began.elapsed()) + 1
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}
