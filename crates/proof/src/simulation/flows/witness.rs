//! A subscriber who writes down everything it is told, in the relay's own transaction. In the end
//! there must be one note of each event, and the notes of one subject must be in its order.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use kernel::{Ids, SharedClock};
use outbox::{BoxFuture, Event, HandleError, NewJob, Subscriber, Wants, enqueue};

/// The kind of its notes.
pub const NOTE: &str = "simulation.note";

/// The subscriber of one program.
pub struct Witness {
    clock: SharedClock,
    ids: Ids,
    /// Notes so far, also of programs that died.
    count: Arc<AtomicI64>,
}

impl Witness {
    /// A witness that goes on counting where others stopped.
    pub fn new(clock: SharedClock, ids: Ids, count: Arc<AtomicI64>) -> Self {
        Self { clock, ids, count }
    }
}

impl Subscriber for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn wants(&self) -> Wants {
        Wants::Everything
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let number = self.count.fetch_add(1, Ordering::SeqCst);
            let note = NewJob {
                id: self.ids.next(&*self.clock),
                kind: NOTE,
                payload: serde_json::json!({"event": event.id, "number": number}),
                // Not the event's only one, if it is told twice: that is what is to be found out.
                event_id: None,
                run_at: self.clock.now(),
            };
            Ok(enqueue(conn, &[note]).await?)
        })
    }
}
