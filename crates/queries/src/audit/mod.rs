//! The auditor: proves over the whole database that the books are right. It looks at one instant
//! (a repeatable-read, read-only transaction), so it may run beside a shop at work.

mod after_sale;
#[cfg(test)]
mod after_sale_tests;
mod checks;
mod checks_adjustments;
mod checks_refunds;
mod report;
#[cfg(test)]
mod tests;

use pg::{Connection, Db, DbResult};

pub use self::report::{Finding, Report};
use self::{
    checks::{CHECKS, Check},
    checks_adjustments::ADJUSTMENT_CHECKS,
    checks_refunds::REFUND_CHECKS,
};

/// How many offending rows of a check are shown.
const SHOWN: i64 = 20;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Census {
    /// Products, published or not.
    pub products: i64,
    /// Orders, whatever became of them.
    pub orders: i64,
    /// Movements of stock.
    pub movements: i64,
    /// Attempts to pay.
    pub payments: i64,
}

/// Counts.
pub async fn census(conn: &mut Connection) -> DbResult<Census> {
    let (products, orders, movements, payments) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM catalog.products), (SELECT count(*) FROM orders.orders),
                (SELECT count(*) FROM inventory.movements),
                (SELECT count(*) FROM payments.attempts)",
    )
    .fetch_one(conn)
    .await?;
    Ok(Census { products, orders, movements, payments })
}

/// Runs every check.
pub async fn run(db: &Db) -> DbResult<Report> {
    let mut tx = db.begin().await?;
    // It reads everything, and may take its time about it; it waits for nobody.
    sqlx::raw_sql(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
         SET LOCAL statement_timeout = '1h'",
    )
    .execute(&mut *tx)
    .await?;
    let report = examine(&mut tx).await;
    tx.rollback().await?;
    report
}

/// Every check, by what it is about.
fn every_check() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().chain(REFUND_CHECKS).chain(ADJUSTMENT_CHECKS).chain(after_sale::CHECKS)
}

async fn examine(conn: &mut Connection) -> DbResult<Report> {
    let census = census(conn).await?;
    let mut findings = Vec::new();
    for check in every_check() {
        let rows: Vec<String> =
            sqlx::query_scalar(check.offending).bind(SHOWN + 1).fetch_all(&mut *conn).await?;
        findings.push(Finding { claim: check.claim, rows });
    }
    Ok(Report { census, findings })
}
