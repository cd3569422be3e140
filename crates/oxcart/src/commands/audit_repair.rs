//! `oxcart audit --repair`.

use std::{process::ExitCode, sync::Arc};

use anyhow::Result;
use inventory::{
    Cause, SaveContext,
    repair::{Books, discrepancies, repair},
};
use kernel::{Actor, Ids, SharedClock, SystemClock};
use pg::{Db, DbOptions};

use super::{audit, with_database};
use crate::{compose::check_schema, config::Config, supervise::lifecycle::say};

/// Written into the ledger with every repair.
const REASON: &str = "oxcart audit --repair";

/// Says what would set ledger and balances right; does it when told to, and proves everything again.
pub async fn run(config: &Config, write: bool) -> Result<ExitCode> {
    let clean = with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::owner(&database.url))?;
        let clean = repair_all(&db, &(Arc::new(SystemClock) as SharedClock), write).await;
        db.close().await;
        clean
    })
    .await?;
    if write {
        return audit::run(config).await;
    }
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether there was nothing to repair.
async fn repair_all(db: &Db, clock: &SharedClock, write: bool) -> Result<bool> {
    let found = discrepancies(&mut *db.acquire().await?).await?;
    say(&heading(&found, write));
    for books in &found {
        say(&books.to_string());
    }
    if write {
        let ids = Ids::from_system();
        let context = SaveContext { clock: &**clock, ids: &ids };
        for books in &found {
            let (actor, at) = (Actor::System, clock.now());
            let cause = Cause { actor, reference: None, reason: Some(REASON), at };
            let mut tx = db.begin().await?;
            repair(&mut tx, books.key, &cause, &context).await?;
            tx.commit().await?;
        }
    }
    Ok(found.is_empty())
}

fn heading(found: &[Books], write: bool) -> String {
    let left = found.iter().filter(|books| books.repair().is_err()).count();
    let (rows, mended) = (found.len(), found.len() - left);
    if found.is_empty() {
        return "Every balance is the sum of its movements: there is nothing to repair.".into();
    }
    let told = format!("{rows} balances are not the sum of their movements.");
    if write {
        format!("{told} Repairing {mended} of them:")
    } else {
        format!("{told} {mended} of them can be repaired; add --write to do it:")
    }
}

#[cfg(test)]
mod tests {
    use testkit::{TestDb, seed::Shop};

    use super::*;

    #[tokio::test]
    async fn repairs_are_proposed_and_written_only_when_told_to() {
        let test = TestDb::new().await;
        Shop::small(&test).await;
        let clock = test.shared_clock();
        assert!(repair_all(test.db(), &clock, true).await.unwrap());
        let mut conn = test.owner().acquire().await.unwrap();
        let sql = "UPDATE inventory.stock SET total = total - 1, available = available - 1
                    WHERE total >= 10";
        assert_eq!(sqlx::query(sql).execute(&mut *conn).await.unwrap().rows_affected(), 2);
        let repairs = "SELECT count(*) FROM inventory.movements WHERE reason = $1 AND d_total = -1";
        for (write, clean, written) in [(false, false, 0), (true, false, 2), (true, true, 2)] {
            assert_eq!(repair_all(test.db(), &clock, write).await.unwrap(), clean);
            let count: i64 =
                sqlx::query_scalar(repairs).bind(REASON).fetch_one(&mut *conn).await.unwrap();
            assert_eq!(count, written);
        }
        test.assert_ledger_balanced().await;
        assert!(queries::audit::run(test.db()).await.unwrap().is_clean());
    }
}
