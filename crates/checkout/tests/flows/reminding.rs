//! Buyers of unpaid orders are told once that their order was received, and once that its time ends.

use checkout::{Reminders, remind::Told};
use intake::Settings;
use jiff::SignedDuration;
use kernel::{Actor, Locale};
use serde_json::Value;

use crate::{
    bench::{Bench, quick},
    expiry::crowd,
};

const LEAD: SignedDuration = SignedDuration::from_mins(10);
const NOTHING: Told = Told { received: 0, ending: 0 };

fn reminders(bench: &Bench) -> Reminders {
    Reminders::new(bench.checkout.clone(), Some(LEAD), true)
}

impl Bench {
    /// The payloads of the jobs of a kind, in the order they were written.
    async fn jobs(&self, kind: &str) -> Vec<Value> {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar("SELECT payload FROM outbox.jobs WHERE kind = $1 ORDER BY id")
            .bind(kind)
            .fetch_all(&mut *conn)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn whoever_has_not_paid_after_a_minute_is_told_once_that_the_order_was_received() {
    let bench = Bench::new().await;
    let mut worker = reminders(&bench);
    let slow = bench.place(&[(bench.shop.mug_white, 2)]).await;
    let quick = bench.place(&[(bench.shop.mug_white, 1)]).await;
    assert_eq!(worker.round().await.unwrap(), NOTHING);
    bench.pay(quick.order.id).await;
    bench.test.clock().advance(SignedDuration::from_secs(59));
    assert_eq!(worker.round().await.unwrap(), NOTHING);
    bench.test.clock().advance(SignedDuration::from_secs(2));
    assert_eq!(worker.round().await.unwrap(), Told { received: 1, ending: 0 });

    // Neither the same worker, nor another one, nor one after a restart.
    let mut another = Reminders::new(bench.another_node(), Some(LEAD), true);
    assert_eq!(worker.round().await.unwrap(), NOTHING);
    assert_eq!(another.round().await.unwrap(), NOTHING);
    assert_eq!(reminders(&bench).round().await.unwrap(), NOTHING);

    let order = bench.load(slow.order.id).await;
    let told = bench.jobs("send_order_received").await;
    assert_eq!(told.len(), 1, "{told:?}");
    let (told, number) = (&told[0], orders::OrderNumber::of(order.id).to_string());
    assert_eq!(told["number"], number);
    assert_eq!(told["email"], "a@example.com");
    assert_eq!(told["locale"], "zh-TW");
    assert_eq!(told["pay_until"], order.reserved_until.to_string());
    assert_eq!(told["total"]["amount"], order.total.amount());
    assert_eq!(told["lines"][0]["quantity"], 2);
    let page = format!("https://shop.example/orders/{}?access_token=", order.id);
    assert!(told["order_url"].as_str().unwrap().starts_with(&page), "{told}");
    assert!(bench.jobs("text_payment_reminder").await.is_empty());
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn who_is_not_looked_at_for_an_hour_is_not_told_any_more() {
    let bench =
        Bench::with(Settings { reservation: SignedDuration::from_hours(72), ..quick() }).await;
    bench.place(&[(bench.shop.mug_white, 1)]).await;
    bench.minutes_pass(59);
    bench.place(&[(bench.shop.mug_white, 1)]).await;
    bench.minutes_pass(2);
    assert_eq!(reminders(&bench).round().await.unwrap(), Told { received: 1, ending: 0 });
}

#[tokio::test]
async fn ten_minutes_before_the_end_whoever_has_not_paid_is_reminded_once() {
    let bench = Bench::new().await;
    let mut worker = reminders(&bench);
    let shop = bench.shop;
    let forgotten = bench.place(&[(shop.mug_white, 1)]).await;
    let paid = bench.place(&[(shop.mug_white, 1)]).await;
    let cancelled = bench.place(&[(shop.mug_white, 1)]).await;
    bench.minutes_pass(19);
    assert_eq!(worker.round().await.unwrap(), Told { received: 3, ending: 0 });
    bench.pay(paid.order.id).await;
    bench.checkout.cancel(cancelled.order.id, Actor::Guest, None).await.unwrap();
    bench.minutes_pass(2);
    assert_eq!(worker.round().await.unwrap(), Told { received: 0, ending: 1 });
    let mut another = Reminders::new(bench.another_node(), Some(LEAD), true);
    assert_eq!(worker.round().await.unwrap(), NOTHING);
    assert_eq!(another.round().await.unwrap(), NOTHING);
    assert_eq!(reminders(&bench).round().await.unwrap(), NOTHING);

    let order = bench.load(forgotten.order.id).await;
    let told = bench.jobs("send_payment_reminder").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["pay_until"], order.reserved_until.to_string());
    assert_eq!(told[0]["total"]["amount"], order.total.amount());
    let texts = bench.jobs("text_payment_reminder").await;
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(texts[0]["phone"], "0912345678");
    assert_eq!(texts[0]["number"], orders::OrderNumber::of(order.id).to_string());

    // Its end is put off, as by another way to pay: that is another end.
    bench
        .execute(
            "UPDATE orders.orders SET reserved_until = reserved_until + interval '1 hour'
                    WHERE status = 'pending_payment'",
        )
        .await;
    bench.minutes_pass(40);
    assert_eq!(worker.round().await.unwrap(), NOTHING);
    bench.minutes_pass(20);
    assert_eq!(worker.round().await.unwrap(), Told { received: 0, ending: 1 });
    assert_eq!(bench.jobs("send_payment_reminder").await.len(), 2);
    bench.minutes_pass(60);
    assert_eq!(reminders(&bench).round().await.unwrap(), NOTHING, "it is over");
}

#[tokio::test]
async fn orders_with_less_than_twice_that_time_are_not_reminded() {
    for (minutes, told) in [(19, 0), (20, 1)] {
        let reservation = SignedDuration::from_mins(minutes);
        let bench = Bench::with(Settings { reservation, ..quick() }).await;
        bench.place(&[(bench.shop.mug_white, 1)]).await;
        bench.minutes_pass(minutes - 9);
        assert_eq!(reminders(&bench).round().await.unwrap().ending, told, "{minutes}");
    }
    let bench = Bench::new().await;
    bench.place(&[(bench.shop.mug_white, 1)]).await;
    bench.minutes_pass(25);
    let mut silent = Reminders::new(bench.checkout.clone(), None, true);
    assert_eq!(silent.round().await.unwrap(), Told { received: 1, ending: 0 });
}

#[tokio::test]
async fn short_messages_go_to_mobile_telephones_where_they_are_wanted() {
    let bench = Bench::new().await;
    let mut house = bench.order(&[(bench.shop.mug_white, 1)]);
    house.contact = std::sync::Arc::new(orders::Contact {
        email: "b@example.com".into(),
        phone: "02-2345-6789".into(),
    });
    house.locale = Locale::En;
    bench.intake.place(house).await.unwrap();
    bench.minutes_pass(25);
    assert_eq!(reminders(&bench).round().await.unwrap(), Told { received: 1, ending: 1 });
    assert_eq!(bench.jobs("send_payment_reminder").await.len(), 1);
    assert!(bench.jobs("text_payment_reminder").await.is_empty());

    bench.place(&[(bench.shop.mug_white, 1)]).await;
    bench.minutes_pass(25);
    let mut mails_only = Reminders::new(bench.checkout.clone(), Some(LEAD), false);
    assert_eq!(mails_only.round().await.unwrap(), Told { received: 1, ending: 1 });
    assert_eq!(bench.jobs("send_payment_reminder").await.len(), 2);
    assert!(bench.jobs("text_payment_reminder").await.is_empty());
}

/// Two nodes, a crowd that ends together: everybody once, a bounded number a round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_reminded_each_once_and_not_all_at_once() {
    let bench = crowd(1_200).await;
    bench.minutes_pass(22);
    let mut here = reminders(&bench);
    let mut there = Reminders::new(bench.another_node(), Some(LEAD), true);
    let first = here.round().await.unwrap();
    assert_eq!(first, Told { received: 0, ending: 500 });
    let mut told = first.ending;
    for _ in 0..4 {
        let (one, two) = tokio::join!(here.round(), there.round());
        let round = one.unwrap().ending + two.unwrap().ending;
        assert!(round <= 1_000);
        told += round;
    }
    assert_eq!(told, 1_200);
    assert_eq!(bench.jobs("send_payment_reminder").await.len(), 1_200);
    let distinct = "SELECT count(DISTINCT payload ->> 'order_url') FROM outbox.jobs
                     WHERE kind = 'send_payment_reminder'";
    assert_eq!(bench.count(distinct).await, 1_200);
    assert_eq!(here.round().await.unwrap(), NOTHING);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_was_received_is_told_at_a_pace_and_drops_out_by_paying() {
    let bench = Bench::with(Settings { hold_limit: 0, ..quick() }).await;
    let variants = [bench.shop.mug_white, bench.shop.tote_large];
    for variant in variants {
        testkit::seed::receive(&bench.test, variant, bench.shop.taipei, 200).await;
    }
    let requests = (0..250).map(|nth| bench.order(&[(variants[nth % 2], 1)]));
    let placed = bench.place_all(requests.collect::<Vec<_>>()).await;
    bench.minutes_pass(2);
    let mut here = reminders(&bench);
    let mut there = Reminders::new(bench.another_node(), Some(LEAD), true);
    assert_eq!(here.round().await.unwrap(), Told { received: 100, ending: 0 });
    // Somebody who is still to be told pays.
    let told = bench.jobs("send_order_received").await;
    let number = |order: kernel::id::OrderId| orders::OrderNumber::of(order).to_string();
    let untold = placed
        .iter()
        .map(|it| it.as_ref().unwrap().order.id)
        .find(|order| told.iter().all(|job| job["number"] != number(*order)));
    bench.pay(untold.unwrap()).await;
    for _ in 0..3 {
        let (one, two) = tokio::join!(here.round(), there.round());
        one.unwrap();
        two.unwrap();
    }
    let distinct = "SELECT count(DISTINCT payload ->> 'number') FROM outbox.jobs
                     WHERE kind = 'send_order_received'";
    assert_eq!(bench.count(distinct).await, 249);
    assert_eq!(bench.jobs("send_order_received").await.len(), 249);
}
