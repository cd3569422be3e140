//! What can keep a private server from running, in words the operator can act on.

use std::path::PathBuf;

use thiserror::Error;

use crate::DbError;

/// Why there is no private PostgreSQL. Each message says what to do.
#[derive(Debug, Error)]
pub enum PrivateError {
    /// No usable server programs.
    #[error(
        "PostgreSQL 15 or newer is not installed (no directory with `initdb` and `postgres` was \
         found{}).\n  Debian, Ubuntu:  apt-get install postgresql\n  Fedora, RHEL:    dnf install \
         postgresql-server\n  Alpine:          apk add postgresql\n  macOS:           brew install \
         postgresql@17\nOr set DATABASE_URL to a PostgreSQL that runs elsewhere.",
        list(.too_old)
    )]
    NotInstalled {
        /// What was found, but is too old.
        too_old: Vec<String>,
    },
    /// The cluster was made by a major version that is not installed.
    #[error(
        "{} was made by PostgreSQL {wanted}, which is not installed (installed: {}). Install it \
         (Debian, Ubuntu: apt-get install postgresql-{wanted}), or move the data with pg_upgrade.",
        .dir.display(),
        .installed.join(", ")
    )]
    OtherMajor {
        /// The cluster.
        dir: PathBuf,
        /// The version that made it.
        wanted: u32,
        /// The versions there are.
        installed: Vec<String>,
    },
    /// We are root, and there is no account to run the server as.
    #[error(
        "PostgreSQL must not run as root, and there is no user `postgres` to run it as. Make one \
         (`useradd --system postgres`), or start Oxcart as an ordinary user."
    )]
    NoAccount,
    /// The cluster belongs to somebody we cannot become.
    #[error(
        "{} belongs to user {owner}, and Oxcart runs as user {ours}. Start Oxcart as that user or \
         as root, or set OXCART_DATA to another directory.",
        .dir.display()
    )]
    ForeignOwner {
        /// The cluster.
        dir: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// The server's account cannot enter the directory of an existing cluster.
    #[error(
        "the user {account} (who runs PostgreSQL) cannot enter {}. Allow it to (chmod o+x on the \
         directories above), or move the directory.",
        .dir.display()
    )]
    Unreachable {
        /// The directory.
        dir: PathBuf,
        /// The account.
        account: String,
    },
    /// Another process is in charge.
    #[error(
        "another Oxcart is running with the data directory {}. Stop it first, or set OXCART_DATA \
         to another directory.",
        .dir.display()
    )]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The socket has no safe place.
    #[error(
        "{} is not ours alone (0700), so the socket of PostgreSQL cannot be put there. Remove it, \
         or set OXCART_DATA to a shorter path.",
        .dir.display()
    )]
    SocketDir {
        /// The directory.
        dir: PathBuf,
    },
    /// The file system refused.
    #[error("could not {what} {}", .path.display())]
    Io {
        /// What was tried, as a verb.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The reason.
        #[source]
        source: std::io::Error,
    },
    /// `initdb` failed.
    #[error("initdb could not make a database cluster in {}:\n{said}", .dir.display())]
    Init {
        /// Where.
        dir: PathBuf,
        /// What it said.
        said: String,
    },
    /// The server ended while it started.
    #[error("PostgreSQL did not start. The end of {} says:\n{said}", .log.display())]
    Start {
        /// Its log.
        log: PathBuf,
        /// The last lines.
        said: String,
    },
    /// The server runs but does not answer.
    #[error("PostgreSQL (process {pid}) does not answer; see {}", .log.display())]
    Silent {
        /// Its process.
        pid: i32,
        /// Its log.
        log: PathBuf,
    },
    /// The server does not end, even when killed.
    #[error("PostgreSQL (process {pid}) could not be stopped")]
    Unstoppable {
        /// Its process.
        pid: i32,
    },
    /// A database name outside `[a-z][a-z0-9_]*`.
    #[error("{name:?} is no name for a database: use a–z, 0–9 and _")]
    DatabaseName {
        /// The name.
        name: String,
    },
    /// The server answered with an error.
    #[error(transparent)]
    Db(#[from] DbError),
}

fn list(too_old: &[String]) -> String {
    if too_old.is_empty() { String::new() } else { format!("; too old: {}", too_old.join(", ")) }
}

/// Names the operation and the path of an I/O error.
pub(super) trait IoContext<T> {
    fn io(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, PrivateError>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn io(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, PrivateError> {
        self.map_err(|source| PrivateError::Io { what, path: path.into(), source })
    }
}

impl<T> IoContext<T> for nix::Result<T> {
    fn io(self, what: &'static str, path: impl Into<PathBuf>) -> Result<T, PrivateError> {
        self.map_err(std::io::Error::from).io(what, path)
    }
}
