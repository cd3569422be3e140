//! Events: something that happened, and who wants to know.

use futures::future::BoxFuture;
use jiff::Timestamp;
use kernel::{Clock, Ids, Shard, id::EventId};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::HandleError;

/// An event to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, which is also the consumer's deduplication key.
    pub id: EventId,
    /// Where its subject's rows live.
    pub shard: Shard,
    /// What happened: `noun.verb_in_the_past`.
    pub kind: &'static str,
    /// What it happened to. Events of one subject keep their order.
    pub subject: Uuid,
    /// When it became true.
    pub occurred_at: Timestamp,
    data: String,
}

impl NewEvent {
    /// Something happened, now. `data` is what a consumer needs to know of it: the event's
    /// contract. It is written as JSON here, once; until somebody wants the event nobody reads it.
    ///
    /// # Panics
    /// When `data` cannot be JSON (a map whose keys are no strings): a defect, whatever it holds.
    pub fn new(
        kind: &'static str,
        shard: Shard,
        subject: Uuid,
        data: &impl Serialize,
        clock: &dyn Clock,
        ids: &Ids,
    ) -> Self {
        let data = serde_json::to_string(data).expect("an event's data are JSON");
        Self { id: ids.next(clock), shard, kind, subject, occurred_at: clock.now(), data }
    }

    /// Its data, as JSON.
    pub fn data(&self) -> &str {
        &self.data
    }
}

/// An event on its way to its subscribers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id, which is also the consumer's deduplication key.
    pub id: EventId,
    /// Where its subject's rows live.
    pub shard: Shard,
    /// What happened.
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// What a consumer needs to know of it.
    pub data: Value,
    /// When it became true.
    pub occurred_at: Timestamp,
    /// How often it failed before.
    pub attempts: u16,
}

impl Event {
    /// The event as `CloudEvents` 1.0 in JSON. `source` names this shop, as a URI.
    pub fn cloud_event(&self, source: &str) -> Value {
        json!({
            "specversion": "1.0",
            "id": self.id,
            "source": source,
            "type": self.kind,
            "subject": self.subject,
            "time": self.occurred_at,
            "datacontenttype": "application/json",
            "data": self.data,
        })
    }
}

/// Which events a subscriber wants. What nobody wants is passed over by the database, unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// All of them.
    Everything,
    /// Those of these kinds.
    Kinds(&'static [&'static str]),
}

impl Wants {
    /// Whether events of this kind are among them.
    pub fn include(self, kind: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Kinds(kinds) => kinds.contains(&kind),
        }
    }
}

/// Somebody who wants to know.
///
/// A handler runs inside the relay's transaction: it may only write to the database through
/// `conn`, and what it writes commits together with the lane's mark, once. Whatever reaches
/// outside has to be [enqueued as a job](crate::enqueue). An error undoes this event's writes,
/// those of its other subscribers included, and the event is handed over again later.
pub trait Subscriber: Send + Sync {
    /// Who it is, for error messages.
    fn name(&self) -> &'static str;
    /// What it wants. Must not change while the program runs.
    fn wants(&self) -> Wants;
    /// Does what has to be done about the event.
    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_event_carries_the_required_attributes() {
        let id = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        let event = Event {
            id: id.into(),
            shard: Shard::new(1),
            kind: "thing.happened".to_owned(),
            subject: id,
            data: json!({"a": 1}),
            occurred_at: Timestamp::from_second(1_790_000_000).unwrap(),
            attempts: 3,
        };
        assert_eq!(
            event.cloud_event("https://shop.example"),
            json!({
                "specversion": "1.0",
                "id": "01920000-0000-7000-8000-000000000001",
                "source": "https://shop.example",
                "type": "thing.happened",
                "subject": "01920000-0000-7000-8000-000000000001",
                "time": "2026-09-21T14:13:20Z",
                "datacontenttype": "application/json",
                "data": {"a": 1},
            })
        );
    }
}
