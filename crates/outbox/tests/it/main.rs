//! The outbox against a real PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod history;
mod inbox;
mod jobs;
mod letters;
mod migration;
mod property;
mod relay;
mod restore;
mod schedule;
mod taking;
mod together;
mod upkeep;

use std::sync::Arc;

use kernel::{Shard, shard_of};
use outbox::{BoxFuture, Event, HandleError, NewEvent, Relay, Subscriber, Wants};
use serde_json::json;
use sqlx::Connection as _;
use testkit::TestDb;
use uuid::Uuid;

/// A subscriber that writes a row for each event it handles, in a table only the tests have. It
/// writes before it fails, so that a failure which is not undone shows.
struct Recorder;

const HAPPENED: &str = "thing.happened";

/// What an event tells the recorder to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Fails this often, then succeeds.
    Fails(u16),
    /// Panics the first time.
    Panics,
    /// Breaks a constraint the first time.
    Refused,
}

impl Subscriber for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[HAPPENED])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            record(conn, event).await?;
            let first = event.attempts == 0;
            match event.data["fate"].as_str() {
                Some("panics") if first => panic!("as told"),
                Some("refused") if first => {
                    let nameless = "INSERT INTO public.effects (n) VALUES (1)";
                    sqlx::query(nameless).execute(conn).await?;
                }
                _ => {}
            }
            let fails = event.data["fails"].as_u64().unwrap_or(0);
            if u64::from(event.attempts) < fails {
                return Err(HandleError::new("as told"));
            }
            Ok(())
        })
    }
}

async fn record(conn: &mut pg::Connection, event: &Event) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO public.effects (event_id, subject, n) VALUES ($1, $2, $3)")
        .bind(event.id.as_uuid())
        .bind(event.subject)
        .bind(event.data["n"].as_i64())
        .execute(conn)
        .await
        .map(drop)
}

struct Bench {
    test: TestDb,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let mut owner = test.owner().acquire().await.unwrap();
        for sql in [
            "CREATE TABLE public.effects (seq bigint GENERATED ALWAYS AS IDENTITY, \
             event_id uuid NOT NULL, subject uuid NOT NULL, n bigint NOT NULL)",
            "GRANT SELECT, INSERT ON public.effects TO oxcart_app",
        ] {
            sqlx::query(sql).execute(&mut *owner).await.unwrap();
        }
        drop(owner);
        Self { test }
    }

    fn relay(&self) -> Relay {
        self.relay_for(vec![Arc::new(Recorder)])
    }

    fn relay_for(&self, subscribers: Vec<Arc<dyn Subscriber>>) -> Relay {
        let (db, clock) = (self.test.db().clone(), self.test.shared_clock());
        Relay::new(db, clock, self.test.ids().clone(), subscribers)
    }

    fn subject(&self) -> Uuid {
        self.test.ids().uuid(&*self.test.clock())
    }

    /// Event number `n` of `subject`.
    fn event(&self, subject: Uuid, n: i64, fate: Fate) -> NewEvent {
        let data = match fate {
            Fate::Fails(fails) => json!({"n": n, "fails": fails}),
            Fate::Panics => json!({"n": n, "fate": "panics"}),
            Fate::Refused => json!({"n": n, "fate": "refused"}),
        };
        self.of_kind(HAPPENED, subject, &data)
    }

    fn of_kind(&self, kind: &'static str, subject: Uuid, data: &serde_json::Value) -> NewEvent {
        let (clock, ids) = (self.test.clock(), self.test.ids());
        NewEvent::new(kind, shard_of(subject), subject, data, &*clock, ids)
    }

    fn good(&self, subject: Uuid, n: i64) -> NewEvent {
        self.event(subject, n, Fate::Fails(0))
    }

    async fn append(&self, events: &[NewEvent]) {
        self.appended(events).await.commit().await.unwrap();
    }

    /// A transaction that has appended these and goes on.
    async fn appended(&self, events: &[NewEvent]) -> pg::Transaction {
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::append(&mut tx, events).await.unwrap();
        tx
    }

    /// As the owner.
    async fn execute(&self, sql: &str) {
        let mut owner = self.test.owner().acquire().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut *owner).await.unwrap();
    }

    /// The answer, as text.
    async fn ask(&self, sql: &'static str) -> String {
        let mut owner = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *owner).await.unwrap()
    }

    /// What was done, in order: subject and number.
    async fn effects(&self) -> Vec<(Uuid, i64)> {
        let mut owner = self.test.owner().acquire().await.unwrap();
        sqlx::query_as("SELECT subject, n FROM public.effects ORDER BY seq")
            .fetch_all(&mut *owner)
            .await
            .unwrap()
    }

    /// The numbers done for `subject`, in order.
    async fn effects_of(&self, subject: Uuid) -> Vec<i64> {
        self.effects().await.into_iter().filter(|(s, _)| *s == subject).map(|(_, n)| n).collect()
    }

    fn advance_secs(&self, seconds: i64) {
        self.test.clock().advance(jiff::SignedDuration::from_secs(seconds));
    }

    async fn database(&self) -> String {
        let mut owner = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *owner).await.unwrap()
    }

    /// A connection to the server's maintenance database.
    async fn connect_elsewhere(&self, name: &str) -> sqlx::PgConnection {
        let url = self.test.owner_url().replacen(&format!("/{name}"), "/postgres", 1);
        sqlx::PgConnection::connect(&url).await.unwrap()
    }

    async fn depth(&self) -> outbox::Depth {
        let mut conn = self.test.db().acquire().await.unwrap();
        outbox::pending(&mut conn).await.unwrap()
    }
}

/// Does what is due until nothing is.
async fn drain(relay: &Relay) -> usize {
    let mut handled = 0;
    loop {
        match relay.drain_batch().await.unwrap() {
            0 => return handled,
            some => handled += some,
        }
    }
}

/// Forgets what is older, with a walk in steps of `step` events; how many they were.
async fn forget(conn: &mut pg::Connection, before: jiff::Timestamp, step: u32) -> u64 {
    let (mut walk, mut forgotten) = (Some(outbox::forget::Walk::default()), 0);
    while let Some(here) = walk {
        let done = outbox::forget_published(conn, before, here, step).await.unwrap();
        forgotten += done.forgotten;
        walk = done.rest;
    }
    forgotten
}

/// A uuid on this shard.
fn on_shard(number: u8, id: Uuid) -> Uuid {
    Shard::new(number).stamp(id)
}
