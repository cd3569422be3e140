//! `oxcart keys …`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use identity::Rotation;

use super::with_database;
use crate::{compose::Base, config::Config, supervise::lifecycle::say};

/// Makes a new key for access tokens, which follows the present one.
pub async fn rotate(config: &Config, rotation: Rotation) -> Result<ExitCode> {
    with_database(config, async |database| {
        pg::migrate::up(&database.url).await?;
        let base = Base::open(config, &database.url)?;
        let mut tx = base.db.begin().await?;
        let now = base.clock.now();
        let key = identity::rotate_signing_keys(&mut tx, rotation, &base.ids, now).await?;
        tx.commit().await.context("could not write the key")?;
        base.db.close().await;
        let kid = key.kid();
        say(&match rotation {
            Rotation::Smooth => format!(
                "The key {kid} signs access tokens from {} on; nobody is signed out.",
                key.signs_from
            ),
            Rotation::AtOnce => format!(
                "The key {kid} signs access tokens from now on. Tokens of the old keys are refused \
                 within seconds; browsers get new ones by themselves, programs have to refresh."
            ),
        });
        Ok(ExitCode::SUCCESS)
    })
    .await
}
