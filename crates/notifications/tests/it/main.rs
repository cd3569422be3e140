//! From an event in the outbox to a mail in the folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::{path::Path, sync::Arc};

use kernel::{
    Locale, LocalizedText,
    id::{EventId, VariantId, WarehouseId},
    shard_of,
};
use notifications::{
    AccountMail, AccountMailKind, OrderMails, StockAlerts, StockName, StockNames, job_handlers,
};
use outbox::{BoxFuture, JobRunner, NewEvent, Relay};
use ports::mail::{DevMailbox, Mailer};
use serde_json::{Value, json};
use testkit::TestDb;
use uuid::Uuid;

struct Bench {
    test: TestDb,
    folder: tempfile::TempDir,
    relay: Relay,
    runner: JobRunner,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let folder = tempfile::tempdir().unwrap();
        let (clock, ids) = (test.shared_clock(), test.ids().clone());
        let mailbox =
            DevMailbox::new(folder.path(), "Oxcart <shop@oxcart.example>", Arc::clone(&clock));
        let mailer: Arc<dyn Mailer> = Arc::new(mailbox.unwrap());
        let subscriber = Arc::new(OrderMails::new(Arc::clone(&clock), ids.clone()));
        let db = test.db().clone();
        let relay = Relay::new(db.clone(), Arc::clone(&clock), ids.clone(), vec![subscriber]);
        let runner = JobRunner::new(db, clock, ids, job_handlers(&mailer));
        Self { test, folder, relay, runner }
    }

    /// Says that something happened to an order, and lets everything that follows happen.
    async fn tell(&self, kind: &'static str, data: Value) -> EventId {
        let clock = self.test.clock();
        let subject = self.test.ids().uuid(&*clock);
        let event =
            NewEvent::new(kind, shard_of(subject), subject, &data, &*clock, self.test.ids());
        let id = event.id;
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::append(&mut tx, &[event]).await.unwrap();
        tx.commit().await.unwrap();
        while self.relay.drain_batch().await.unwrap() > 0 {}
        while self.runner.run_due().await.unwrap() > 0 {}
        id
    }

    async fn dead(&self) -> Vec<String> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let dead = outbox::dead_jobs(&mut conn, 10).await.unwrap();
        dead.into_iter().map(|job| job.last_error).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn paid() -> Value {
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

#[tokio::test]
async fn a_paid_order_is_confirmed_by_one_mail() {
    let bench = Bench::new().await;
    let id = bench.tell("order.paid", paid()).await;
    assert_eq!(names(bench.folder.path()), [format!("{id}.eml")]);
    let raw = std::fs::read_to_string(bench.folder.path().join(format!("{id}.eml"))).unwrap();
    for header in [
        "X-Oxcart-Order: OX-7Q4M",
        "To: ming@example.com",
        "Subject: [Oxcart Select] Order OX-7Q4M is paid",
    ] {
        assert!(raw.lines().any(|line| line == header), "{header} in\n{raw}");
    }
    assert!(raw.contains("Total: NT$ 860"), "{raw}");
}

#[tokio::test]
async fn mails_go_out_only_where_somebody_has_to_be_told() {
    let bench = Bench::new().await;
    let about = |reason: &str| {
        json!({"number": "OX-1", "email": "a@example.com", "locale": "zh-TW", "reason": reason,
            "amount": {"amount": 860, "currency": "TWD"}})
    };
    for (kind, reason, mails) in [
        ("order.cancelled", "customer", 0),
        ("order.cancelled", "expired", 1),
        ("refund.requested", "customer_request", 1),
        ("refund.requested", "stock_gone", 2),
        ("refund.requested", "paid_twice", 3),
        ("refund.requested", "order_cancelled", 4),
        ("refund.requested", "limit_reached", 5),
        ("order.created", "expired", 5),
    ] {
        bench.tell(kind, about(reason)).await;
        assert_eq!(names(bench.folder.path()).len(), mails, "{kind}, {reason}");
    }
    assert!(bench.dead().await.is_empty());
}

#[tokio::test]
async fn a_mail_about_an_account_goes_out_when_its_transaction_has_committed() {
    let bench = Bench::new().await;
    let clock = bench.test.clock();
    for (nth, kind) in AccountMailKind::ALL.into_iter().enumerate() {
        let mail = AccountMail {
            kind,
            email: "ming@example.com".into(),
            locale: Locale::En,
            link: "https://shop.example/en/page?token=abc_-123".into(),
        };
        let job = mail.job(bench.test.ids(), &*clock);
        let name = format!("{}.eml", job.id);
        let mut tx = bench.test.db().begin().await.unwrap();
        outbox::enqueue(&mut tx, std::slice::from_ref(&job)).await.unwrap();
        drop(tx);
        bench.runner.run_due().await.unwrap();
        assert_eq!(names(bench.folder.path()).len(), nth, "rolled back: nothing is sent");

        let mut tx = bench.test.db().begin().await.unwrap();
        outbox::enqueue(&mut tx, &[job]).await.unwrap();
        tx.commit().await.unwrap();
        bench.runner.run_due().await.unwrap();
        let raw = std::fs::read_to_string(bench.folder.path().join(name)).unwrap();
        let header = format!("X-Oxcart-Account: {}", kind.word());
        for line in [header.as_str(), "To: ming@example.com"] {
            assert!(raw.lines().any(|it| it == line), "{line} in\n{raw}");
        }
        assert!(raw.contains("token=3Dabc_-123") || raw.contains("token=abc_-123"), "{raw}");
    }
    assert!(bench.dead().await.is_empty());
}

#[tokio::test]
async fn a_mail_that_cannot_be_sent_ends_as_a_dead_letter_at_once() {
    let bench = Bench::new().await;
    let mut data = paid();
    data["email"] = json!("nobody");
    bench.tell("order.paid", data).await;
    bench.tell("order.paid", json!({"number": "OX-1"})).await;
    let dead = bench.dead().await;
    assert_eq!(dead.len(), 2, "{dead:?}");
    assert!(dead[0].contains("the payload is not what this mail needs"), "{dead:?}");
    assert!(dead[1].contains("recipient"), "{dead:?}");
    assert!(names(bench.folder.path()).is_empty());
}

/// What the catalogue and the warehouses would say.
struct Names;

impl StockNames for Names {
    fn of<'a>(
        &'a self,
        _: &'a mut pg::Connection,
        variant: VariantId,
        _: WarehouseId,
    ) -> BoxFuture<'a, pg::DbResult<Option<StockName>>> {
        Box::pin(async move {
            let name = StockName {
                sku: "MUG-WHITE".into(),
                product: LocalizedText::new("馬克杯", "Mug"),
                variant: LocalizedText::new("白", "White"),
                warehouse: "TPE".into(),
            };
            Ok((variant.as_uuid() != Uuid::nil()).then_some(name))
        })
    }
}

#[tokio::test]
async fn operations_are_told_of_low_stock_once_an_event() {
    let mut bench = Bench::new().await;
    let low = |variant: u128| {
        json!({"variant_id": Uuid::from_u128(variant), "warehouse_id": Uuid::from_u128(9),
            "available": 3, "safety_stock": 10})
    };
    bench.tell("inventory.low_stock", low(1)).await;
    assert_eq!(names(bench.folder.path()), [""; 0], "nobody wants to be told");
    let (db, clock, ids) =
        (bench.test.db().clone(), bench.test.shared_clock(), bench.test.ids().clone());
    let to = "ops@example.com".to_owned();
    let alerts = StockAlerts::new(Arc::clone(&clock), ids.clone(), Arc::new(Names), to);
    bench.relay = Relay::new(db, clock, ids, vec![Arc::new(alerts)]);
    let id = bench.tell("inventory.low_stock", low(2)).await;
    assert_eq!(names(bench.folder.path()), [format!("{id}.eml")]);
    let raw = std::fs::read_to_string(bench.folder.path().join(format!("{id}.eml"))).unwrap();
    for header in ["X-Oxcart-Stock: MUG-WHITE", "To: ops@example.com"] {
        assert!(raw.lines().any(|line| line == header), "{header} in\n{raw}");
    }
    // Again after recovery is another event; what nobody knows is nobody's business.
    bench.tell("inventory.low_stock", low(2)).await;
    bench.tell("inventory.low_stock", low(0)).await;
    assert_eq!(names(bench.folder.path()).len(), 2);
    assert!(bench.dead().await.is_empty());
}
