//! The technical floor under every module that keeps something in PostgreSQL: connections and
//! transactions, retry of what PostgreSQL asks to be retried, constraint names as errors,
//! migrations, and a private PostgreSQL server for installations without one.
//!
//! *Invariant:* no business words here. *Invariant:* modules take [`&mut Connection`](Connection);
//! only flows and endpoints begin transactions ([`Db::begin`]), and whoever begins one commits it.

pub mod affected;
pub mod copy;
pub mod db;
pub mod error;
pub mod migrate;
pub mod private;
pub mod retry;

pub use affected::{Affected, ensure_affected};
pub use db::{Db, DbOptions, Transaction};
pub use error::{DbError, DbResult};
pub use retry::{Backoff, retry, retry_when};

/// One connection, inside a transaction or not: what module functions take.
pub type Connection = sqlx::PgConnection;
