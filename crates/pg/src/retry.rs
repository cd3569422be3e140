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
    /// For changes of the back office that somebody else was quicker with: people can wait a moment,
    /// and whoever was quicker is given the time to finish.
    pub const EDIT: Self =
        Self { first: Duration::from_millis(20), longest: Duration::from_millis(500), attempts: 4 };

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
pub async fn retry<T, E, F>(backoff: Backoff, ids: &Ids, work: impl FnMut() -> F) -> Result<T, E>
where
    E: AsDbError,
    F: Future<Output = Result<T, E>>,
{
    let lost_a_race = |error: &E| matches!(error.as_db_error(), Some(DbError::Retry(_)));
    retry_when(backoff, ids, lost_a_race, work).await
}

/// The same, where `again` tells which failures another attempt may mend: nothing was written when it
/// says so.
pub async fn retry_when<T, E, F>(
    backoff: Backoff,
    ids: &Ids,
    again: impl Fn(&E) -> bool,
    mut work: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        match work().await {
            Err(error) if attempt < backoff.attempts && again(&error) => {
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

    /// Asks for something that `times` others are quicker with; what came of it, and the attempts.
    async fn overtaken(times: u32) -> (Result<(), &'static str>, u32) {
        let mut calls = 0;
        let work = || {
            calls += 1;
            std::future::ready(if calls > times { Ok(()) } else { Err("overtaken") })
        };
        let again = |error: &&str| *error == "overtaken";
        let quick = Backoff { first: Duration::from_millis(1), ..Backoff::EDIT };
        let done = retry_when(quick, &Ids::from_seed(1), again, work).await;
        (done, calls)
    }

    #[tokio::test]
    async fn who_is_overtaken_tries_again_a_few_times_and_then_says_so() {
        assert_eq!(overtaken(0).await, (Ok(()), 1));
        assert_eq!(overtaken(3).await, (Ok(()), 4));
        assert_eq!(overtaken(4).await, (Err("overtaken"), 4));
    }

    #[tokio::test]
    async fn what_another_attempt_does_not_mend_is_not_repeated() {
        let (ids, mut calls) = (Ids::from_seed(1), 0);
        let refused: Result<(), _> = retry_when(
            Backoff::EDIT,
            &ids,
            |_| false,
            || {
                calls += 1;
                std::future::ready(Err("refused"))
            },
        )
        .await;
        assert_eq!((refused, calls), (Err("refused"), 1));
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let ids = Ids::from_seed(1);
        for backoff in [Backoff::TRANSACTION, Backoff::EDIT] {
            for attempt in 1..40 {
                assert!(backoff.pause(attempt, &ids) <= backoff.longest);
            }
        }
    }
}
