//! What the command line does. Short commands start what they need and end it again.

mod audit;
mod audit_repair;
mod doctor;
mod house;
mod keys;
mod migrate;
mod products;
mod reconcile;
mod replay;
mod seed;
mod serve;
mod show_config;
mod stock;
mod up;
mod user;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, Result};
use api::stock_files::Rules;
use identity::Rotation;

use crate::{
    cli::{Cli, Command, ExportCommand, ImportCommand, KeysCommand, UserCommand},
    compose,
    config::Config,
    database::Database,
};

/// Runs a command to its end.
pub fn run(cli: &Cli) -> Result<ExitCode> {
    let config = Config::load(cli.config.as_deref())?;
    if matches!(cli.command, Command::Config) {
        return Ok(show_config::run(&config));
    }
    telemetry::init(&config.log_options()?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(compose::threads())
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let code = runtime.block_on(async {
        match &cli.command {
            Command::Up => up::run(&config).await,
            Command::Serve => serve::run(&config).await,
            Command::Migrate { down_to } => migrate::run(&config, *down_to).await,
            Command::Seed => seed::run(&config).await,
            Command::Audit { repair: false, .. } => audit::run(&config).await,
            Command::Audit { write, .. } => audit_repair::run(&config, *write).await,
            Command::Reconcile { date } => reconcile::run(&config, *date).await,
            Command::Import(ImportCommand::Stock { file, dry_run, partial, reason }) => {
                let (dry_run, partial, reason) = (*dry_run, *partial, reason.clone());
                stock::import(&config, file, Rules { dry_run, partial, reason }).await
            }
            Command::Import(ImportCommand::Products(args)) => products::import(&config, args).await,
            Command::Export(ExportCommand::Products { format, language }) => {
                products::export(&config, *format, *language).await
            }
            Command::Export(ExportCommand::Stock) => stock::export(&config).await,
            Command::Replay(args) => replay::run(&config, args).await,
            Command::Doctor => doctor::run(&config).await,
            Command::User(UserCommand::CreateAdmin) => user::create_admin(&config).await,
            Command::Keys(KeysCommand::Rotate { at_once }) => {
                let rotation = if *at_once { Rotation::AtOnce } else { Rotation::Smooth };
                keys::rotate(&config, rotation).await
            }
            Command::Config => Ok(show_config::run(&config)),
        }
    });
    // What is still running by now was given its time.
    runtime.shutdown_timeout(Duration::from_millis(500));
    code
}

/// Does `work` with the shop's database, and ends the server afterwards if it was started for it.
async fn with_database<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Database) -> Result<T>,
) -> Result<T> {
    let database = Database::visit(config).await?;
    let outcome = work(&database).await;
    database.leave().await?;
    outcome
}
