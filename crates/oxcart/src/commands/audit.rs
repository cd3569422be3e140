//! `oxcart audit`.

use std::process::ExitCode;

use anyhow::Result;
use pg::{Db, DbOptions};
use queries::audit;

use super::with_database;
use crate::{compose::check_schema, config::Config, supervise::lifecycle::say};

/// Proves that the books are right, or prints the rows that are not.
pub async fn run(config: &Config) -> Result<ExitCode> {
    with_database(config, async |database| {
        check_schema(&database.url).await?;
        let db = Db::open(&DbOptions::owner(&database.url))?;
        let report = audit::run(&db).await;
        db.close().await;
        let report = report?;
        say(&report.to_string());
        Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
    .await
}
