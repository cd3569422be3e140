//! Endpoints that do not work: when to give up, and whom to tell.

use jiff::SignedDuration;
use kernel::Actor;
use serde_json::{Value, json};
use webhooks::{
    DeliveryStatus, EndpointStatus, deliveries,
    endpoints::{self, Cause},
    model::{EndpointMove, retry},
};

use crate::{
    Bench,
    receiver::{Answer, Receiver},
};

/// Lets time go by until the next attempt, and makes it.
async fn attempt(bench: &Bench, endpoint: &webhooks::Endpoint) {
    let pending = bench.deliveries(endpoint).await;
    let next = pending.iter().filter_map(|it| it.next_attempt_at).min().unwrap();
    let wait = next.duration_since(bench.now()).max(SignedDuration::ZERO);
    bench.pass(wait);
    assert!(bench.dispatcher().run_due().await.unwrap() > 0);
}

/// What the world is told of endpoints that were given up.
async fn told(bench: &Bench) -> Vec<Value> {
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let texts: Vec<String> = sqlx::query_scalar(
        "SELECT data FROM outbox.events WHERE type = 'webhook.disabled' ORDER BY position",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

#[tokio::test]
async fn a_delivery_is_given_up_after_days_and_the_endpoint_is_not_for_one() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(500).await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    for _ in 0..retry::ATTEMPTS {
        attempt(&bench, &endpoint).await;
    }
    let delivery = &bench.deliveries(&endpoint).await[0];
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Failed, retry::ATTEMPTS));
    assert_eq!(receiver.requests().len(), usize::from(retry::ATTEMPTS));
    let after = bench.endpoint(&endpoint).await;
    assert_eq!((after.status, after.failures), (EndpointStatus::Active, 10));
    assert_eq!(told(&bench).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_endpoint_where_nothing_arrives_for_days_is_disabled_and_the_world_is_told() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(500).await;
    let (endpoint, _) = bench.register(&receiver.url(), &["order.paid"]).await;
    bench.happen("order.paid", &json!({})).await;
    attempt(&bench, &endpoint).await;
    let since = bench.now();
    bench.pass(SignedDuration::from_hours(24 * 5) - SignedDuration::from_secs(1));
    bench.happen("order.paid", &json!({})).await;
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1, "of one that fails, one at a time");
    assert_eq!(bench.endpoint(&endpoint).await.status, EndpointStatus::Active, "not yet");
    bench.pass(SignedDuration::from_secs(1));
    bench.dispatcher().run_due().await.unwrap();

    let after = bench.endpoint(&endpoint).await;
    assert_eq!((after.status, after.failing_since), (EndpointStatus::Disabled, Some(since)));
    assert_eq!(
        told(&bench).await,
        [json!({
            "webhook_id": endpoint.id, "host": format!("127.0.0.1:{}", receiver.port()),
            "description": "ERP", "failing_since": since, "failures": after.failures,
            "last_error": "the endpoint answered 500"
        })]
    );
    // Nothing is sent any more, nothing new is written, and what waits stays.
    let sent = receiver.requests().len();
    bench.happen("order.paid", &json!({})).await;
    bench.pass(SignedDuration::from_hours(24));
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 0);
    assert_eq!((receiver.requests().len(), bench.deliveries(&endpoint).await.len()), (sent, 2));

    // Somebody mends it: what waited goes on.
    receiver.answer([Answer::status(200), Answer::status(200)]);
    let cause = Cause { actor: Actor::Staff(Bench::somebody()), reason: Some("mended") };
    let clock = bench.test.clock();
    let mut tx = bench.test.db().begin().await.unwrap();
    let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
    let resume = EndpointMove::Resume;
    endpoints::set(&mut tx, endpoint.id, None, resume, cause, context).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 2);
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let moves: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT from_status || ' ' || to_status, actor_kind, reason FROM webhooks.transitions
         ORDER BY id",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    let row = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), Some(c.to_owned()));
    assert_eq!(
        moves,
        [
            row("active disabled", "system", "the endpoint answered 500"),
            row("disabled active", "staff", "mended"),
        ]
    );
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_believed() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(410).await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
    assert_eq!(bench.endpoint(&endpoint).await.status, EndpointStatus::Disabled);
    assert_eq!(bench.deliveries(&endpoint).await[0].status, DeliveryStatus::Failed);
    assert_eq!(told(&bench).await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_in_peace_for_a_while() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(500).await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    for n in 0..20 {
        bench.append("order.created", &json!({"n": n})).await;
    }
    crate::drain(&bench.relay()).await;
    let node = bench.dispatcher();
    assert_eq!(node.run_due().await.unwrap(), 4, "nobody knew");
    let after = bench.endpoint(&endpoint).await;
    assert_eq!(after.failures, 4);
    assert_eq!(node.run_due().await.unwrap(), 0, "whatever waits for it");
    bench.pass(SignedDuration::from_secs(4));
    assert_eq!(node.run_due().await.unwrap(), 1, "one to see");
    assert_eq!(node.run_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_test_is_one_attempt_and_says_nothing_about_the_endpoint() {
    let bench = Bench::new().await;
    let receiver = Receiver::answering(500).await;
    let (endpoint, secret) = bench.register(&receiver.url(), &["order.paid"]).await;
    let test = async || {
        let mut tx = bench.test.db().begin().await.unwrap();
        let delivery = deliveries::test(&mut tx, &endpoint, &bench.fan_out()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
        let mut conn = bench.test.db().acquire().await.unwrap();
        deliveries::find(&mut conn, endpoint.id, delivery.id).await.unwrap()
    };
    let failed = test().await;
    assert_eq!(failed.delivery.status, DeliveryStatus::Failed);
    assert_eq!(bench.endpoint(&endpoint).await.failures, 0);
    receiver.answer([Answer::status(204)]);
    let arrived = test().await;
    assert_eq!(arrived.delivery.status, DeliveryStatus::Delivered);
    let request = &receiver.requests()[1];
    assert!(request.is_signed_with(&secret));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&body["type"], body["id"].as_str()), (&json!("webhook.test"), Some(request.id())));
}
