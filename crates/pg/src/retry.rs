//! Doing a transaction again when PostgreSQL asks for it.

use std::time::Duration;

use kernel::Ids;

use crate::{DbError, DbResult};

/// Exponential back-off with full jitter, bounded.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first pause at most.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Attempts in all, the first one included.
    pub attempts: u32,
}

impl Backoff {
    /// For transactions that lost a race: a few quick attempts.
    pub const TRANSACTION: Self =
        Self { first: Duration::from_millis(5), longest: Duration::from_millis(200), attempts: 5 };

    /// The pause before attempt number `attempt` (the second attempt is 1).
    pub fn pause(&self, attempt: u32, ids: &Ids) -> Duration {
        let ceiling = self.first.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        let ceiling = ceiling.min(self.longest);
        let share = f64::from(u16::from_le_bytes(ids.bytes())) / f64::from(u16::MAX);
        ceiling.mul_f64(share)
    }
}

/// Runs `work` until it succeeds, fails for good, or the attempts are used up. `work` must be one
/// whole transaction: it is begun anew each time. Only [`DbError::Retry`] is repeated: after a lost
/// connection nobody knows whether the commit took effect.
pub async fn retry<T, E, F>(
    backoff: Backoff,
    ids: &Ids,
    mut work: impl FnMut() -> F,
) -> Result<T, E>
where
    E: AsDbError,
    F: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        match work().await {
            Err(error)
                if attempt < backoff.attempts
                    && matches!(error.as_db_error(), Some(DbError::Retry(_))) =>
            {
                tokio::time::sleep(backoff.pause(attempt, ids)).await;
                attempt += 1;
            }
            done => return done,
        }
    }
}

/// Errors that may have come from the database.
pub trait AsDbError {
    /// The database's error inside, if it is one.
    fn as_db_error(&self) -> Option<&DbError>;
}

impl AsDbError for DbError {
    fn as_db_error(&self) -> Option<&DbError> {
        Some(self)
    }
}

/// Shorthand for results that are nothing but database work.
pub async fn retry_db<T, F>(ids: &Ids, work: impl FnMut() -> F) -> DbResult<T>
where
    F: Future<Output = DbResult<T>>,
{
    retry(Backoff::TRANSACTION, ids, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_may_be_repeated_is_repeated() {
        let ids = Ids::from_seed(1);
        let mut calls = 0;
        let result: DbResult<()> = retry_db(&ids, || {
            calls += 1;
            std::future::ready(Err(DbError::Retry(sqlx::Error::RowNotFound)))
        })
        .await;
        assert!(matches!(result, Err(DbError::Retry(_))));
        assert_eq!(calls, Backoff::TRANSACTION.attempts);

        calls = 0;
        let result: DbResult<()> = retry_db(&ids, || {
            calls += 1;
            std::future::ready(Err(DbError::Unavailable(sqlx::Error::PoolClosed)))
        })
        .await;
        assert!(matches!(result, Err(DbError::Unavailable(_))));
        assert_eq!(calls, 1);
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let ids = Ids::from_seed(1);
        for attempt in 1..40 {
            assert!(Backoff::TRANSACTION.pause(attempt, &ids) <= Backoff::TRANSACTION.longest);
        }
    }
}
