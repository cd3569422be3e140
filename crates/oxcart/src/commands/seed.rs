//! `oxcart seed`.

use std::process::ExitCode;

use anyhow::Result;

use super::with_database;
use crate::{compose::Base, config::Config, seed, supervise::lifecycle::say};

/// Loads the demo shop.
pub async fn run(config: &Config) -> Result<ExitCode> {
    with_database(config, async |database| {
        pg::migrate::up(&database.url).await?;
        let base = Base::open(config, &database.url)?;
        let loaded = seed::load(&base).await;
        base.db.close().await;
        say(&format!("{}.", loaded?));
        Ok(ExitCode::SUCCESS)
    })
    .await
}
