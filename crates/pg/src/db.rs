//! The pool.

use std::{
    str::FromStr,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use sqlx::{
    PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{DbError, DbResult};

/// A transaction: rolls back when it is dropped, so that an early return writes nothing.
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// The role the server works as: it owns nothing (see migration 0001).
pub const APP_ROLE: &str = "oxcart_app";

/// How to connect.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// A `postgres://` URL.
    pub url: String,
    /// The most connections the pool may hold.
    pub max_connections: u32,
    /// How long a request may wait for a connection before it gets a clean 503.
    pub acquire_timeout: Duration,
    /// Work as `oxcart_app` (servers) or as the login role (migrations, audit repair).
    pub as_app: bool,
}

impl DbOptions {
    /// For the server.
    pub fn app(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 20,
            acquire_timeout: Duration::from_secs(5),
            as_app: true,
        }
    }

    /// For migrations and the owner's tools.
    pub fn owner(url: impl Into<String>) -> Self {
        Self { max_connections: 2, as_app: false, ..Self::app(url) }
    }

    /// The same with another pool size.
    #[must_use]
    pub fn with_max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }
}

/// A pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Prepares a pool; connections are opened when they are needed.
    pub fn open(options: &DbOptions) -> DbResult<Self> {
        let mut connect = PgConnectOptions::from_str(&options.url)
            .map_err(DbError::Other)?
            .application_name("oxcart");
        if options.as_app {
            // Every wait has an end: a lock nobody gives back is an error that is tried again, a
            // statement or a transaction that hangs is ended by PostgreSQL itself.
            connect = connect.options([
                ("role", APP_ROLE),
                ("lock_timeout", "10s"),
                ("statement_timeout", "30s"),
                ("idle_in_transaction_session_timeout", "60s"),
            ]);
        }
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .acquire_timeout(options.acquire_timeout)
            // Ours asks what the library's own does not, at the same price: one round trip.
            .test_before_acquire(false)
            .before_acquire(|conn, _| Box::pin(is_in_step(conn)))
            .connect_lazy_with(connect);
        Ok(Self { pool })
    }

    /// Begins a transaction. Whoever calls this also commits.
    pub async fn begin(&self) -> DbResult<Transaction> {
        Ok(self.pool.begin().await?)
    }

    /// A connection outside any transaction, for single reads.
    pub async fn acquire(&self) -> DbResult<sqlx::pool::PoolConnection<sqlx::Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    /// Asks the server for a sign of life.
    pub async fn ping(&self) -> DbResult<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes the pool after its connections came back.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether a connection of the pool answers what it is asked, and not what was asked before.
///
/// A client that hangs up ends its request wherever it waits, also in the midst of a `COPY`
/// ([`crate::copy`]). The library counts the answers that a given-up query still gets and reads
/// them first; it does not count those of a `COPY`. Its sign of life, asked when a connection comes
/// back, takes the `COPY`'s answer for its own, and whoever gets the connection next would read one
/// answer late: find no order that is there, or write and be told of an error. So a connection has
/// to give back a number nobody asked for before; one that does not is closed by the pool.
async fn is_in_step(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    static ASKED: AtomicI64 = AtomicI64::new(0);

    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    let answer: Option<i64> =
        sqlx::query_scalar("SELECT $1::int8").bind(asked).fetch_optional(conn).await?;
    Ok(answer == Some(asked))
}
