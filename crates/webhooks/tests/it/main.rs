//! Webhooks against a real PostgreSQL, and servers that receive them.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod addresses;
mod dispatch;
mod failing;
mod fan_out;
mod receiver;
mod redelivery;
mod registered;

use std::sync::Arc;

use kernel::{Clock as _, id::UserId, shard_of};
use outbox::{NewEvent, Relay, Subscriber};
use serde_json::Value;
use testkit::TestDb;
use uuid::Uuid;
use webhooks::{
    Delivery, DeliveryFilter, Dispatcher, Endpoint, EndpointForm, EventPattern, FanOut, Guard,
    Patience, Sealer, Secret, Sender, WebhookMetrics, deliveries, endpoints,
};

const SOURCE: &str = "https://shop.test";

/// A shop whose webhooks may go to this machine.
struct Bench {
    test: TestDb,
    guard: Guard,
    sealer: Sealer,
}

impl Bench {
    async fn new() -> Self {
        let guard = Guard::new("127.0.0.0/8".parse().unwrap());
        Self { test: TestDb::new().await, guard, sealer: Sealer::new(&[7; 32]) }
    }

    fn fan_out(&self) -> FanOut {
        FanOut::new(SOURCE.to_owned(), self.test.shared_clock(), self.test.ids().clone())
    }

    fn relay(&self) -> Relay {
        let subscribers: Vec<Arc<dyn Subscriber>> = vec![Arc::new(self.fan_out())];
        let (db, clock) = (self.test.db().clone(), self.test.shared_clock());
        Relay::new(db, clock, self.test.ids().clone(), subscribers)
    }

    /// A node's dispatcher.
    fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(
            self.test.db().clone(),
            (self.test.shared_clock(), self.test.ids().clone()),
            self.sealer.clone(),
            Sender::new(&self.guard).unwrap(),
            Patience::default(),
            WebhookMetrics::new(&telemetry::Metrics::new()).unwrap(),
        )
    }

    fn somebody() -> UserId {
        Uuid::from_u128(9).into()
    }

    fn form(url: &str, filters: &[&str]) -> EndpointForm {
        EndpointForm {
            url: url.to_owned(),
            description: "ERP".to_owned(),
            filters: filters.iter().map(|it| EventPattern::new(it).unwrap()).collect(),
        }
    }

    async fn register(&self, url: &str, filters: &[&str]) -> (Endpoint, Secret) {
        let clock = self.test.clock();
        let context = (self.test.ids(), &*clock as &dyn kernel::Clock);
        let tools = (&self.guard, &self.sealer);
        let mut tx = self.test.db().begin().await.unwrap();
        let form = Self::form(url, filters);
        let registered =
            endpoints::register(&mut tx, &form, Self::somebody(), tools, context).await.unwrap();
        tx.commit().await.unwrap();
        registered
    }

    async fn endpoint(&self, endpoint: &Endpoint) -> Endpoint {
        let mut conn = self.test.db().acquire().await.unwrap();
        endpoints::find(&mut conn, endpoint.id).await.unwrap().unwrap()
    }

    /// Something happens; nobody is told yet.
    async fn append(&self, kind: &'static str, data: &Value) -> Uuid {
        let (clock, ids) = (self.test.clock(), self.test.ids());
        let subject = ids.uuid(&*clock);
        let event = NewEvent::new(kind, shard_of(subject), subject, data, &*clock, ids);
        let id = event.id.as_uuid();
        let mut tx = self.test.db().begin().await.unwrap();
        outbox::append(&mut tx, &[event]).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Something happens, and its deliveries are written.
    async fn happen(&self, kind: &'static str, data: &Value) -> Uuid {
        let id = self.append(kind, data).await;
        drain(&self.relay()).await;
        id
    }

    /// The deliveries of an endpoint, the newest first.
    async fn deliveries(&self, endpoint: &Endpoint) -> Vec<Delivery> {
        let mut conn = self.test.db().acquire().await.unwrap();
        let all = DeliveryFilter::default();
        deliveries::list(&mut conn, endpoint.id, &all, None, 1_000).await.unwrap()
    }

    fn pass(&self, time: jiff::SignedDuration) {
        self.test.clock().advance(time);
    }

    fn now(&self) -> jiff::Timestamp {
        self.test.clock().now()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut owner = self.test.owner().acquire().await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *owner).await.unwrap()
    }
}

/// Hands over what is due until nothing is.
async fn drain(relay: &Relay) {
    while relay.drain_batch().await.unwrap() > 0 {}
}
