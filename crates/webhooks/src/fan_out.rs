//! The subscriber: which events become deliveries, and to whom.

use kernel::{Ids, SharedClock, id::EventId};
use outbox::{BoxFuture, Event, HandleError, Interest, Subscriber, Wants, inbox};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    sql,
    sql::deliveries::{NewDelivery, NewMessage},
    view,
};

/// By which name the outbox knows what was handed to webhooks.
const CONSUMER: &str = "webhooks";

/// Writes the deliveries of events, in the relay's transaction.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// This shop, as CloudEvents name it.
    source: String,
    clock: SharedClock,
    ids: Ids,
}

/// An endpoint, as far as events go.
pub(crate) struct Listener {
    pub(crate) id: Uuid,
    pub(crate) interest: Interest,
}

impl FanOut {
    /// `source` names the shop: its address.
    pub const fn new(source: String, clock: SharedClock, ids: Ids) -> Self {
        Self { source, clock, ids }
    }

    async fn fan_out(&self, conn: &mut Connection, events: &[&Event]) -> Result<(), HandleError> {
        let listeners = listeners(conn).await?;
        let wanted: Vec<&Event> = events
            .iter()
            .copied()
            .filter(|event| listeners.iter().any(|it| it.interest.includes(&event.kind)))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let claimed: Vec<EventId> = wanted.iter().map(|event| event.id).collect();
        let new = inbox::claim(conn, CONSUMER, &claimed, self.clock.now()).await?;
        let wanted: Vec<&Event> =
            wanted.into_iter().filter(|event| new.contains(&event.id)).collect();
        self.write(conn, &listeners, &wanted).await?;
        Ok(())
    }

    /// Writes what each of these endpoints has not got of these events yet; how many deliveries that
    /// is.
    pub(crate) async fn write(
        &self,
        conn: &mut Connection,
        listeners: &[Listener],
        events: &[&Event],
    ) -> DbResult<u64> {
        let (mut messages, mut deliveries) = (Vec::new(), Vec::new());
        for event in events {
            let to = listeners.iter().filter(|it| it.interest.includes(&event.kind));
            let known = deliveries.len();
            deliveries.extend(to.map(|listener| NewDelivery {
                id: self.ids.next(&*self.clock),
                endpoint: listener.id,
                message: messages.len(),
            }));
            if deliveries.len() > known {
                messages.push(message(event, &self.source));
            }
        }
        if messages.is_empty() {
            return Ok(0);
        }
        sql::deliveries::insert(conn, &messages, &deliveries, self.clock.now()).await
    }

    /// The source of what is sent.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Time and ids.
    pub(crate) fn context(&self) -> (&Ids, &SharedClock) {
        (&self.ids, &self.clock)
    }
}

/// The endpoints that are told of events.
async fn listeners(conn: &mut Connection) -> DbResult<Vec<Listener>> {
    let rows = sql::endpoints::listening(conn).await?;
    let listener =
        |(id, filters): (Uuid, Vec<String>)| Listener { id, interest: Interest::of(filters) };
    Ok(rows.into_iter().map(listener).collect())
}

fn message(event: &Event, source: &str) -> NewMessage {
    let seen = Event { data: view::public(&event.data), ..event.clone() };
    NewMessage {
        id: event.id.as_uuid(),
        kind: event.kind.clone(),
        subject: event.subject,
        body: seen.cloud_event(source).to_string(),
        occurred_at: event.occurred_at,
    }
}

impl Subscriber for FanOut {
    fn name(&self) -> &'static str {
        CONSUMER
    }

    fn wants(&self) -> Wants {
        Wants::Everything
    }

    /// What any endpoint wants: without one, events pass by unread.
    fn interest<'a>(&'a self, conn: &'a mut Connection) -> BoxFuture<'a, DbResult<Interest>> {
        Box::pin(async move {
            let mut interest = Interest::default();
            for listener in listeners(conn).await? {
                interest.extend(&listener.interest);
            }
            Ok(interest)
        })
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move { self.fan_out(conn, &[event]).await })
    }

    fn handle_all<'a>(
        &'a self,
        conn: &'a mut Connection,
        events: &'a [&'a Event],
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(self.fan_out(conn, events))
    }
}
