//! Changes of the back office are one transaction each, and do not fail because somebody else was
//! quicker: they are done again a few times, with pauses drawn at random.

use kernel::{ErrorCode, Ids};
use pg::{Backoff, retry_when};

use super::{problem::Problem, version::IfMatch};

/// Does a change, again where PostgreSQL asks for it (a deadlock, a lock that took too long).
/// `work` is one whole transaction, begun anew each time.
pub async fn edit<T, F>(ids: &Ids, work: impl FnMut() -> F) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    retry_when(Backoff::EDIT, ids, Problem::may_be_tried_again, work).await
}

/// The same for a change that reads a version, and writes only if nobody has changed it meanwhile.
/// Who said which version they have `seen` is told of the change, so that they can look at it. For
/// who did not, the change means the same whatever it was before: it is read and tried again, and
/// only told when others are always quicker.
pub async fn edit_seen<T, F>(
    ids: &Ids,
    seen: Option<IfMatch>,
    work: impl FnMut() -> F,
) -> Result<T, Problem>
where
    F: Future<Output = Result<T, Problem>>,
{
    let again = |problem: &Problem| {
        let overtaken = seen.is_none() && problem.code() == ErrorCode::VersionConflict;
        overtaken || problem.may_be_tried_again()
    };
    retry_when(Backoff::EDIT, ids, again, work).await
}

#[cfg(test)]
mod tests {
    use pg::DbError;

    use super::*;

    fn deadlock() -> Problem {
        DbError::Retry(sqlx::Error::RowNotFound).into()
    }

    fn conflict() -> Problem {
        ErrorCode::VersionConflict.into()
    }

    /// What comes of work that fails so `times` over, and how often it was done.
    async fn outcome(
        seen: Option<IfMatch>,
        times: u32,
        failure: fn() -> Problem,
    ) -> (Option<ErrorCode>, u32) {
        let (ids, mut calls) = (Ids::from_seed(1), 0);
        let done = edit_seen(&ids, seen, || {
            calls += 1;
            std::future::ready(if calls > times { Ok(()) } else { Err(failure()) })
        })
        .await;
        (done.err().map(|problem| problem.code()), calls)
    }

    #[tokio::test]
    async fn a_deadlock_is_mended_whoever_asks() {
        for seen in [None, Some(IfMatch(3))] {
            assert_eq!(outcome(seen, 1, deadlock).await, (None, 2));
            let given_up = (Some(ErrorCode::ServiceUnavailable), 4);
            assert_eq!(outcome(seen, 9, deadlock).await, given_up);
        }
    }

    #[tokio::test]
    async fn a_version_conflict_is_final_for_who_said_what_they_saw() {
        let told = Some(ErrorCode::VersionConflict);
        assert_eq!(outcome(Some(IfMatch(3)), 1, conflict).await, (told, 1));
        assert_eq!(outcome(None, 1, conflict).await, (None, 2));
        assert_eq!(outcome(None, 9, conflict).await, (told, 4));
    }

    #[tokio::test]
    async fn what_is_refused_or_uncertain_is_not_repeated() {
        let refused = || Problem::new(ErrorCode::StockFrozen);
        assert_eq!(outcome(None, 1, refused).await, (Some(ErrorCode::StockFrozen), 1));
        let uncertain = || Problem::from(DbError::Unavailable(sqlx::Error::PoolClosed));
        let code = Some(ErrorCode::ServiceUnavailable);
        assert_eq!(outcome(None, 1, uncertain).await, (code, 1));
        let (ids, mut calls) = (Ids::from_seed(1), 0);
        let done: Result<(), _> = edit(&ids, || {
            calls += 1;
            std::future::ready(Err(conflict()))
        })
        .await;
        assert_eq!((done.map_err(|it| it.code()), calls), (Err(ErrorCode::VersionConflict), 1));
    }
}
