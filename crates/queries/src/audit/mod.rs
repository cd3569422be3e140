//! The proof that the books are right (DESIGN promise 4): every balance equals its movements, every
//! reservation matches its order, no order lacks its lines, payments and orders agree.
//!
//! All checks see one snapshot of the database, so they can run while the shop is open.

mod checks;

use pg::{Db, DbResult};
use serde::Serialize;

/// At most this many offending rows are shown for a check; all of them are counted.
const SHOWN: usize = 20;

/// One rule, looked at over the whole database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// A stable name.
    pub name: &'static str,
    /// What must hold, in words.
    pub rule: &'static str,
    /// Rows the rule was applied to.
    pub looked_at: i64,
    /// Rows that break it.
    pub broken: i64,
    /// Some of them, described.
    pub examples: Vec<String>,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Every check, in a fixed order.
    pub checks: Vec<CheckResult>,
}

impl AuditReport {
    /// Whether nothing is broken.
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.broken == 0)
    }
}

/// Runs every check. `progress` hears each result as it comes.
pub async fn run(db: &Db, mut progress: impl FnMut(&CheckResult)) -> DbResult<AuditReport> {
    let mut tx = db.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *tx)
        .await?;
    let mut results = Vec::with_capacity(checks::CHECKS.len());
    for check in checks::CHECKS {
        let looked_at: i64 = sqlx::query_scalar(check.population).fetch_one(&mut *tx).await?;
        let rows: Vec<String> = sqlx::query_scalar(check.offenders).fetch_all(&mut *tx).await?;
        let result = CheckResult {
            name: check.name,
            rule: check.rule,
            looked_at,
            broken: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            examples: rows.into_iter().take(SHOWN).collect(),
        };
        progress(&result);
        results.push(result);
    }
    Ok(AuditReport { checks: results })
}
