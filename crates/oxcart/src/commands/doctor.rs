//! `oxcart doctor`: what this machine and the configuration lack.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, Result, anyhow};
use kernel::{SharedClock, SystemClock};
use pg::{Db, DbOptions, private::PrivateServer};
use queries::audit;

use crate::{
    config::{Config, EcpayMode},
    database::{Database, shorten},
    messages,
    supervise::{http, lifecycle::say, node::Node},
};

/// Looks at everything, and says what to do about what is wrong.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let running = PrivateServer::find(&config.data).ok().flatten().is_some();
    let mut sound = true;
    let mut tell = |what: &str, found: Result<String>| match found {
        Ok(text) => say(&format!("✓ {what}: {text}")),
        Err(error) => {
            sound = false;
            say(&format!("✗ {what}: {error:#}"));
        }
    };
    tell("data directory", data_directory(config));
    tell("database", database(config, running).await);
    tell("storefront", Node::find(config).await.map(|node| shorten(&node.program)));
    if running {
        tell("ports", Ok("not looked at: a shop is running with this data directory".to_owned()));
    } else {
        tell("ports", ports(config));
    }
    tell("payments", Ok(payments(config)));
    tell("messages", messages(config));
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn data_directory(config: &Config) -> Result<String> {
    let dir = &config.data;
    std::fs::create_dir_all(dir).with_context(|| format!("could not make {}", dir.display()))?;
    let probe = dir.join(".doctor");
    std::fs::write(&probe, "").with_context(|| format!("could not write to {}", dir.display()))?;
    std::fs::remove_file(&probe).ok();
    Ok(shorten(dir))
}

/// What the database holds. A private one that does not run is started for a moment.
async fn database(config: &Config, running: bool) -> Result<String> {
    if config.database_url.is_none() && !running && !PrivateServer::is_there(&config.data) {
        PrivateServer::check_installed(&config.data)?;
        return Ok("none yet; `oxcart up` makes a private one".to_owned());
    }
    let database = Database::visit(config).await?;
    let looked = look(&database).await;
    database.leave().await?;
    looked
}

async fn look(database: &Database) -> Result<String> {
    let db = Db::open(&DbOptions::owner(&database.url))?;
    let mut conn = db.acquire().await?;
    let (current, latest) = (pg::migrate::current(&mut conn).await?, pg::migrate::latest());
    if current < latest {
        return Err(anyhow!("schema {current} of {latest}: run `oxcart migrate`"));
    }
    let census = audit::census(&mut conn).await?;
    Ok(format!("schema {current}, {} products, {} orders", census.products, census.orders))
}

fn ports(config: &Config) -> Result<String> {
    http::listen(config.bind, config.port, "the shop", "PORT")?;
    let simulator = config.simulator_port()?;
    let key = "OXCART_SIMULATOR_PORT";
    http::listen(config.bind, simulator, "the ECPay simulator", key)?;
    Ok(format!("{} and {simulator} are free", config.port))
}

/// Which ways they go; whether somebody answers there is not tried.
fn messages(config: &Config) -> Result<String> {
    let clock: SharedClock = Arc::new(SystemClock);
    messages::Ways::open(config, &clock)?;
    match messages::nobody_reads(config) {
        Some(missing) => Err(anyhow!(missing)),
        None => Ok(format!("mail: {}; short messages: {}", config.mail, config.sms)),
    }
}

fn payments(config: &Config) -> String {
    match config.ecpay_mode {
        EcpayMode::Simulator => "the simulator (no money moves)".to_owned(),
        EcpayMode::Stage => "ECPay's sandbox (no money moves)".to_owned(),
        EcpayMode::Production => "ECPay, with real money".to_owned(),
    }
}
