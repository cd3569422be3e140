//! Where it all happens: a private PostgreSQL with everything durable, a template of the shop's
//! database, and the shop itself, which is always the real program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use pg::{
    Connection,
    private::{PrivateOptions, PrivateServer},
};
use tokio::process::Command;

use crate::{
    children::{self, Server, clean_command, free_port},
    load::{
        outcome::{Load, Rhythm},
        random::Spread,
        request::Ask,
    },
    seed, sql,
};

/// What every measurement's database is copied from.
const TEMPLATE: &str = "bench_template";
/// Where samples of orders are.
const SAMPLES: &str = "bench_samples";
/// The database of a measurement.
pub const RUN: &str = "bench_run";

/// How the stage is set.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where the private PostgreSQL and everything else lies.
    pub data: PathBuf,
    /// The shop's program.
    pub oxcart: PathBuf,
    /// The storefront.
    pub web: PathBuf,
    /// More environment for the shop.
    pub environment: Vec<(String, String)>,
}

/// The stage.
#[derive(Debug)]
pub struct Stage {
    setting: Setting,
    postgres: PrivateServer,
}

impl Stage {
    /// Starts PostgreSQL and makes the template and the samples. What a killed benchmark left
    /// behind is removed first.
    pub async fn open(setting: Setting, keep: bool) -> Result<Self> {
        ensure!(
            setting.oxcart.is_file(),
            "there is no {}: build it, or name it with --oxcart",
            setting.oxcart.display()
        );
        if setting.data.exists() && !keep {
            let old = PrivateServer::start(PrivateOptions::new(&setting.data)).await?;
            let cluster = old.cluster_dir().to_owned();
            old.stop().await?;
            drop(old);
            remove(&setting.data, &cluster)?;
        }
        let postgres = PrivateServer::start(PrivateOptions::new(&setting.data)).await?;
        let stage = Self { setting, postgres };
        stage.prepare().await?;
        Ok(stage)
    }

    async fn prepare(&self) -> Result<()> {
        let mut admin = self.admin().await?;
        for name in [RUN, SAMPLES, TEMPLATE] {
            sql::drop_database(&mut admin, name).await?;
        }
        self.postgres.ensure_database(TEMPLATE).await?;
        for words in [&["migrate"][..], &["seed"], &["user", "create-admin"]] {
            self.run(TEMPLATE, words).await?;
        }
        let mut conn = sql::connect(&self.url(TEMPLATE)).await?;
        sql::seed_variants(&mut conn).await?;
        sql::vacuum(&mut conn).await?;
        drop(conn);
        self.copy(SAMPLES).await?;
        let shop = self.shop(SAMPLES, &[]).await?;
        for (number, spread) in (1..).zip([Spread::One, Spread::Uniform]) {
            let load = Load {
                server: shop.address,
                ask: Ask::Orders { variants: seed::variants(), spread, lines: 1 },
                connections: 200,
                pace: Rhythm::Number { requests: 2000, on_command: false },
                expected: 201,
                seed: number,
                watched: Vec::new(),
                sources: None,
            };
            let outcome = children::load(&load).await?;
            let example = outcome.example.unwrap_or_default();
            ensure!(outcome.measured == 2000, "the shop does not take orders:\n{example}");
        }
        shop.stop().await
    }

    /// A connection that is in nobody's way.
    pub async fn admin(&self) -> Result<Connection> {
        sql::connect(&self.url("postgres")).await
    }

    /// The URL of a database, as its owner.
    pub fn url(&self, database: &str) -> String {
        self.postgres.url(database)
    }

    /// Where samples of orders are.
    pub fn samples_url(&self) -> String {
        self.url(SAMPLES)
    }

    /// Makes this database anew, as a copy of the template, with nothing left to flush.
    pub async fn copy(&self, name: &str) -> Result<()> {
        let mut admin = self.admin().await?;
        sql::copy_database(&mut admin, name, TEMPLATE).await?;
        sql::checkpoint(&mut admin).await
    }

    /// The same, but with the samples of orders in it.
    pub async fn copy_samples(&self, name: &str) -> Result<()> {
        sql::copy_database(&mut self.admin().await?, name, SAMPLES).await
    }

    /// Starts the shop on a database.
    pub async fn shop(&self, database: &str, more: &[(&str, String)]) -> Result<Server> {
        let port = free_port().await?;
        let mut command = self.command(database);
        command.arg("serve").env("PORT", port.to_string());
        for (name, value) in more {
            command.env(name, value);
        }
        Server::program(command, port, "/readyz").await.context("oxcart serve")
    }

    /// Runs a command of the program on a database, to its end.
    pub async fn run(&self, database: &str, words: &[&str]) -> Result<()> {
        let mut command = self.command(database);
        children::run(command.args(words), &format!("oxcart {}", words.join(" "))).await
    }

    fn command(&self, database: &str) -> Command {
        let mut command = clean_command(&self.setting.oxcart);
        command
            .env("DATABASE_URL", self.url(database))
            .env("OXCART_DATA", self.setting.data.join("shop"))
            .env("OXCART_WEB_URL", "http://127.0.0.1:9")
            .env("OXCART_ECPAY_MODE", "stage")
            .env("OXCART_ADMIN_EMAIL", "admin@example.com")
            .env("OXCART_ADMIN_PASSWORD", "the benchmark's administrator")
            .env("OXCART_RATE_LIMIT_EXEMPT", "127.0.0.0/8")
            // The benchmark counts its books by itself.
            .env("OXCART_AUDIT_HOURS", "0")
            // The demo shop's pictures would be worked on beside what is measured.
            .env("OXCART_RENDITIONS", "false")
            .env("OXCART_LOG", "warn");
        command.envs(self.setting.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The storefront's folder.
    pub fn web(&self) -> &Path {
        &self.setting.web
    }

    /// Where everything lies.
    pub fn data(&self) -> &Path {
        &self.setting.data
    }

    /// Stops PostgreSQL; removes everything unless it is to be kept.
    pub async fn close(self, keep: bool) -> Result<()> {
        let cluster = self.postgres.cluster_dir().to_owned();
        self.postgres.stop().await?;
        if keep {
            return Ok(());
        }
        drop(self.postgres);
        remove(&self.setting.data, &cluster)
    }
}

/// PostgreSQL's account may not be able to enter our folder; then its files lie elsewhere, in one
/// that is theirs alone.
fn remove(data: &Path, cluster: &Path) -> Result<()> {
    let home = cluster.parent().unwrap_or(cluster);
    if home.canonicalize()? != data.canonicalize()? {
        std::fs::remove_dir_all(home).with_context(|| home.display().to_string())?;
    }
    std::fs::remove_dir_all(data).with_context(|| data.display().to_string())
}
