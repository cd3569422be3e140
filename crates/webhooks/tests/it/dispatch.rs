use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::CancellationToken;
use webhooks::{DeliveryStatus, deliveries, send::REPLY_BYTES};

use crate::{
    Bench, SOURCE,
    receiver::{Answer, Receiver},
};

#[tokio::test]
async fn a_delivery_arrives_signed_and_is_in_the_log() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    receiver.answer([Answer { body: "thanks".to_owned(), ..Answer::status(202) }]);
    let (endpoint, secret) = bench.register(&receiver.url(), &["order.*"]).await;
    let id = bench.happen("order.paid", &json!({"n": 1})).await;
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 0);

    let requests = receiver.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.path, "/hooks?key=secret");
    assert_eq!(request.id(), id.to_string());
    assert_eq!(request.at().as_second(), bench.now().as_second());
    assert_eq!(request.header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(request.header("user-agent"), "Oxcart-Webhooks/1");
    assert!(request.is_signed_with(&secret));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&body["source"], &body["data"]), (&json!(SOURCE), &json!({"n": 1})));

    let [delivery] = <[_; 1]>::try_from(bench.deliveries(&endpoint).await).unwrap();
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
    assert_eq!((delivery.finished_at, delivery.next_attempt_at), (Some(bench.now()), None));
    let mut conn = bench.test.db().acquire().await.unwrap();
    let whole = deliveries::find(&mut conn, endpoint.id, delivery.id).await.unwrap();
    assert_eq!(whole.body, request.body);
    let [attempt] = whole.attempts.as_slice() else { panic!("{whole:?}") };
    assert_eq!((attempt.number, attempt.status, &attempt.error), (1, Some(202), &None));
    assert_eq!((attempt.reply.as_deref(), attempt.at), (Some("thanks"), bench.now()));
}

#[tokio::test]
async fn what_fails_is_tried_again_with_the_same_id_until_it_arrives() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let busy = Answer { headers: vec![("retry-after", "3600".to_owned())], ..Answer::status(503) };
    let elsewhere = Answer {
        headers: vec![("location", "http://127.0.0.1:1/".to_owned())],
        ..Answer::status(302)
    };
    receiver.answer([Answer::status(500), elsewhere, busy]);
    let (endpoint, secret) = bench.register(&receiver.url(), &["*"]).await;
    let id = bench.happen("order.paid", &json!({})).await.to_string();
    let dispatcher = bench.dispatcher();
    let pause = async |bench: &Bench| {
        let next = bench.deliveries(&endpoint).await[0].next_attempt_at;
        next.map(|at| at.duration_since(bench.now()))
    };

    assert_eq!(dispatcher.run_due().await.unwrap(), 1);
    let first = pause(&bench).await.unwrap();
    assert!((4..=5).contains(&first.as_secs()), "{first}");
    assert_eq!(dispatcher.run_due().await.unwrap(), 0, "after a pause");
    bench.pass(SignedDuration::from_secs(5));
    assert_eq!(dispatcher.run_due().await.unwrap(), 1, "redirected: that is not followed");
    bench.pass(SignedDuration::from_mins(5));
    assert_eq!(dispatcher.run_due().await.unwrap(), 1);
    assert_eq!(pause(&bench).await.unwrap(), SignedDuration::from_hours(1), "as it asked for");
    bench.pass(SignedDuration::from_hours(1));
    assert_eq!(bench.endpoint(&endpoint).await.failures, 3);
    assert_eq!(dispatcher.run_due().await.unwrap(), 1);
    assert_eq!(pause(&bench).await, None);

    let requests = receiver.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|it| it.id() == id && it.is_signed_with(&secret)));
    assert!(requests[3].at() > requests[0].at(), "each attempt has its own time");
    let after = bench.endpoint(&endpoint).await;
    assert_eq!((after.failures, after.failing_since), (0, None), "it works again");
    let delivery = &bench.deliveries(&endpoint).await[0];
    let mut conn = bench.test.db().acquire().await.unwrap();
    let log = deliveries::find(&mut conn, endpoint.id, delivery.id).await.unwrap().attempts;
    let told: Vec<_> = log.iter().map(|it| (it.number, it.status, it.error.as_deref())).collect();
    assert_eq!(
        told,
        [
            (1, Some(500), Some("the endpoint answered 500")),
            (2, Some(302), Some("redirects are not followed")),
            (3, Some(503), Some("the endpoint answered 503")),
            (4, Some(200), None),
        ]
    );
}

/// The node dies after the receiver got it and before that was written down: at least once, and
/// known by its id.
#[tokio::test]
async fn a_node_that_dies_between_sending_and_noting_it_is_followed_by_another() {
    let bench = Bench::new().await;
    let passes = Arc::new(Semaphore::new(0));
    let receiver = Receiver::with_passes(&passes).await;
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    let doomed = bench.dispatcher();
    let mut dying = Box::pin(doomed.run_due());
    while receiver.requests().is_empty() {
        let step = timeout(Duration::from_millis(20), &mut dying).await;
        assert!(step.is_err(), "nobody lets it go");
    }
    drop(dying);

    passes.add_permits(9);
    let other = bench.dispatcher();
    assert_eq!(other.run_due().await.unwrap(), 0, "the lease still holds");
    bench.pass(SignedDuration::from_secs(60));
    assert_eq!(other.run_due().await.unwrap(), 1);
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].id(), &requests[0].body), (requests[1].id(), &requests[1].body));
    let delivery = &bench.deliveries(&endpoint).await[0];
    assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 2));
    assert_eq!(bench.count("SELECT count(*) FROM webhooks.attempts").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_send_each_delivery_once() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    bench.register(&receiver.url(), &["*"]).await;
    for n in 0..40 {
        bench.append("order.created", &json!({"n": n})).await;
    }
    crate::drain(&bench.relay()).await;
    let stop = CancellationToken::new();
    let nodes = [bench.dispatcher(), bench.dispatcher()];
    let story = async {
        let left = "SELECT count(*) FROM webhooks.deliveries WHERE status = 'pending'";
        while bench.count(left).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
    };
    let all = async {
        tokio::join!(nodes[0].run(stop.clone()), nodes[1].run(stop.clone()), story);
    };
    timeout(Duration::from_mins(1), all).await.expect("they send everything and stop");
    let mut ids: Vec<String> = receiver.requests().iter().map(|it| it.id().to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), receiver.requests().len()), (40, 40));
}

/// An endpoint that answers nobody holds as many places as it may, and no more: the other one gets
/// everything meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_endpoint_starves_nobody() {
    let bench = Bench::new().await;
    let passes = Arc::new(Semaphore::new(0));
    let (slow, quick) = (Receiver::with_passes(&passes).await, Receiver::new().await);
    bench.register(&slow.url(), &["order.*"]).await;
    let (endpoint, _) = bench.register(&quick.url(), &["payment.*"]).await;
    for n in 0..60 {
        bench.append("order.created", &json!({"n": n})).await;
    }
    for n in 0..30 {
        bench.append("payment.succeeded", &json!({"n": n})).await;
    }
    crate::drain(&bench.relay()).await;
    let (stop, node) = (CancellationToken::new(), bench.dispatcher());
    let story = async {
        let done = async || {
            let all = bench.deliveries(&endpoint).await;
            all.iter().all(|it| it.status == DeliveryStatus::Delivered)
        };
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!((quick.requests().len(), slow.requests().len()), (30, 4));
        passes.add_permits(60);
        stop.cancel();
    };
    let both = async { tokio::join!(node.run(stop.clone()), story) };
    timeout(Duration::from_secs(30), both).await.expect("the quick one does not wait");
}

#[tokio::test]
async fn of_an_answer_only_the_beginning_is_kept() {
    let bench = Bench::new().await;
    let receiver = Receiver::new().await;
    let body = "a\0".to_owned() + &"貨".repeat(1_000_000);
    receiver.answer([Answer { body, ..Answer::status(500) }]);
    let (endpoint, _) = bench.register(&receiver.url(), &["*"]).await;
    bench.happen("order.paid", &json!({})).await;
    assert_eq!(bench.dispatcher().run_due().await.unwrap(), 1);
    let delivery = &bench.deliveries(&endpoint).await[0];
    let mut conn = bench.test.db().acquire().await.unwrap();
    let log = deliveries::find(&mut conn, endpoint.id, delivery.id).await.unwrap().attempts;
    let reply = log[0].reply.as_deref().unwrap();
    assert!(reply.starts_with("a貨") && !reply.contains('\0'));
    assert!(reply.len() <= REPLY_BYTES + 2, "{}", reply.len());
}
