//! Talking to a server that somebody else is in charge of: the audit of a running shop.

use std::{fmt, path::Path};

use super::{
    PrivateError, PrivateServer, account::Account, binaries::Binaries, layout::Layout,
    process::Running,
};

/// A private server that runs under somebody else's supervision.
#[derive(Clone)]
pub struct Neighbour(Layout);

impl fmt::Debug for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Neighbour").field(&self.0.cluster).finish()
    }
}

impl Neighbour {
    /// The URL of a database, as [`SUPERUSER`](super::SUPERUSER).
    pub fn url(&self, database: &str) -> String {
        self.0.url(database)
    }
}

impl PrivateServer {
    /// The server that is running in `dir`, if there is one; it is left as it is.
    pub fn find(dir: &Path) -> Result<Option<Neighbour>, PrivateError> {
        let link = dir.join("postgres");
        let Ok(cluster) = link.canonicalize() else { return Ok(None) };
        let home = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
        let layout = Layout::resolve(&home, &Account::choose(&link)?)?;
        Ok(Running::find(&cluster, &layout.name).map(|_| Neighbour(layout)))
    }

    /// Whether the programs are installed that a server in `dir` needs; the error says what to do.
    pub fn check_installed(dir: &Path) -> Result<(), PrivateError> {
        Account::choose(&dir.join("postgres"))?;
        Binaries::find(&dir.join("postgres")).map(|_| ())
    }

    /// Whether `dir` holds a cluster, running or not.
    pub fn is_there(dir: &Path) -> bool {
        dir.join("postgres/PG_VERSION").is_file()
    }
}
