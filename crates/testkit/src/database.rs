//! A database for one test.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use jiff::Timestamp;
use kernel::{Ids, ManualClock, SharedClock};
use pg::{Db, DbOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::server::{TEMPLATE_VARIABLE, URL_VARIABLE, drop_database};

pub(crate) const TEMPLATE_PREFIX: &str = "oxcart_template_";
/// Followed by the process id of the test, so that leftovers are known.
pub(crate) const TEST_PREFIX: &str = "oxcart_test_";

/// What the clock of a test says at first: 2026-06-01 10:00 in Taipei.
pub const START: &str = "2026-06-01T02:00:00Z";

/// A migrated database of its own, dropped at the end, with a hand-moved clock and seeded ids.
#[derive(Debug)]
pub struct TestDb {
    name: String,
    maintenance_url: String,
    owner_url: String,
    db: Db,
    owner: Db,
    clock: Arc<ManualClock>,
    ids: Ids,
}

impl TestDb {
    /// Clones the template.
    ///
    /// # Panics
    /// When there is no server: tests are run by `cargo nextest run`.
    pub async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let [maintenance_url, template] = [URL_VARIABLE, TEMPLATE_VARIABLE].map(|variable| {
            std::env::var(variable).unwrap_or_else(|_| {
                panic!("{variable} is not set: run the tests with `cargo nextest run`")
            })
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{TEST_PREFIX}{}_{number}", std::process::id());
        let mut conn = PgConnection::connect(&maintenance_url).await.unwrap();
        // A killed test with our process id, long ago.
        drop_database(&mut conn, &name).await.unwrap();
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();

        let owner_url = maintenance_url.replacen("/postgres?", &format!("/{name}?"), 1);
        assert_ne!(owner_url, maintenance_url, "{URL_VARIABLE} must name the database `postgres`");
        let app = DbOptions::app(&owner_url).with_max_connections(10);
        Self {
            db: Db::open(&app).unwrap(),
            owner: Db::open(&DbOptions::owner(&owner_url)).unwrap(),
            clock: Arc::new(ManualClock::at(START.parse::<Timestamp>().unwrap())),
            ids: Ids::from_seed(u64::from(number) + 1),
            name,
            maintenance_url,
            owner_url,
        }
    }

    /// The pool of the program under test: it works as `oxcart_app`.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// A pool that works as the owner: for setting up and looking, not for the program under test.
    pub const fn owner(&self) -> &Db {
        &self.owner
    }

    /// For connections as the owner.
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// For connections as `oxcart_app`.
    pub fn app_url(&self) -> String {
        format!("{}&options=-c%20role%3D{}", self.owner_url, pg::db::APP_ROLE)
    }

    /// The clock, which only the test moves.
    pub fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.clock)
    }

    /// The same clock for those who only read it.
    pub fn shared_clock(&self) -> SharedClock {
        Arc::clone(&self.clock) as SharedClock
    }

    /// Ids that are the same in every run.
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }
}

impl Drop for TestDb {
    /// Drops the database, also after a panic. What a killed test leaves behind is dropped by the
    /// next run (`test-database`).
    fn drop(&mut self) {
        let (url, name) = (&self.maintenance_url, &self.name);
        // Dropping cannot await, and the test's runtime may be a single thread.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.unwrap().block_on(async {
                    if let Ok(mut conn) = PgConnection::connect(url).await {
                        drop_database(&mut conn, name).await.ok();
                    }
                });
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn role(url: &str) -> String {
        let mut conn = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut conn).await.unwrap()
    }

    #[tokio::test]
    async fn each_test_has_a_migrated_database_of_its_own_that_goes_away() {
        let (a, b) = (TestDb::new().await, TestDb::new().await);
        assert_ne!(a.owner_url(), b.owner_url());
        let mut conn = a.owner().acquire().await.unwrap();
        assert_eq!(pg::migrate::current(&mut conn).await.unwrap(), pg::migrate::latest());
        assert_eq!(role(a.owner_url()).await, pg::private::SUPERUSER);
        assert_eq!(role(&a.app_url()).await, pg::db::APP_ROLE);

        let (name, url) = (a.name.clone(), a.maintenance_url.clone());
        drop((conn, a));
        let mut conn = PgConnection::connect(&url).await.unwrap();
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(name)
                .fetch_one(&mut conn)
                .await
                .unwrap();
        assert!(!there);
    }

    #[tokio::test]
    async fn every_wait_of_the_program_has_an_end() {
        let test = TestDb::new().await;
        let mut conn = test.db().acquire().await.unwrap();
        for (setting, expected) in [
            ("lock_timeout", "10s"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "1min"),
        ] {
            let limit: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut *conn)
                .await
                .unwrap();
            assert_eq!(limit, expected, "{setting}");
        }
    }

    #[tokio::test]
    async fn the_program_under_test_cannot_rewrite_the_ledger() {
        let test = TestDb::new().await;
        let mut conn = test.db().acquire().await.unwrap();
        let error = sqlx::query("DELETE FROM inventory.movements").execute(&mut *conn).await;
        assert_eq!(error.unwrap_err().as_database_error().unwrap().code().unwrap(), "42501");
    }
}
