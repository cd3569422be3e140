use kernel::Actor;
use outbox::letters::LetterFilter;
use serde_json::{Value, json};
use webhooks::{
    DeliveryStatus, Endpoint,
    endpoints::{self, Cause},
    model::EndpointMove,
};

use crate::{Bench, SOURCE, drain};

const URL: &str = "https://erp.example/hooks";

async fn kinds(bench: &Bench, endpoint: &Endpoint) -> Vec<String> {
    bench.deliveries(endpoint).await.into_iter().map(|it| it.kind).collect()
}

#[tokio::test]
async fn each_endpoint_gets_what_it_wants_once() {
    let bench = Bench::new().await;
    let (orders, _) = bench.register(URL, &["order.*"]).await;
    let (paid, _) = bench.register(URL, &["order.paid", "inventory.low_stock"]).await;
    let (all, _) = bench.register(URL, &["*"]).await;
    for kind in ["order.created", "order.paid", "payment.failed", "inventory.low_stock"] {
        bench.happen(kind, &json!({"n": 1})).await;
    }
    assert_eq!(kinds(&bench, &orders).await, ["order.paid", "order.created"]);
    assert_eq!(kinds(&bench, &paid).await, ["inventory.low_stock", "order.paid"]);
    assert_eq!(kinds(&bench, &all).await.len(), 4);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.messages").await, 4, "told once each");
    let first = &bench.deliveries(&orders).await[0];
    assert_eq!((first.status, first.attempts), (DeliveryStatus::Pending, 0));
    assert_eq!(first.next_attempt_at, Some(bench.now()));
}

#[tokio::test]
async fn what_is_told_is_a_cloud_event_without_people_and_keys() {
    let bench = Bench::new().await;
    bench.register(URL, &["order.paid"]).await;
    let data = json!({
        "order_id": "1", "email": "a@example.com",
        "order_url": "https://shop.test/orders/1?token=secret", "total": {"amount": 5}
    });
    let id = bench.happen("order.paid", &data).await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let body: String = sqlx::query_scalar("SELECT body FROM webhooks.messages")
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        body,
        json!({
            "specversion": "1.0", "id": id, "source": SOURCE, "type": "order.paid",
            "subject": body["subject"], "time": bench.now(),
            "datacontenttype": "application/json",
            "data": {"order_id": "1", "total": {"amount": 5}}
        })
    );
}

#[tokio::test]
async fn without_an_endpoint_events_pass_by_unread() {
    let bench = Bench::new().await;
    bench.happen("order.created", &json!({})).await;
    assert_eq!(bench.count("SELECT count(*) FROM outbox.inbox").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.messages").await, 0);
    // Who comes later is told of what was not taken before they came.
    bench.append("order.created", &json!({})).await;
    let (late, _) = bench.register(URL, &["*"]).await;
    bench.append("order.paid", &json!({})).await;
    drain(&bench.relay()).await;
    assert_eq!(kinds(&bench, &late).await[0], "order.paid");
}

#[tokio::test]
async fn an_endpoint_that_is_paused_is_told_of_nothing_new() {
    let bench = Bench::new().await;
    let (endpoint, _) = bench.register(URL, &["*"]).await;
    let set = async |asked| {
        let cause = Cause { actor: Actor::System, reason: None };
        let clock = bench.test.clock();
        let mut tx = bench.test.db().begin().await.unwrap();
        let context = (bench.test.ids(), &*clock as &dyn kernel::Clock);
        endpoints::set(&mut tx, endpoint.id, None, asked, cause, context).await.unwrap();
        tx.commit().await.unwrap();
    };
    bench.happen("order.created", &json!({})).await;
    set(EndpointMove::Pause).await;
    bench.happen("order.paid", &json!({})).await;
    set(EndpointMove::Resume).await;
    bench.happen("order.cancelled", &json!({})).await;
    assert_eq!(kinds(&bench, &endpoint).await, ["order.cancelled", "order.created"]);
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.transitions").await, 2);
}

/// Five hundred at once, and one that comes back as a dead letter although it was told.
#[tokio::test]
async fn however_often_an_event_is_handed_over_it_is_told_once() {
    let bench = Bench::new().await;
    let (endpoint, _) = bench.register(URL, &["*"]).await;
    for n in 0..60 {
        bench.append("order.created", &json!({"n": n})).await;
    }
    drain(&bench.relay()).await;
    assert_eq!(bench.deliveries(&endpoint).await.len(), 60);

    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO outbox.deferred (shard, position, id, type, subject, data, occurred_at, dead)
         SELECT shard, position, id, type, subject, data, occurred_at, true FROM outbox.events",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    // The log is forgotten; that the events were told is not.
    sqlx::raw_sql("DELETE FROM webhooks.deliveries; DELETE FROM webhooks.messages")
        .execute(&mut *conn)
        .await
        .unwrap();
    let all = LetterFilter::default();
    let replayed = outbox::letters::replay_letters(&mut conn, &all, bench.now(), 99).await.unwrap();
    assert_eq!(replayed.len(), 60);
    drain(&bench.relay()).await;
    assert_eq!(bench.deliveries(&endpoint).await, []);
    assert_eq!(bench.count("SELECT count(*) FROM outbox.deferred").await, 0);
}
