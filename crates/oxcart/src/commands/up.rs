//! `oxcart up`: a whole shop on this machine, by one command.

use std::{process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use data_encoding::HEXLOWER;
use ecpay_simulator::Simulator;
use kernel::Ids;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep_until},
};

use super::house::House;
use crate::{
    admin::{self, Admin},
    compose::{self, Base, Shop},
    config::{Config, EcpayMode, Secret},
    database::{Database, shorten},
    limits,
    proxy::Proxy,
    routes, seed,
    supervise::{Lifecycle, Storefront, http, lifecycle::say, node::Node, storefront},
};

/// How long to wait for the storefront before the addresses are printed all the same.
const STOREFRONT_TIME: Duration = Duration::from_secs(30);

/// Runs until told to stop.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let life = Lifecycle::listen()?;
    let mut house = House::default();
    let config = &with_web_secret(config);
    let outcome = match open(config, &mut house, &life).await {
        Ok(()) => house.live(&life).await,
        failed => failed,
    };
    let closed = house.close(&life).await;
    outcome.and(closed).map(|()| ExitCode::SUCCESS)
}

/// The storefront's server is ours: what it proves itself with need not outlive this run.
fn with_web_secret(config: &Config) -> Config {
    let made = || Secret::from(&*HEXLOWER.encode(&Ids::from_system().bytes::<32>()));
    let secret = config.web_secret.clone().unwrap_or_else(made);
    Config { web_secret: Some(secret), ..config.clone() }
}

/// Step by step; a signal ends it between two of them.
async fn open(config: &Config, house: &mut House, life: &Lifecycle) -> Result<()> {
    let began = Instant::now();
    say("Oxcart");
    // First what can be wrong with this machine: it costs nothing to find out now.
    let listener = http::listen(config.bind, config.port, "the shop", "PORT")?;
    let simulator = simulator_listener(config)?;
    let node = Node::find(config).await?;
    house.storefront = Some(Storefront::start(storefront::Settings {
        node,
        public_url: config.public_url()?,
        api_url: api_url(config, &listener)?,
        web_secret: config.web_secret.clone(),
    }));
    // Not cancelled half-way: a server half-started would be left running.
    let database = Database::take_charge(config).await?;
    say(&format!("  {}", database.story()));
    if let Some(postgres) = &database.private {
        house.watch_postgres(Arc::clone(postgres));
    }
    let opening = furnish(config, house, &database, simulator);
    let Some(opened) = life.stop.run_until_cancelled(opening).await else { return Ok(()) };
    let (base, admin) = opened?;
    let shop = Shop::open(config, &base).await?;
    let upstream = house.storefront.as_ref().context("the storefront is gone")?.upstream();
    let public_url = config.public_url()?;
    let proxy = Proxy::new(upstream.clone(), &public_url).introducing(
        config.trusted_proxies.clone(),
        config.web_secret.as_ref().map(Secret::reveal),
    );
    let pages = shop.page_cache(proxy, config);
    let app = routes::app(shop.api.clone(), base.objects, pages, &public_url);
    house.shop = Some(shop);
    house.serve(listener, app, limits::of_clients(config), life);
    let deadline = Instant::now() + STOREFRONT_TIME;
    tokio::select! {
        address = upstream.wait(deadline) => if address.is_none() {
            say("  the storefront does not answer yet; it is tried again and again");
        },
        () = sleep_until(deadline) => {}
        () = life.stop.cancelled() => return Ok(()),
    }
    greet(config, &admin, began)
}

/// Schema, demo shop, administrator, simulator.
async fn furnish(
    config: &Config,
    house: &mut House,
    database: &Database,
    simulator: Option<TcpListener>,
) -> Result<(Base, Admin)> {
    let migrations = pg::migrate::up(&database.url).await?;
    say(&format!("  schema: {migrations} migrations"));
    let base = Base::open(config, &database.url)?;
    if seed::is_wanted(&base).await? {
        say(&format!("  {}", seed::load(&base).await?));
    }
    let admin =
        admin::ensure(&base.db, config, &admin::passwords(), &base.ids, &*base.clock).await?;
    if let Some(listener) = simulator {
        let settings = compose::simulator_config(config, &base.clock);
        house.simulator = Some(Simulator::start(settings, listener)?);
    }
    Ok((base, admin))
}

fn simulator_listener(config: &Config) -> Result<Option<TcpListener>> {
    if config.ecpay_mode != EcpayMode::Simulator {
        return Ok(None);
    }
    let (port, key) = (config.simulator_port()?, "OXCART_SIMULATOR_PORT");
    http::listen(config.bind, port, "the ECPay simulator", key).map(Some)
}

/// Where the storefront's server finds the API: on this machine.
fn api_url(config: &Config, listener: &TcpListener) -> Result<String> {
    let mut address = listener.local_addr()?;
    if config.bind.is_unspecified() {
        address.set_ip(if config.bind.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    Ok(format!("http://{address}"))
}

fn greet(config: &Config, admin: &Admin, began: Instant) -> Result<()> {
    let shop = config.public_url()?;
    let mut lines = vec![
        String::new(),
        format!("  Shop             {shop}"),
        format!("  API              {shop}/api/docs"),
    ];
    if config.ecpay_mode == EcpayMode::Simulator {
        lines.push(format!("  ECPay simulator  {}", config.simulator_url()?));
    }
    lines.push(format!("  Data and mail    {}", shorten(&config.data)));
    match admin {
        Admin::AlreadyThere => {}
        Admin::Configured => {
            lines.push(format!("  Administrator    {} (your password)", config.admin_email));
        }
        Admin::Generated(password) => {
            lines.push(format!("  Administrator    {}", config.admin_email));
            lines.push(format!("  Password         {password}   (shown only now: keep it)"));
        }
    }
    let seconds = began.elapsed().as_secs_f32();
    lines.push(format!("\nReady after {seconds:.1} s. Ctrl-C stops everything."));
    say(&lines.join("\n"));
    Ok(())
}
