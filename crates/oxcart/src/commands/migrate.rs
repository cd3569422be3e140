//! `oxcart migrate`.

use std::process::ExitCode;

use anyhow::Result;

use super::with_database;
use crate::{config::Config, supervise::lifecycle::say};

/// Goes up to the newest schema, or down to a version.
pub async fn run(config: &Config, down_to: Option<i64>) -> Result<ExitCode> {
    with_database(config, async |database| {
        if let Some(version) = down_to {
            pg::migrate::down_to(&database.url, version).await?;
            say(&format!("The schema is at version {version}."));
        } else {
            let count = pg::migrate::up(&database.url).await?;
            say(&format!("The schema is up to date ({count} migrations)."));
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}
