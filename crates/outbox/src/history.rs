//! What happened lately, for people: events as they were appended, and how far they have come.

use jiff::Timestamp;
use pg::DbResult;
use serde_json::Value;
use uuid::Uuid;

use crate::{Event, Interest, sql};

/// How far an event has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventProgress {
    /// No relay has taken it yet.
    Pending,
    /// Handed over, or nobody wanted it.
    Done,
    /// It failed, or waits for one of its subject that did, and is tried again.
    Waiting,
    /// It failed too often.
    Dead,
}

impl EventProgress {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Done, Self::Waiting, Self::Dead];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Waiting => "waiting",
            Self::Dead => "dead",
        }
    }

    /// What a word stands for.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// An event of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// The event.
    pub event: Event,
    /// How far it has come.
    pub progress: EventProgress,
    /// Where it lies in the list.
    pub place: PastPlace,
}

/// A place in the list of events: that of the transaction which appended one, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PastPlace(pub u64, pub i64);

/// Which events. What is left out is not asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of these kinds or families.
    pub kinds: Option<Interest>,
    /// About this. Looks at one lane instead of all.
    pub subject: Option<Uuid>,
    /// That occurred not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
}

/// Events that fit, the last one appended first, from the one after `after` on. Events are kept for
/// a week ([`forget_published`](crate::forget_published)).
#[tracing::instrument(name = "db.outbox.list_events", skip_all, err)]
pub async fn events(
    conn: &mut pg::Connection,
    filter: &EventFilter,
    after: Option<PastPlace>,
    limit: i64,
) -> DbResult<Vec<PastEvent>> {
    sql::history::list(conn, filter, after, limit).await
}

/// The same without what only its receiver may know: queries and fragments of addresses, which may
/// carry tokens that open an order or an account.
pub fn discreet(data: &Value) -> Value {
    match data {
        Value::String(text) => Value::String(without_query(text)),
        Value::Array(items) => items.iter().map(discreet).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, it)| (name.clone(), discreet(it))).collect()
        }
        other => other.clone(),
    }
}

/// The text, each address in it up to its query or fragment.
fn without_query(text: &str) -> String {
    let word = |word: &str| {
        let query = word.find("://").and_then(|_| word.find(['?', '#']));
        let space = word.len() - word.trim_end().len();
        match query {
            Some(at) => format!("{}{}", &word[..at], &word[word.len() - space..]),
            None => word.to_owned(),
        }
    };
    text.split_inclusive(char::is_whitespace).map(word).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_lose_what_opens_something() {
        let data = json!({
            "order_url": "https://shop.example/orders/1?token=secret",
            "nested": [{"link": "http://shop.example/reset#secret"}],
            "note": "is it here? #1",
            "words": "Go to https://shop.example/reset?token=secret now.",
            "plain": "https://shop.example/orders/1",
            "amount": 5, "none": null
        });
        assert_eq!(
            discreet(&data),
            json!({
                "order_url": "https://shop.example/orders/1",
                "nested": [{"link": "http://shop.example/reset"}],
                "note": "is it here? #1",
                "words": "Go to https://shop.example/reset now.",
                "plain": "https://shop.example/orders/1",
                "amount": 5, "none": null
            })
        );
    }
}
