//! From an event in the outbox to a mail in the folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bench;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::SignedDuration;
use kernel::{
    Clock as _, Locale, LocalizedText,
    id::{OrderId, VariantId, WarehouseId},
};
use notifications::{
    AccountMail, AccountMailKind, Mark, StockAlerts, StockName, StockNames, job_handlers, jobs,
    marks,
    templates::{SEND_PAYMENT_REMINDER, SEND_WEBHOOK_DISABLED, TEXT_ORDER_SHIPPED},
};
use outbox::{BoxFuture, JobRunner, Relay};
use ports::{
    mail::{DevMailbox, Mail, MailError, MailRoute, Mailer},
    sms::{DevSmsBox, SmsSender},
};
use serde_json::{Value, json};
use testkit::TestDb;
use uuid::Uuid;

use self::bench::{Bench, names, paid};

#[tokio::test]
async fn a_paid_order_is_confirmed_by_one_mail() {
    let bench = Bench::new().await;
    bench.tell("order.paid", paid()).await;
    let [raw] = &bench.sources()[..] else { panic!("one mail") };
    for header in [
        "X-Oxcart-Order: OX-7Q4M",
        "X-Oxcart-Kind: order_paid",
        "To: ming@example.com",
        "Subject: [Oxcart Select] Order OX-7Q4M is paid",
    ] {
        assert!(raw.lines().any(|line| line == header), "{header} in\n{raw}");
    }
    let mails = bench.mails().await;
    assert!(mails[0].text.contains("Total: NT$ 860"), "{}", mails[0].text);
    // The name of the file, and the Message-ID, are the job's id.
    let message_id = format!("Message-ID: <{}@oxcart.example>", mails[0].id);
    assert!(raw.lines().any(|line| line == message_id), "{raw}");
}

/// The data of every event that is told, as its publishers write it.
#[tokio::test]
async fn every_event_that_somebody_has_to_know_of_becomes_one_mail() {
    let bench = Bench::new().await;
    let money = json!({"amount": 860, "currency": "TWD"});
    let about = |more: Value| {
        let mut data = json!({
            "order_id": "01978000-0000-7000-8000-000000000001", "number": "OX-1",
            "email": "ming@example.com", "locale": "en",
            "order_url": "https://shop.example/en/orders/1",
        });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let refund = |reason: &str| {
        about(json!({"refund_id": Uuid::nil(), "payment_id": Uuid::nil(), "amount": money,
            "reason": reason, "automatic": false, "by_hand": false}))
    };
    let code = json!({"kind": "atm", "bank_code": "812", "account": "9103522175887271",
        "expires_at": "2026-06-04T15:59:59Z"});
    let attempt = json!({"payment_id": Uuid::nil(), "amount": money, "method": "ecpay_atm"});
    let with = |base: &Value, name: &str, value: Value| {
        let mut data = base.clone();
        data[name] = value;
        about(data)
    };
    let mut at_the_door = paid();
    at_the_door["paid_at"] = Value::Null;
    let parcel = json!({"shipment_id": Uuid::nil(), "parcel": 1, "carrier": "tcat",
        "carrier_name": {"zh_tw": "黑貓宅急便", "en": "T-CAT"}, "tracking_number": "1",
        "tracking_url": null, "shipped_at": "2026-06-01T02:00:00Z", "delivered_at": null,
        "lines": [{"line_no": 1, "sku": "MUG", "name": null, "variant_name": null, "quantity": 2}]});
    for (kind, data, mail) in [
        ("order.paid", paid(), Some("order_paid")),
        ("order.paid", at_the_door, Some("order_accepted")),
        ("order.cancelled", about(json!({"reason": "expired"})), Some("order_expired")),
        ("order.cancelled", about(json!({"reason": "cancelled"})), Some("order_cancelled")),
        ("payment.code_issued", with(&attempt, "code", code), Some("payment_instructions")),
        ("payment.failed", with(&attempt, "provider_code", json!(1)), Some("payment_failed")),
        // As it was told by earlier versions: nobody knows whom to tell.
        ("payment.failed", attempt, None),
        ("refund.requested", refund("paid_twice"), Some("refund_notice")),
        ("refund.requested", refund("stock_frozen"), Some("refund_notice")),
        ("refund.requested", refund("too large"), Some("refund_requested")),
        ("refund.succeeded", refund("too large"), Some("refund_succeeded")),
        ("refund.failed", refund("too large"), Some("refund_failed")),
        ("shipment.shipped", about(parcel.clone()), Some("order_shipped")),
        ("shipment.delivered", about(parcel), Some("order_delivered")),
        ("order.created", about(json!({})), None),
        ("order.completed", about(json!({})), None),
    ] {
        let before = bench.mails().await.len();
        bench.tell(kind, data).await;
        let told = bench.mails().await.len() - before;
        assert_eq!(told, usize::from(mail.is_some()), "{kind}: {:?}", bench.dead().await);
        if let Some(mail) = mail {
            let newest = bench.sources().pop().unwrap();
            let header = format!("X-Oxcart-Kind: {mail}");
            assert!(newest.lines().any(|line| line == header), "{kind}: {newest}");
        }
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

        bench.enqueue(job).await;
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
    let mut wrong = paid();
    wrong["subtotal"] = json!("ming@example.com");
    bench.tell("order.paid", wrong).await;
    let dead = bench.dead().await;
    assert_eq!(dead.len(), 2, "{dead:?}");
    assert!(dead[0].contains("the payload is not what this message needs"), "{dead:?}");
    assert!(dead[1].contains("recipient"), "{dead:?}");
    assert!(!dead.concat().contains("ming"), "{dead:?}");
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
    bench.tell("inventory.low_stock", low(2)).await;
    let [raw] = &bench.sources()[..] else { panic!("one mail") };
    for header in ["X-Oxcart-Stock: MUG-WHITE", "To: ops@example.com"] {
        assert!(raw.lines().any(|line| line == header), "{header} in\n{raw}");
    }
    // Again after recovery is another event; what nobody knows is nobody's business.
    bench.tell("inventory.low_stock", low(2)).await;
    bench.tell("inventory.low_stock", low(0)).await;
    assert_eq!(names(bench.folder.path()).len(), 2);
    assert!(bench.dead().await.is_empty());
}

/// Hands a mail over, and is never heard of again: as if the machine had lost its power.
struct LastWords(DevMailbox, AtomicU32);

impl Mailer for LastWords {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), MailError>> {
        Box::pin(async move {
            self.0.send(mail).await?;
            if self.1.fetch_add(1, Ordering::SeqCst) == 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_worker_that_dies_after_handing_a_mail_over_leaves_the_same_mail_to_the_next() {
    let (test, folder) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let from = "Oxcart <shop@oxcart.example>";
    let mailbox = DevMailbox::new(folder.path(), from, test.shared_clock()).unwrap();
    let words = Arc::new(LastWords(mailbox.clone(), AtomicU32::new(0)));
    let mailer: Arc<dyn Mailer> = words.clone();
    let bench = Bench::with(test, folder, mailbox, &mailer);
    bench.say("order.paid", paid()).await;
    while bench.relay.drain_batch().await.unwrap() > 0 {}
    let dying = tokio::time::timeout(Duration::from_millis(500), bench.runner.run_due()).await;
    assert!(dying.is_err(), "it never came back");
    let first = bench.mails().await;
    assert_eq!(first.len(), 1);

    // Its lease runs out; another one takes over.
    bench.test.clock().advance(SignedDuration::from_mins(2));
    assert_eq!(bench.runner.run_due().await.unwrap(), 1);
    assert_eq!(bench.runner.run_due().await.unwrap(), 0);
    assert_eq!(words.1.load(Ordering::SeqCst), 2);
    let again = bench.mails().await;
    assert_eq!(again.iter().map(|it| it.id).collect::<Vec<_>>(), [first[0].id], "the same mail");
    assert!(bench.dead().await.is_empty());
}

#[tokio::test]
async fn while_the_mail_server_is_down_mails_wait_longer_and_longer_and_then_for_a_person() {
    let (test, folder) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let from = "Oxcart <shop@oxcart.example>";
    let route: MailRoute = format!("smtp://{closed}?tls=none").parse().unwrap();
    let mailer = route.open(folder.path(), from, test.shared_clock()).unwrap();
    let mailbox = DevMailbox::new(folder.path(), from, test.shared_clock()).unwrap();
    let bench = Bench::with(test, folder, mailbox, &mailer);
    bench.tell("order.paid", paid()).await;

    let mut pauses = Vec::new();
    while bench.dead().await.is_empty() {
        assert_eq!(bench.runner.run_due().await.unwrap(), 0, "not at once");
        let clock = bench.test.clock();
        let pause = bench.due().await.duration_since(clock.now());
        clock.advance(pause);
        pauses.push(pause);
        assert_eq!(bench.runner.run_due().await.unwrap(), 1, "when it is time");
        assert!(pauses.len() < 1000, "it is tried for ever");
    }
    assert_eq!(pauses.len() + 1, usize::from(jobs::ATTEMPTS));
    // 1, 2, 4, … seconds, up to ten minutes, of which a random half is left out.
    for (pause, doublings) in pauses.iter().zip(0..) {
        let full = SignedDuration::from_secs(2_i64.pow(u32::min(doublings, 16)).min(600));
        assert!(*pause <= full && *pause * 2 >= full, "{pause:?} of {full:?}");
    }
    let waited = pauses.iter().fold(SignedDuration::ZERO, |sum, pause| sum + *pause);
    assert!(waited > SignedDuration::from_hours(7), "{waited:?}");
    let dead = bench.dead().await;
    assert!(dead[0].starts_with("the mail could not be sent now: "), "{dead:?}");
    assert!(!dead[0].contains("ming"), "{dead:?}");
    assert!(bench.mails().await.is_empty());
}

#[tokio::test]
async fn short_messages_go_where_they_are_wanted_and_nowhere_else() {
    let bench = Bench::new().await;
    let (clock, ids) = (bench.test.shared_clock(), bench.test.ids().clone());
    let text = |phone: &str| {
        let payload = json!({"phone": phone, "locale": "zh-TW", "number": "OX-1",
            "carrier": "黑貓宅急便", "tracking_number": "123"});
        jobs::job(TEXT_ORDER_SHIPPED, &payload, None, &ids, &*clock)
    };
    // A shop that wants none: done without.
    bench.enqueue(text("0912345678")).await;
    assert_eq!(bench.runner.run_due().await.unwrap(), 1);
    assert_eq!(bench.runner.run_due().await.unwrap(), 0);

    let sms_box = DevSmsBox::new(bench.folder.path().join("sms"), Arc::clone(&clock));
    let sender: Arc<dyn SmsSender> = Arc::new(sms_box.clone());
    let mailer: Arc<dyn Mailer> = Arc::new(bench.mailbox.clone());
    let handlers = job_handlers(&mailer, Some(&sender), &clock);
    let runner = JobRunner::new(bench.test.db().clone(), clock.clone(), ids.clone(), handlers);
    bench.enqueue(text("0912-345-678")).await;
    bench.enqueue(text("02-2345-6789")).await;
    while runner.run_due().await.unwrap() > 0 {}
    let sent = sms_box.list(10).await.unwrap();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].to, "0912345678");
    assert_eq!(sent[0].text, "【牛車選物】訂單 OX-1 已出貨，黑貓宅急便 123。");
    let dead = bench.dead().await;
    assert_eq!(dead, ["the message cannot be sent: it is no mobile telephone of Taiwan"]);
}

#[tokio::test]
async fn what_comes_too_late_to_be_of_use_is_not_sent() {
    let bench = Bench::new().await;
    let clock = bench.test.clock();
    let reminder = |pay_until: jiff::Timestamp| {
        let payload = json!({"number": "OX-1", "email": "ming@example.com", "locale": "en",
            "total": {"amount": 860, "currency": "TWD"}, "pay_until": pay_until});
        jobs::job(SEND_PAYMENT_REMINDER, &payload, None, bench.test.ids(), &*clock)
    };
    bench.enqueue(reminder(clock.now())).await;
    bench.enqueue(reminder(clock.now() + SignedDuration::from_secs(1))).await;
    while bench.runner.run_due().await.unwrap() > 0 {}
    assert_eq!(bench.mails().await.len(), 1);
    assert!(bench.dead().await.is_empty());
}

#[tokio::test]
async fn whoever_has_something_to_tell_can_write_its_job() {
    let bench = Bench::new().await;
    let clock = bench.test.clock();
    let payload = json!({"email": "ops@example.com", "endpoint": "https://erp.example/hook",
        "failing_since": "2026-06-01T02:00:00Z", "last_error": "503"});
    let job = jobs::job(SEND_WEBHOOK_DISABLED, &payload, None, bench.test.ids(), &*clock);
    bench.enqueue(job).await;
    bench.runner.run_due().await.unwrap();
    let mails = bench.mails().await;
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "ops@example.com"));
    assert!(mails[0].text.contains("https://erp.example/hook"), "{}", mails[0].text);
}

#[tokio::test]
async fn an_order_is_marked_once_for_each_time_it_is_told_about() {
    let test = TestDb::new().await;
    let (clock, now) = (test.clock(), test.clock().now());
    let order: OrderId = test.ids().next(&*clock);
    let other: OrderId = test.ids().next(&*clock);
    let later = now + SignedDuration::from_mins(30);
    let mark = async |kind: Mark, orders: &[(OrderId, jiff::Timestamp)]| {
        let mut tx = test.db().begin().await.unwrap();
        let fresh = marks::mark(&mut tx, kind, orders, now).await.unwrap();
        tx.commit().await.unwrap();
        fresh
    };
    assert_eq!(mark(Mark::Ending, &[(order, now)]).await, [order]);
    assert_eq!(mark(Mark::Ending, &[(order, now), (other, now)]).await, [other]);
    assert_eq!(mark(Mark::Received, &[(order, now)]).await, [order], "another thing to tell");
    assert_eq!(mark(Mark::Ending, &[(order, later)]).await, [order], "its end was put off");
    assert_eq!(mark(Mark::Ending, &[]).await, []);

    let mut tx = test.db().begin().await.unwrap();
    assert_eq!(marks::forget(&mut tx, now, 10).await.unwrap(), 0);
    assert_eq!(marks::forget(&mut tx, later, 3).await.unwrap(), 3);
    assert_eq!(marks::forget(&mut tx, later, 3).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// Two workers look at the same orders at the same moment: the later one waits, and finds them marked.
#[tokio::test]
async fn of_two_workers_one_tells() {
    let test = TestDb::new().await;
    let now = test.clock().now();
    let orders: Vec<(OrderId, jiff::Timestamp)> =
        (0..20).map(|_| (test.ids().next(&*test.clock()), now)).collect();
    let backwards: Vec<_> = orders.iter().rev().copied().collect();
    let round = async |orders: &[(OrderId, jiff::Timestamp)]| {
        let mut tx = test.db().begin().await.unwrap();
        let fresh = marks::mark(&mut tx, Mark::Ending, orders, now).await.unwrap();
        tokio::task::yield_now().await;
        tx.commit().await.unwrap();
        fresh.len()
    };
    let (one, two) = tokio::join!(round(&orders), round(&backwards));
    assert_eq!(one + two, 20);
    assert!(one == 0 || two == 0, "{one} and {two}");
}
