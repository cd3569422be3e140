//! What can go wrong with the database, sorted by what the caller should do.

use thiserror::Error;

/// A result of talking to the database.
pub type DbResult<T> = Result<T, DbError>;

/// An error from the database.
#[derive(Debug, Error)]
pub enum DbError {
    /// Deadlock or serialization failure: nothing was written, doing it again is right.
    #[error("the transaction has to be tried again")]
    Retry(#[source] sqlx::Error),
    /// No connection, or the server is stopping or starting. Whether a commit in flight took
    /// effect is not known.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// A constraint refused the write; its name says which rule.
    #[error("the constraint {name} refused the write")]
    Constraint {
        /// The constraint's name in the schema.
        name: String,
        /// What PostgreSQL said.
        #[source]
        source: sqlx::Error,
    },
    /// A write that had to touch exactly `expected` rows touched another number.
    #[error("{what}: {actual} rows affected, {expected} expected")]
    Affected {
        /// The statement, in words.
        what: &'static str,
        /// Rows it had to touch.
        expected: u64,
        /// Rows it touched.
        actual: u64,
    },
    /// A row that breaks the program's own rules.
    #[error("{table}.{column} holds a value that must not be there: {value}")]
    Corrupt {
        /// Schema and table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// The value found.
        value: String,
    },
    /// Everything else: a defect.
    #[error("the database refused the statement")]
    Other(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the same work may be done again after a pause.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Retry(_) | Self::Unavailable(_))
    }

    /// The constraint that refused the write.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::Tls(_) => {
                Self::Unavailable(error)
            }
            // The server's words end mid-sentence when it is killed.
            E::Protocol(_) => Self::Unavailable(error),
            E::Database(db) => match db.code().as_deref().unwrap_or_default() {
                // serialization_failure, deadlock_detected, lock_not_available
                "40001" | "40P01" | "55P03" => Self::Retry(error),
                // connection exceptions, operator intervention (a time limit, too), too many
                // connections, idle_in_transaction_session_timeout. Not all of class 25: a
                // statement in a transaction that has failed (25P02) is a defect.
                code if code.starts_with("08")
                    || code.starts_with("57")
                    || code == "25P03"
                    || code.starts_with("53") =>
                {
                    Self::Unavailable(error)
                }
                code if code.starts_with("23") => {
                    let name = db.constraint().unwrap_or_default().to_owned();
                    Self::Constraint { name, source: error }
                }
                _ => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}
