//! Sending again, and forgetting.

use jiff::SignedDuration;
use kernel::Actor;
use serde_json::json;
use webhooks::{
    DeliveryFilter, DeliveryStatus, Endpoint, Redelivered, WebhookError,
    deliveries::{self, Range},
    endpoints::{self, Cause},
    model::EndpointMove,
    retention,
};

use crate::{
    Bench,
    receiver::{Answer, Receiver},
};

async fn set(bench: &Bench, endpoint: &Endpoint, asked: EndpointMove) {
    let cause = Cause { actor: Actor::System, reason: None };
    let clock = bench.test.clock();
    let mut tx = bench.test.db().begin().await.unwrap();
    let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
    endpoints::set(&mut tx, endpoint.id, None, asked, cause, context).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn one_is_sent_once_more_with_the_same_id_and_all_its_attempts() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    let id = bench.deliveries(&endpoint).await[0].id;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let now = bench.now();
    let early = deliveries::redeliver(&mut conn, endpoint.id, id, now).await;
    assert!(matches!(early, Err(WebhookError::StillPending)), "{early:?}");
    bench.dispatcher().run_due().await.unwrap();
    let begun = deliveries::redeliver(&mut conn, endpoint.id, id, now).await.unwrap();
    assert_eq!((begun.status, begun.attempts), (DeliveryStatus::Pending, 1));
    receiver.answer([Answer::status(500)]);
    bench.dispatcher().run_due().await.unwrap();
    let next = bench.deliveries(&endpoint).await[0].next_attempt_at.unwrap();
    let pause = next.duration_since(now).as_secs();
    assert!((4..=5).contains(&pause), "as after a first attempt: {pause}");
    let requests = receiver.requests();
    assert_eq!((requests.len(), requests[0].id()), (2, requests[1].id()));
    let whole = deliveries::find(&mut conn, endpoint.id, id).await.unwrap();
    assert_eq!(whole.attempts.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2]);
    // Somebody else's is nobody's.
    let (other, _) = bench.register("https://erp.example/", &["*"]).await;
    let foreign = deliveries::redeliver(&mut conn, other.id, id, now).await;
    assert!(matches!(foreign, Err(WebhookError::NotFound)), "{foreign:?}");
}

#[tokio::test]
async fn a_time_is_sent_once_more_with_what_was_missed_in_it() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, _) = bench.register(&receiver.url(), &["order.*"]).await;
    let hour = SignedDuration::from_hours(1);
    let start = bench.now();
    // One arrives, one is given up, one is missed, one is of another kind, one comes later.
    bench.happen("order.created", &json!({})).await;
    bench.dispatcher().run_due().await.unwrap();
    bench.happen("order.paid", &json!({})).await;
    let mut owner = bench.test.owner().acquire().await.unwrap();
    let fail = "UPDATE webhooks.deliveries SET status = 'failed', next_attempt_at = NULL,
                    finished_at = now() WHERE status = 'pending'";
    sqlx::query(fail).execute(&mut *owner).await.unwrap();
    set(&bench, &endpoint, EndpointMove::Pause).await;
    bench.happen("order.cancelled", &json!({})).await;
    bench.happen("payment.failed", &json!({})).await;
    bench.pass(hour);
    let end = bench.now();
    bench.happen("order.completed", &json!({})).await;

    let again = async |only_failed| {
        let endpoint = bench.endpoint(&endpoint).await;
        let range = Range { from: start, until: end, only_failed };
        let mut tx = bench.test.db().begin().await.unwrap();
        let done = deliveries::redeliver_range(&mut tx, &endpoint, range, &bench.fan_out()).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    };
    assert!(matches!(again(true).await, Err(WebhookError::NotActive(_))));
    set(&bench, &endpoint, EndpointMove::Resume).await;
    let expected = Redelivered { again: 1, missed: 1, rest_until: None };
    assert_eq!(again(true).await.unwrap(), expected);
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 2);
    let kinds: Vec<String> =
        bench.deliveries(&endpoint).await.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["order.cancelled", "order.paid", "order.created"]);
    let nothing = Redelivered { again: 0, missed: 0, rest_until: None };
    assert_eq!(again(true).await.unwrap(), nothing);
    assert_eq!(again(false).await.unwrap(), Redelivered { again: 3, ..nothing });
}

#[tokio::test]
async fn deliveries_are_found_by_status_kind_and_time() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.created", &json!({})).await;
    bench.dispatcher().run_due().await.unwrap();
    bench.pass(SignedDuration::from_secs(10));
    let later = bench.now();
    bench.happen("order.paid", &json!({})).await;
    let all = DeliveryFilter::default();
    let mut conn = bench.test.db().acquire().await.unwrap();
    for (filter, expected) in [
        (all.clone(), vec!["order.paid", "order.created"]),
        (
            DeliveryFilter { status: Some(DeliveryStatus::Pending), ..all.clone() },
            vec!["order.paid"],
        ),
        (DeliveryFilter { status: Some(DeliveryStatus::Failed), ..all.clone() }, vec![]),
        (
            DeliveryFilter { kind: Some("order.created".into()), ..all.clone() },
            vec!["order.created"],
        ),
        (DeliveryFilter { from: Some(later), ..all.clone() }, vec!["order.paid"]),
        (DeliveryFilter { until: Some(later), ..all.clone() }, vec!["order.created"]),
    ] {
        let found = deliveries::list(&mut conn, endpoint.id, &filter, None, 9).await.unwrap();
        let kinds: Vec<&str> = found.iter().map(|it| it.kind.as_str()).collect();
        assert_eq!(kinds, expected, "{filter:?}");
    }
    let first = deliveries::list(&mut conn, endpoint.id, &all, None, 1).await.unwrap();
    let second =
        deliveries::list(&mut conn, endpoint.id, &all, Some(first[0].id), 9).await.unwrap();
    assert_eq!(second.len(), 1);
}

#[tokio::test]
async fn the_log_is_forgotten_but_not_what_is_still_tried() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    let (given_up, _) = bench.register("https://erp.example/", &["order.paid"]).await;
    bench.happen("order.created", &json!({})).await;
    bench.dispatcher().run_due().await.unwrap();
    set(&bench, &given_up, EndpointMove::Pause).await;
    receiver.answer([Answer::status(500)]);
    bench.happen("order.paid", &json!({})).await;
    bench.dispatcher().run_due().await.unwrap();
    let before = bench.now();
    let mut conn = bench.test.db().acquire().await.unwrap();
    assert_eq!(retention::forget(&mut conn, before, 9).await.unwrap(), 0, "not old enough");
    bench.pass(SignedDuration::from_secs(1));
    assert_eq!(retention::forget(&mut conn, bench.now(), 9).await.unwrap(), 1);
    let kinds: Vec<String> =
        bench.deliveries(&endpoint).await.into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["order.paid"], "it is tried again");
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.attempts").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.messages").await, 1);
    // What waits for somebody who is told of nothing any more is forgotten, too.
    set(&bench, &endpoint, EndpointMove::Pause).await;
    assert_eq!(retention::forget(&mut conn, bench.now(), 9).await.unwrap(), 1);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.messages").await, 0);
}
