//! The jobs: render one mail, send it.

use std::sync::Arc;

use kernel::id::EventId;
use outbox::{BoxFuture, Job, JobError, JobHandler};
use ports::mail::{Mail, MailError, Mailer};

use crate::{
    payload::{Order, OrderCancelled, OrderPaid, RefundRequested},
    render::{RenderError, Rendered, Renderer},
};

/// Tells that an order is paid. Payload: that of `order.paid`.
pub const SEND_ORDER_CONFIRMATION: &str = "send_order_confirmation";
/// Tells that an order expired unpaid. Payload: that of `order.cancelled`.
pub const SEND_ORDER_EXPIRED: &str = "send_order_expired";
/// Tells that money goes back by itself. Payload: that of `refund.requested`.
pub const SEND_REFUND_NOTICE: &str = "send_refund_notice";

/// The header by which programs find the mails of an order.
pub const ORDER_HEADER: &str = "X-Oxcart-Order";

/// The handlers of all jobs of this module.
pub fn job_handlers(mailer: &Arc<dyn Mailer>) -> Vec<Arc<dyn JobHandler>> {
    let renderer = Arc::new(Renderer::new());
    let kinds: [(&'static str, Compose); 3] = [
        (SEND_ORDER_CONFIRMATION, confirmation),
        (SEND_ORDER_EXPIRED, expired),
        (SEND_REFUND_NOTICE, refund),
    ];
    kinds
        .into_iter()
        .map(|(kind, compose)| {
            let (mailer, renderer) = (Arc::clone(mailer), Arc::clone(&renderer));
            Arc::new(SendMail { kind, compose, mailer, renderer }) as Arc<dyn JobHandler>
        })
        .collect()
}

/// Makes the mail of a payload.
type Compose = fn(&Renderer, serde_json::Value) -> Result<(Order, Rendered), ComposeError>;

#[derive(Debug, thiserror::Error)]
enum ComposeError {
    #[error("the payload is not what this mail needs")]
    Payload(#[from] serde_json::Error),
    #[error(transparent)]
    Render(#[from] RenderError),
}

fn confirmation(
    renderer: &Renderer,
    payload: serde_json::Value,
) -> Result<(Order, Rendered), ComposeError> {
    let paid: OrderPaid = serde_json::from_value(payload)?;
    let words = renderer.order_confirmation(&paid)?;
    Ok((paid.order, words))
}

fn expired(
    renderer: &Renderer,
    payload: serde_json::Value,
) -> Result<(Order, Rendered), ComposeError> {
    let OrderCancelled { order, .. } = serde_json::from_value(payload)?;
    let words = renderer.order_expired(&order)?;
    Ok((order, words))
}

fn refund(
    renderer: &Renderer,
    payload: serde_json::Value,
) -> Result<(Order, Rendered), ComposeError> {
    let refund: RefundRequested = serde_json::from_value(payload)?;
    let words = renderer.refund_notice(&refund)?;
    Ok((refund.order, words))
}

struct SendMail {
    kind: &'static str,
    compose: Compose,
    mailer: Arc<dyn Mailer>,
    renderer: Arc<Renderer>,
}

impl JobHandler for SendMail {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<(), JobError>> {
        Box::pin(async move {
            // A mail that cannot be composed today cannot be composed tomorrow either.
            let (order, words) =
                (self.compose)(&self.renderer, job.payload.clone()).map_err(JobError::fail)?;
            let mail = Mail {
                id: job.event_id.map_or(job.id.as_uuid(), EventId::as_uuid),
                to: order.email,
                subject: words.subject,
                text: words.text,
                html: words.html,
                headers: vec![(ORDER_HEADER, order.number)],
            };
            self.mailer.send(&mail).await.map_err(|error| match error {
                MailError::Invalid(_) => JobError::fail(error),
                MailError::Unavailable(_) => JobError::retry(error),
            })
        })
    }
}
