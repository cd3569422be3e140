//! What tests stand on: a database each, ids and time under control, and a small shop to sell from.
//!
//! ```no_run
//! # async fn example() {
//! let db = testkit::TestDb::new().await;
//! let shop = testkit::seed::Shop::small(&db).await;
//! let mut tx = db.db().begin().await.unwrap();
//! // … exercise a module with `&mut tx`, `shop.mug_white`, `db.ids()`, `&*db.clock()` …
//! tx.commit().await.unwrap();
//! db.assert_ledger_balanced().await;
//! # }
//! ```
//!
//! Databases are cloned from a template that the program `test-database` prepares once a test run;
//! `.config/nextest.toml` runs it. So: `cargo nextest run`, not `cargo test`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub mod database;
mod fingerprint;
mod ledger;
pub mod seed;
pub mod server;

pub use database::TestDb;
