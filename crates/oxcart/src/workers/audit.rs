//! The audit as a recurring job: what `oxcart audit` proves on demand is proved all the time. A check
//! that fails is a failed job, which everybody who looks at jobs or their metrics sees.

use std::time::Duration;

use outbox::{
    BoxFuture, HandleError,
    schedule::{Recurring, Turn},
};
use pg::Db;
use queries::audit;

/// Proves that the books are right.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The database.
    pub db: Db,
    /// How long from one audit to the next.
    pub every: Duration,
}

impl Recurring for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn every(&self) -> Duration {
        self.every
    }

    fn run<'a>(&'a self, turn: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>> {
        Box::pin(async move {
            let report = tokio::select! {
                report = audit::run(&self.db) => report?,
                () = turn.over().cancelled() => return Err(HandleError::new("interrupted")),
            };
            let wrong: Vec<String> = report
                .findings
                .iter()
                .filter(|it| !it.rows.is_empty())
                .map(|it| format!("{} (for one: {})", it.claim, it.rows[0]))
                .collect();
            if wrong.is_empty() {
                return Ok(format!("{} checks hold", report.findings.len()));
            }
            tracing::error!("{report}");
            let checks = wrong.len();
            Err(HandleError::new(format!("{checks} checks do not hold: {}", wrong.join("; "))))
        })
    }
}

#[cfg(test)]
mod tests {
    use testkit::{TestDb, seed::Shop};

    use super::*;

    #[tokio::test]
    async fn what_does_not_add_up_is_a_failure_that_says_what() {
        let test = TestDb::new().await;
        Shop::small(&test).await;
        let audit = Audit { db: test.db().clone(), every: Duration::from_hours(1) };
        let turn = Turn::unscheduled("audit");
        let said = audit.run(&turn).await.unwrap();
        assert!(said.ends_with(" checks hold"), "{said}");
        let mut conn = test.owner().acquire().await.unwrap();
        sqlx::query("UPDATE inventory.stock SET available = available + 1, total = total + 1")
            .execute(&mut *conn)
            .await
            .unwrap();
        let told = audit.run(&turn).await.unwrap_err().to_string();
        assert!(told.contains("every balance is the sum of its movements (for one: "), "{told}");
    }
}
