//! `oxcart import stock` and `oxcart export stock`: the same files as the API's.

use std::{io::Write as _, path::Path, pin::pin, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use api::stock_files::{self, MAX_BYTES, Reader, Rules, Sheet};
use futures::TryStreamExt as _;
use inventory::{Cause, SaveContext};
use kernel::{Actor, Clock as _, Ids, SystemClock};
use pg::{Db, DbOptions};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use uuid::Uuid;

use super::with_database;
use crate::{compose::check_schema, config::Config, supervise::lifecycle::say};

/// Takes a file; exits with 1 when rows are wrong.
pub async fn import(config: &Config, file: &Path, rules: Rules) -> Result<ExitCode> {
    let opened = tokio::fs::File::open(file).await.with_context(|| file.display().to_string())?;
    let sheet = read(opened).await?;
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::app(&database.url))?;
        let code = take(&db, sheet, &rules).await;
        db.close().await;
        code
    })
    .await
}

async fn read(mut file: impl AsyncRead + Unpin) -> Result<Sheet> {
    let (mut reader, mut size) = (Reader::default(), 0);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let length = file.read(&mut piece).await?;
        if length == 0 {
            return Ok(reader.finish());
        }
        size += length;
        if size > MAX_BYTES {
            bail!("the file is larger than {MAX_BYTES} bytes");
        }
        reader.push(&piece[..length]);
    }
}

async fn take(db: &Db, sheet: Sheet, rules: &Rules) -> Result<ExitCode> {
    let (clock, ids) = (SystemClock, Ids::from_system());
    let context = SaveContext { clock: &clock, ids: &ids };
    let at = clock.now();
    let cause = Cause { actor: Actor::System, reference: None, reason: None, at };
    let id: Uuid = ids.next(&clock);
    let mut tx = db.begin().await?;
    let report = stock_files::import(&mut tx, sheet, rules, id, &cause, &context).await?;
    let written = report.accepted && !report.dry_run;
    if written {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    for error in &report.errors {
        say(&format!("line {}, column {}: {}", error.line, error.column, error.detail));
    }
    let outcome = if written { "Written" } else { "Nothing was written" };
    say(&format!(
        "{outcome}: {} rows, {} change something, {} do not, {} are wrong.",
        report.rows, report.changed, report.unchanged, report.rejected
    ));
    Ok(if report.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes all stock to the standard output.
pub async fn export(config: &Config) -> Result<ExitCode> {
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::app(&database.url))?;
        let mut pieces = pin!(stock_files::export(db.clone()));
        let mut out = std::io::stdout().lock();
        while let Some(piece) = pieces.try_next().await? {
            out.write_all(&piece)?;
        }
        out.flush()?;
        db.close().await;
        Ok(ExitCode::SUCCESS)
    })
    .await
}

#[cfg(test)]
mod tests {
    use testkit::{TestDb, seed::Shop};

    use super::*;

    #[tokio::test]
    async fn a_file_is_taken_whole_or_not_at_all() {
        let test = TestDb::new().await;
        let shop = Shop::small(&test).await;
        let head = "sku,warehouse,by\nMUG-WHITE,TPE,2\n";
        let reason = Some("spring".to_owned());
        let rules = |dry_run, partial| Rules { dry_run, partial, reason: reason.clone() };
        let (good, bad) = (head.to_owned(), format!("{head}MUG-PINK,TPE,2\n"));
        for (text, rules, total) in [
            (&bad, rules(false, false), 10),
            (&good, rules(true, false), 10),
            (&bad, rules(true, true), 10),
            (&good, rules(false, false), 12),
            (&bad, rules(false, true), 14),
        ] {
            take(test.db(), read(text.as_bytes()).await.unwrap(), &rules).await.unwrap();
            let mut conn = test.db().acquire().await.unwrap();
            let rows = inventory::balances(&mut conn, shop.mug_white).await.unwrap();
            assert_eq!(rows[0].balance.total, total, "{text} {rules:?}");
        }
        test.assert_ledger_balanced().await;
    }
}
