//! A relay, a runner of jobs and a mailbox on a database of their own.

use std::{path::Path, sync::Arc};

use kernel::shard_of;
use notifications::{OrderMails, job_handlers};
use outbox::{JobRunner, NewEvent, Relay};
use ports::mail::{DevMailbox, Mailer, StoredMail};
use serde_json::{Value, json};
use testkit::TestDb;

pub(crate) struct Bench {
    pub(crate) test: TestDb,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) mailbox: DevMailbox,
    pub(crate) relay: Relay,
    pub(crate) runner: JobRunner,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let (test, folder) = (TestDb::new().await, tempfile::tempdir().unwrap());
        let from = "Oxcart <shop@oxcart.example>";
        let mailbox = DevMailbox::new(folder.path(), from, test.shared_clock()).unwrap();
        let mailer: Arc<dyn Mailer> = Arc::new(mailbox.clone());
        Self::with(test, folder, mailbox, &mailer)
    }

    pub(crate) fn with(
        test: TestDb,
        folder: tempfile::TempDir,
        mailbox: DevMailbox,
        mailer: &Arc<dyn Mailer>,
    ) -> Self {
        let (clock, ids) = (test.shared_clock(), test.ids().clone());
        let subscriber = Arc::new(OrderMails::new(Arc::clone(&clock), ids.clone()));
        let db = test.db().clone();
        let relay = Relay::new(db.clone(), Arc::clone(&clock), ids.clone(), vec![subscriber]);
        let handlers = job_handlers(mailer, None, &clock);
        let runner = JobRunner::new(db, clock, ids, handlers);
        Self { test, folder, mailbox, relay, runner }
    }

    /// Says that something happened to an order, and lets everything that follows happen.
    pub(crate) async fn tell(&self, kind: &'static str, data: Value) {
        self.say(kind, data).await;
        while self.relay.drain_batch().await.unwrap() > 0 {}
        while self.runner.run_due().await.unwrap() > 0 {}
    }

    pub(crate) async fn say(&self, kind: &'static str, data: Value) {
        let clock = self.test.clock();
        let subject = self.test.ids().uuid(&*clock);
        let event =
            NewEvent::new(kind, shard_of(subject), subject, &data, &*clock, self.test.ids());
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::append(&mut tx, &[event]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Writes a job in a transaction of its own.
    pub(crate) async fn enqueue(&self, job: outbox::NewJob) {
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::enqueue(&mut tx, &[job]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The mails so far, the newest first.
    pub(crate) async fn mails(&self) -> Vec<StoredMail> {
        self.mailbox.list(100).await.unwrap()
    }

    /// The mails' sources.
    pub(crate) fn sources(&self) -> Vec<String> {
        let names = names(self.folder.path());
        let read = |name: String| std::fs::read_to_string(self.folder.path().join(name)).unwrap();
        names.into_iter().map(read).collect()
    }

    /// When the one job that waits is due.
    pub(crate) async fn due(&self) -> jiff::Timestamp {
        let mut conn = self.test.owner().acquire().await.unwrap();
        let due: jiff_sqlx::Timestamp =
            sqlx::query_scalar("SELECT run_at FROM outbox.jobs WHERE finished_at IS NULL")
                .fetch_one(&mut *conn)
                .await
                .unwrap();
        due.to_jiff()
    }

    pub(crate) async fn dead(&self) -> Vec<String> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let dead = outbox::dead_jobs(&mut conn, 10).await.unwrap();
        dead.into_iter().map(|job| job.last_error).collect()
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn paid() -> Value {
    let money = |amount: i64| json!({"amount": amount, "currency": "TWD"});
    json!({
        "order_id": "01978000-0000-7000-8000-000000000001", "number": "OX-7Q4M", "locale": "en",
        "email": "ming@example.com",
        "lines": [{"sku": "MUG", "name": {"zh_tw": "杯", "en": "Mug"}, "quantity": 1,
            "variant_name": {"zh_tw": "白", "en": "White"}, "line_total": money(780)}],
        "subtotal": money(780), "discount": money(0), "shipping_fee": money(80),
        "total": money(860), "paid_at": "2026-06-01T02:00:00Z",
        "order_url": "https://shop.example/orders/1",
    })
}
