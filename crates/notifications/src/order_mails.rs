//! The subscriber: which events become mails.

use kernel::{Ids, SharedClock, id::JobId};
use outbox::{BoxFuture, Event, HandleError, NewJob, Subscriber, Wants};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    mails::refund::RefundReason,
    payload::{
        Cancelled, EXPIRED, ORDER_CANCELLED, ORDER_PAID, PAYMENT_CODE_ISSUED, PAYMENT_FAILED,
        REFUND_FAILED, REFUND_REQUESTED, REFUND_SUCCEEDED, SHIPMENT_DELIVERED, SHIPMENT_SHIPPED,
    },
    templates::{
        SEND_ORDER_ACCEPTED, SEND_ORDER_CANCELLED, SEND_ORDER_CONFIRMATION, SEND_ORDER_DELIVERED,
        SEND_ORDER_EXPIRED, SEND_ORDER_SHIPPED, SEND_PAYMENT_FAILED, SEND_PAYMENT_INSTRUCTIONS,
        SEND_REFUND_FAILED, SEND_REFUND_NOTICE, SEND_REFUND_REQUESTED, SEND_REFUND_SUCCEEDED,
    },
};

/// Writes the jobs that send mails about orders. What a mail needs to know is in the event, which the
/// job carries as it is.
#[derive(Clone, Debug)]
pub struct OrderMails {
    clock: SharedClock,
    ids: Ids,
}

/// What tells whether a refund was asked for.
#[derive(Deserialize)]
struct Asked {
    reason: RefundReason,
}

impl OrderMails {
    /// With where time and ids come from.
    pub const fn new(clock: SharedClock, ids: Ids) -> Self {
        Self { clock, ids }
    }

    /// The kind of job that this event asks for, if any.
    fn job_kind(kind: &str, data: &Value) -> Result<Option<&'static str>, serde_json::Error> {
        // Events of earlier versions did not say whom they concern: nobody can be told then.
        if !data["email"].is_string() {
            return Ok(None);
        }
        Ok(match kind {
            ORDER_PAID => {
                // What is to be paid at the door is sold, but its money has not come.
                let at_the_door = data.get("paid_at").is_some_and(Value::is_null);
                Some(if at_the_door { SEND_ORDER_ACCEPTED } else { SEND_ORDER_CONFIRMATION })
            }
            ORDER_CANCELLED => {
                let ran_out = Cancelled::deserialize(data)?.reason == EXPIRED;
                Some(if ran_out { SEND_ORDER_EXPIRED } else { SEND_ORDER_CANCELLED })
            }
            PAYMENT_CODE_ISSUED => Some(SEND_PAYMENT_INSTRUCTIONS),
            PAYMENT_FAILED => Some(SEND_PAYMENT_FAILED),
            REFUND_REQUESTED => {
                let by_itself = Asked::deserialize(data)?.reason.phrase().is_some();
                Some(if by_itself { SEND_REFUND_NOTICE } else { SEND_REFUND_REQUESTED })
            }
            REFUND_SUCCEEDED => Some(SEND_REFUND_SUCCEEDED),
            REFUND_FAILED => Some(SEND_REFUND_FAILED),
            SHIPMENT_SHIPPED => Some(SEND_ORDER_SHIPPED),
            SHIPMENT_DELIVERED => Some(SEND_ORDER_DELIVERED),
            _ => None,
        })
    }
}

impl Subscriber for OrderMails {
    fn name(&self) -> &'static str {
        "notifications.order_mails"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&[
            ORDER_PAID,
            ORDER_CANCELLED,
            PAYMENT_CODE_ISSUED,
            PAYMENT_FAILED,
            REFUND_REQUESTED,
            REFUND_SUCCEEDED,
            REFUND_FAILED,
            SHIPMENT_SHIPPED,
            SHIPMENT_DELIVERED,
        ])
    }

    fn handle<'a>(
        &'a self,
        conn: &'a mut pg::Connection,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async move {
            let Some(kind) = Self::job_kind(&event.kind, &event.data)? else { return Ok(()) };
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
