//! The subscriber: which events become mails.

use kernel::{Ids, SharedClock, id::JobId};
use outbox::{BoxFuture, Event, HandleError, NewJob, Subscriber, Wants};

use crate::{
    jobs::{SEND_ORDER_CONFIRMATION, SEND_ORDER_EXPIRED, SEND_REFUND_NOTICE},
    payload::{
        EXPIRED, ORDER_CANCELLED, ORDER_PAID, OrderCancelled, REFUND_REQUESTED, RefundRequested,
    },
};

/// Writes the jobs that send mails about orders.
#[derive(Clone, Debug)]
pub struct OrderMails {
    clock: SharedClock,
    ids: Ids,
}

impl OrderMails {
    /// With where time and ids come from.
    pub const fn new(clock: SharedClock, ids: Ids) -> Self {
        Self { clock, ids }
    }

    /// The kind of job that this event asks for, if any.
    fn job_kind(event: &Event) -> Result<Option<&'static str>, serde_json::Error> {
        let data = || event.data.clone();
        Ok(match event.kind.as_str() {
            ORDER_PAID => Some(SEND_ORDER_CONFIRMATION),
            ORDER_CANCELLED => {
                let cancelled: OrderCancelled = serde_json::from_value(data())?;
                (cancelled.reason == EXPIRED).then_some(SEND_ORDER_EXPIRED)
            }
            REFUND_REQUESTED => {
                let refund: RefundRequested = serde_json::from_value(data())?;
                refund.reason.phrase().map(|_| SEND_REFUND_NOTICE)
            }
            _ => None,
        })
    }
}

impl Subscriber for OrderMails {
    fn name(&self) -> &'static str {
        "notifications.order_mails"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[ORDER_PAID, ORDER_CANCELLED, REFUND_REQUESTED])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let Some(kind) = Self::job_kind(event)? else { return Ok(()) };
            let job = NewJob {
                id: self.ids.next::<JobId>(&*self.clock),
                kind,
                payload: event.data.clone(),
                event_id: Some(event.id),
                run_at: self.clock.now(),
            };
            Ok(outbox::enqueue(conn, &[job]).await?)
        })
    }
}
