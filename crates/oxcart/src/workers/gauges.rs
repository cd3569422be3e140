//! Gauges: what waits, looked at every few seconds.

use std::time::Duration;

use ::webhooks::retention::{self, Depth};
use anyhow::Result;
use intake::Intake;
use kernel::SharedClock;
use pg::Db;
use telemetry::{
    Metrics,
    prometheus::{IntGauge, IntGaugeVec},
};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::scheduled::JobGauges;
use crate::supervise::worker;

const PERIOD: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Gauges {
    orders: IntGauge,
    outbox: IntGaugeVec,
    age: IntGauge,
    webhooks: IntGaugeVec,
    jobs: JobGauges,
}

/// Registers the gauges and keeps them true.
pub fn spawn(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    metrics: &Metrics,
    db: &Db,
    clock: &SharedClock,
    intake: Intake,
) -> Result<()> {
    let gauges = Gauges {
        orders: metrics.gauge("oxcart_intake_queue_length", "Orders waiting to be placed")?,
        outbox: metrics.gauges(
            "oxcart_outbox_entries",
            "Events and jobs in the outbox; dead ones need a person",
            &["kind", "state"],
        )?,
        age: metrics.gauge(
            "oxcart_outbox_oldest_age_seconds",
            "How long the oldest event or overdue job has been waiting",
        )?,
        webhooks: metrics.gauges(
            "oxcart_webhooks",
            "Webhooks that are told of events, those where nothing arrives, and what waits for them",
            &["what"],
        )?,
        jobs: JobGauges::new(metrics)?,
    };
    let (db, clock) = (db.clone(), clock.clone());
    worker::spawn(tasks, stop, "gauges", move |stop| {
        let (gauges, db, clock, intake) =
            (gauges.clone(), db.clone(), clock.clone(), intake.clone());
        async move {
            while stop.run_until_cancelled(sleep(PERIOD)).await.is_some() {
                gauges.orders.set(whole(intake.depth()));
                // While the database is away the last values stay.
                if let Ok((depth, webhooks)) = look(&db).await {
                    gauges.show(&depth, webhooks, &clock);
                    gauges.jobs.look(&db, &clock).await.ok();
                }
            }
        }
    });
    Ok(())
}

async fn look(db: &Db) -> pg::DbResult<(outbox::Depth, Depth)> {
    let mut conn = db.acquire().await?;
    Ok((outbox::pending(&mut conn).await?, retention::depth(&mut conn).await?))
}

impl Gauges {
    fn show(&self, depth: &outbox::Depth, webhooks: Depth, clock: &SharedClock) {
        for (kind, state, count) in [
            ("event", "pending", depth.events),
            ("event", "dead", depth.dead_events),
            ("job", "pending", depth.jobs),
            ("job", "dead", depth.dead_jobs),
        ] {
            self.outbox.with_label_values(&[kind, state]).set(whole(count));
        }
        self.age.set(depth.oldest_age(clock.now()).as_secs());
        let Depth { active, failing, pending } = webhooks;
        for (what, count) in [("active", active), ("failing", failing), ("pending", pending)] {
            self.webhooks.with_label_values(&[what]).set(count);
        }
    }
}

fn whole(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}
