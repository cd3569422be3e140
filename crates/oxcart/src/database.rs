//! Which database: the one configured, else the private one in the data directory.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use pg::private::{Origin, PrivateOptions, PrivateServer};

use crate::config::Config;

/// The name of the shop's database on the private server.
pub const NAME: &str = "oxcart";

/// A database that answers, and the server behind it when that is ours to look after.
#[derive(Debug)]
pub struct Database {
    /// As the owner of the schema.
    pub url: String,
    /// The server we are in charge of.
    pub private: Option<Arc<PrivateServer>>,
}

impl Database {
    /// For a running shop: takes charge of the private server, unless a database is configured.
    pub async fn take_charge(config: &Config) -> Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self { url: url.reveal().to_owned(), private: None });
        }
        let server = PrivateServer::start(PrivateOptions {
            max_connections: config.db_connections.saturating_add(40),
            ..PrivateOptions::new(&config.data)
        })
        .await?;
        let server = Arc::new(server);
        server.ensure_database(NAME).await?;
        Ok(Self { url: server.url(NAME), private: Some(server) })
    }

    /// For a command: like [`take_charge`](Self::take_charge), but a server that somebody else is
    /// in charge of is used as it is.
    pub async fn visit(config: &Config) -> Result<Self> {
        if config.database_url.is_none()
            && let Some(neighbour) = PrivateServer::find(&config.data)?
        {
            return Ok(Self { url: neighbour.url(NAME), private: None });
        }
        Self::take_charge(config).await
    }

    /// How the server came to run, in words.
    pub fn story(&self) -> String {
        let Some(server) = &self.private else { return "as configured in DATABASE_URL".to_owned() };
        let how = match server.origin() {
            Origin::Created => "a new private server",
            Origin::Started => "the private server, started",
            Origin::Adopted => "the private server, still running from before",
        };
        format!("PostgreSQL {}: {how} ({})", server.major(), shorten(server.cluster_dir()))
    }

    /// Ends what a command has started.
    pub async fn leave(self) -> Result<()> {
        match self.private {
            Some(server) => server.stop().await.context("could not stop PostgreSQL"),
            None => Ok(()),
        }
    }
}

/// Relative to the current directory when it lies in it.
pub fn shorten(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.as_ref().and_then(|here| path.strip_prefix(here).ok());
    inside.map_or_else(|| path.display().to_string(), |path| format!("./{}", path.display()))
}
