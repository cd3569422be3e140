//! A private PostgreSQL server, for installations without one: the system's PostgreSQL programs,
//! with its own data directory, reachable through a unix socket only, never as root.
//!
//! ```text
//! <dir>/postgres.lock   held while somebody is in charge of the server
//! <dir>/postgres        the cluster (or a link to it, see `layout`)
//! <dir>/run             the socket
//! <dir>/postgres.log    what the server says
//! ```
//!
//! *Invariant:* durability is on unless a test asked for less. *Invariant:* at most one
//! [`PrivateServer`] is in charge of a directory (file lock). *Invariant:* the server survives the
//! death of its supervisor, so that a `kill -9` of Oxcart costs no crash recovery: the next start
//! adopts it, and [`PrivateServer::stop`] is what ends it.

mod account;
mod binaries;
mod databases;
mod error;
mod find;
mod initdb;
mod layout;
mod process;
mod start;
mod stop;
#[cfg(test)]
mod tests;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU32},
    time::Duration,
};

use tokio::sync::Mutex;

use self::{account::Account, binaries::Binaries, layout::Layout, process::Running};
pub use self::{error::PrivateError, find::Neighbour, layout::Lock};

/// The superuser of the private server. Only who can reach the socket (the account the server
/// runs as, and root) can be it.
pub const SUPERUSER: &str = "oxcart";

/// Whether a commit is on the disk when it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// `fsync`, `synchronous_commit` and `full_page_writes` on: what a shop needs.
    Full,
    /// Everything off: for databases that may be lost, that is, of tests.
    Off,
}

/// How to run the private server.
#[derive(Clone, Debug)]
pub struct PrivateOptions {
    /// Where everything lies.
    pub dir: PathBuf,
    /// What a commit is worth.
    pub durability: Durability,
    /// PostgreSQL's `max_connections`.
    pub max_connections: u32,
    /// How long to wait until another process lets go of the directory.
    pub lock_wait: Duration,
    /// How long a start may take. It is long because the server may have to recover first.
    pub start_timeout: Duration,
}

impl PrivateOptions {
    /// The settings of a shop, in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            durability: Durability::Full,
            max_connections: 100,
            lock_wait: Duration::from_secs(5),
            start_timeout: Duration::from_mins(5),
        }
    }
}

/// How [`PrivateServer::start`] came to a running server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The cluster was made just now.
    Created,
    /// The cluster was there, the server was not.
    Started,
    /// The server was still running from before.
    Adopted,
}

/// A running private server and the right to be in charge of it.
///
/// Dropping it leaves the server running: the next [`start`](Self::start) adopts it.
#[derive(Debug)]
pub struct PrivateServer {
    options: PrivateOptions,
    account: Account,
    binaries: Binaries,
    layout: Layout,
    origin: Origin,
    /// The process; absent only while there is none.
    running: Mutex<Option<Running>>,
    wanted: AtomicBool,
    restarts: AtomicU32,
    _lock: Lock,
}

impl PrivateServer {
    /// How the server came to run.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Where the cluster lies: not inside the directory asked for when the server's account cannot
    /// get there.
    pub fn cluster_dir(&self) -> &Path {
        &self.layout.cluster
    }

    /// PostgreSQL's major version.
    pub const fn major(&self) -> u32 {
        self.binaries.major
    }

    /// How often [`watch`](Self::watch) had to start it again.
    pub fn restarts(&self) -> u32 {
        self.restarts.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The URL of a database, as [`SUPERUSER`].
    pub fn url(&self, database: &str) -> String {
        self.layout.url(database)
    }

    /// The process id of the server, while there is one.
    pub async fn pid(&self) -> Option<i32> {
        self.running.lock().await.as_ref().map(Running::pid)
    }
}
