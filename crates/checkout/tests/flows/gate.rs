//! The sold-out gate: quick refusals that are always true.

use intake::{Intake, IntakeMetrics, PlaceError, Refusal};
use telemetry::Metrics;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::bench::{Bench, quick};

/// Another node over the same database, and what it counts.
pub struct Node {
    pub intake: Intake,
    metrics: Metrics,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Node {
    pub fn start(bench: &Bench) -> Self {
        let (tracker, stop, metrics) =
            (TaskTracker::new(), CancellationToken::new(), Metrics::new());
        let intake = Intake::start(
            bench.test.db().clone(),
            bench.test.shared_clock(),
            bench.test.ids().clone(),
            quick(),
            IntakeMetrics::new(&metrics).unwrap(),
            &tracker,
            &stop,
        );
        Self { intake, metrics, tracker, stop }
    }

    /// How many requests were answered at the gate.
    fn gate_hits(&self) -> u64 {
        let text = self.metrics.encode().unwrap();
        let line = text.lines().find(|line| line.starts_with("oxcart_intake_gate_hits_total "));
        line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Stops it; what is queued is still answered.
    pub async fn end(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

fn left(answer: &Result<std::sync::Arc<intake::Placed>, PlaceError>) -> Vec<(String, i64, i64)> {
    match answer {
        Err(PlaceError::Refused(Refusal::Shortage(short))) => short
            .iter()
            .map(|line| (line.sku.to_string(), line.requested, line.available))
            .collect(),
        other => panic!("not short: {other:?}"),
    }
}

#[tokio::test]
async fn the_gate_refuses_what_is_gone_and_opens_when_it_comes_back_anywhere() {
    let bench = Bench::with(quick()).await;
    let (shop, node) = (bench.shop, Node::start(&bench));
    let last = bench.order(&[(shop.mug_black, 1)]);
    let sold = node.intake.place(last.clone()).await.unwrap();
    assert_eq!(node.gate_hits(), 0);

    // Gone: refused at the gate, with what every line wanted and what is left.
    let twice = node.intake.place(bench.order(&[(shop.mug_black, 1), (shop.mug_black, 2)])).await;
    let sku = || "MUG-BLACK".to_owned();
    assert_eq!(left(&twice), [(sku(), 3, 0), (sku(), 3, 0)]);
    assert_eq!(node.gate_hits(), 1);

    // The buyer of the last one asks again with the same key, and has the order.
    let again = node.intake.place(last).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.order, sold.order);

    // An order that wants something else as well learns about all its lines, not at the gate.
    let both = bench.order(&[(shop.mug_black, 1), (shop.tote_large, 101)]);
    let both = node.intake.place(both).await;
    assert_eq!(left(&both), [(sku(), 1, 0), ("TOTE-L".to_owned(), 101, 100)]);
    assert_eq!(node.gate_hits(), 1);

    // Another node gives it back: the next request here gets it.
    let actor = kernel::Actor::Guest;
    bench.checkout.cancel(sold.order.id, actor, None).await.unwrap();
    node.intake.place(bench.order(&[(shop.mug_black, 1)])).await.unwrap();

    // And so it does when units arrive, behind everybody's back.
    let gone = node.intake.place(bench.order(&[(shop.mug_black, 1)])).await;
    assert_eq!(left(&gone), [(sku(), 1, 0)]);
    bench.receive(shop.mug_black, 2).await;
    node.intake.place(bench.order(&[(shop.mug_black, 2)])).await.unwrap();
    node.end().await;
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_crowd_at_the_gate_is_answered_without_orders_or_keys() {
    let bench = Bench::with(quick()).await;
    let gone = bench.order(&[(bench.shop.tote_small, 1)]);
    let node = Node::start(&bench);
    left(&node.intake.place(gone).await);
    let asking = (0..500).map(|_| node.intake.place(bench.order(&[(bench.shop.tote_small, 1)])));
    for answer in futures::future::join_all(asking).await {
        assert_eq!(left(&answer), [("TOTE-S".to_owned(), 1, 0)]);
    }
    assert_eq!(node.gate_hits(), 500);
    for table in ["orders.orders", "orders.idempotency_keys", "inventory.reservations"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(bench.count(sql.leak()).await, 0, "{table}");
    }
    node.end().await;
}

#[tokio::test]
async fn who_leaves_the_gate_without_the_answer_may_ask_again() {
    let bench = Bench::with(quick()).await;
    let node = Node::start(&bench);
    left(&node.intake.place(bench.order(&[(bench.shop.tote_small, 1)])).await);
    let request = bench.order(&[(bench.shop.tote_small, 1)]);
    // Nothing runs before the next await: the gate finds that nobody waits.
    drop(node.intake.submit(request.clone()).unwrap());
    assert_eq!(left(&node.intake.place(request).await), [("TOTE-S".to_owned(), 1, 0)]);
    node.end().await;
}
