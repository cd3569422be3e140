//! Events: something that happened, and who wants to know.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::Timestamp;
use kernel::{Clock, Ids, Shard, id::EventId};
use pg::DbResult;
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

/// Which events a subscriber wants for good. What nobody wants is passed over by the database,
/// unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// All of them.
    Everything,
    /// Those of these kinds.
    Kinds(&'static [&'static str]),
}

/// Which events are wanted at a moment: by kind (`order.paid`), by family (`order.*`), or all (`*`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    everything: bool,
    kinds: BTreeSet<String>,
    families: BTreeSet<String>,
}

impl Interest {
    /// In whatever these patterns name; none names nothing.
    pub fn of(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut interest = Self::default();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            if pattern == "*" {
                interest.everything = true;
            } else if let Some(family) = pattern.strip_suffix(".*") {
                interest.families.insert(family.to_owned());
            } else {
                interest.kinds.insert(pattern.to_owned());
            }
        }
        interest
    }

    /// Whether events of this kind are among them.
    pub fn includes(&self, kind: &str) -> bool {
        let family = || kind.split_once('.').map_or(kind, |(family, _)| family);
        self.everything || self.kinds.contains(kind) || self.families.contains(family())
    }

    /// In what either of them is interested in.
    pub fn extend(&mut self, other: &Self) {
        self.everything |= other.everything;
        self.kinds.extend(other.kinds.iter().cloned());
        self.families.extend(other.families.iter().cloned());
    }

    /// The kinds; none: all there are.
    pub(crate) fn kinds(&self) -> Option<Vec<String>> {
        (!self.everything).then(|| self.kinds.iter().cloned().collect())
    }

    /// The families.
    pub(crate) fn families(&self) -> Vec<String> {
        self.families.iter().cloned().collect()
    }
}

impl From<Wants> for Interest {
    fn from(wants: Wants) -> Self {
        match wants {
            Wants::Everything => Self::of(["*"]),
            Wants::Kinds(kinds) => Self::of(kinds),
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
    /// What it may want. Must not change while the program runs.
    fn wants(&self) -> Wants;
    /// What it wants right now, where that is kept in the database. Asked in every round of the
    /// relay, after the round has fixed which events it takes: whoever subscribed before an event
    /// was committed is handed it. May only read.
    fn interest<'a>(&'a self, conn: &'a mut pg::Connection) -> BoxFuture<'a, DbResult<Interest>> {
        let _ = conn;
        let interest = Interest::from(self.wants());
        Box::pin(async move { Ok(interest) })
    }
    /// Does what has to be done about the event.
    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>>;
    /// Does it about several, in their order: all of them, or an error. After an error each of them
    /// comes alone, so that one that cannot be handled does not keep the others.
    fn handle_all<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        events: &'a [&'a Event],
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            for event in events {
                self.handle(conn, event).await?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interest_names_kinds_families_or_everything() {
        let interest = Interest::of(["order.paid", "stock.*"]);
        for (kind, wanted) in [
            ("order.paid", true),
            ("order.created", false),
            ("stock.moved", true),
            ("stocks.moved", false),
            ("stock", true),
            ("", false),
        ] {
            assert_eq!(interest.includes(kind), wanted, "{kind}");
        }
        assert!(!Interest::default().includes("order.paid"));
        let mut all = Interest::from(Wants::Kinds(&["order.paid"]));
        assert_eq!(all.kinds(), Some(vec!["order.paid".to_owned()]));
        all.extend(&Interest::from(Wants::Everything));
        assert!(all.includes("whatever.it_is"));
        assert_eq!((all.kinds(), all.families()), (None, Vec::new()));
    }

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
