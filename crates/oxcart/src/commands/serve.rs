//! `oxcart serve`: the server alone, for production.

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use axum::http::Uri;

use super::house::House;
use crate::{
    admin::{self, Admin},
    compose::{Base, Shop, check_schema},
    config::{Config, EcpayMode, Secret, base_url},
    limits,
    proxy::{Proxy, Upstream},
    routes,
    supervise::{Lifecycle, http, lifecycle::say},
};

/// Runs until told to stop.
pub async fn run(config: &Config) -> Result<ExitCode> {
    let life = Lifecycle::listen()?;
    let mut house = House::default();
    let outcome = match open(config, &mut house, &life).await {
        Ok(()) => house.live(&life).await,
        failed => failed,
    };
    house.close(&life).await?;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn open(config: &Config, house: &mut House, life: &Lifecycle) -> Result<()> {
    let database_url = config
        .database_url
        .as_ref()
        .context("`oxcart serve` needs DATABASE_URL; `oxcart up` brings its own PostgreSQL")?
        .reveal();
    let web_url = config.web_url.as_deref().context(
        "`oxcart serve` needs OXCART_WEB_URL, the address of the storefront's server; `oxcart up` \
         brings its own",
    )?;
    ensure!(
        config.ecpay_mode != EcpayMode::Simulator,
        "`oxcart serve` does not bring the ECPay simulator: set OXCART_ECPAY_MODE to stage or \
         production"
    );
    let storefront = storefront(web_url)?;
    let listener = http::listen(config.bind, config.port, "the shop", "PORT")?;
    check_schema(database_url).await?;
    let base = Base::open(config, database_url)?;
    let made =
        admin::ensure(&base.db, config, &admin::passwords(), &base.ids, &*base.clock).await?;
    if let Admin::Generated(password) = made {
        let email = &config.admin_email;
        say(&format!("The administrator {email} has the password {password} (shown only now)."));
    }
    let shop = Shop::open(config, &base).await?;
    if config.web_secret.is_none() {
        tracing::info!(
            "without OXCART_WEB_SECRET, whatever pages ask of the API counts as asked by the \
             storefront's server"
        );
    }
    let public_url = config.public_url()?;
    let proxy = Proxy::new(storefront, &public_url).introducing(
        config.trusted_proxies.clone(),
        config.web_secret.as_ref().map(Secret::reveal),
    );
    let pages = shop.page_cache(proxy, config);
    let app = routes::app(shop.api.clone(), base.objects, pages, &public_url);
    house.shop = Some(shop);
    house.serve(listener, app, limits::of_clients(config), life);
    tracing::info!(port = config.port, "serving {} on port {}", config.public_url()?, config.port);
    Ok(())
}

fn storefront(web_url: &str) -> Result<Upstream> {
    let uri: Uri = base_url("OXCART_WEB_URL", web_url)?.parse()?;
    ensure!(
        uri.scheme_str() == Some("http"),
        "OXCART_WEB_URL: the storefront is reached by plain http, on this machine or network"
    );
    let authority = uri.authority().context("OXCART_WEB_URL names no host")?;
    Ok(Upstream::fixed(authority.as_str()))
}
