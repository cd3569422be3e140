//! The jobs: render one mail, send it.

use std::sync::Arc;

use kernel::id::EventId;
use outbox::{BoxFuture, Job, JobError, JobHandler};
use ports::mail::{Mail, MailError, Mailer};

use crate::{
    account_mails::AccountMailKind,
    payload::{Account, LowStockAlert, Order, OrderCancelled, OrderPaid, RefundRequested},
    render::{RenderError, Rendered, Renderer},
};

/// Tells that an order is paid. Payload: that of `order.paid`.
pub const SEND_ORDER_CONFIRMATION: &str = "send_order_confirmation";
/// Tells that an order expired unpaid. Payload: that of `order.cancelled`.
pub const SEND_ORDER_EXPIRED: &str = "send_order_expired";
/// Tells that money goes back by itself. Payload: that of `refund.requested`.
pub const SEND_REFUND_NOTICE: &str = "send_refund_notice";
/// Tells operations that stock is low. Payload: [`LowStockAlert`].
pub const SEND_LOW_STOCK: &str = "send_low_stock";

/// The header by which programs find the mails of an order.
pub const ORDER_HEADER: &str = "X-Oxcart-Order";
/// The header by which programs find a kind of mail about an account.
pub const ACCOUNT_HEADER: &str = "X-Oxcart-Account";
/// The header by which programs find the mails about a SKU's stock.
pub const STOCK_HEADER: &str = "X-Oxcart-Stock";

/// The handlers of all jobs of this module.
pub fn job_handlers(mailer: &Arc<dyn Mailer>) -> Vec<Arc<dyn JobHandler>> {
    let renderer = Arc::new(Renderer::new());
    let handler = |kind: &'static str, compose: Compose| {
        let (mailer, renderer) = (Arc::clone(mailer), Arc::clone(&renderer));
        Arc::new(SendMail { kind, compose, mailer, renderer }) as Arc<dyn JobHandler>
    };
    let about_orders: [(&'static str, ComposeOrder); 3] = [
        (SEND_ORDER_CONFIRMATION, confirmation),
        (SEND_ORDER_EXPIRED, expired),
        (SEND_REFUND_NOTICE, refund),
    ];
    let about_orders =
        about_orders.into_iter().map(|(kind, compose)| handler(kind, Compose::Order(compose)));
    let about_accounts = AccountMailKind::ALL
        .into_iter()
        .map(|mail| handler(mail.job_kind(), Compose::Account(mail)));
    let about_stock = handler(SEND_LOW_STOCK, Compose::LowStock);
    about_orders.chain(about_accounts).chain([about_stock]).collect()
}

/// Makes the mail of an order's payload.
type ComposeOrder = fn(&Renderer, serde_json::Value) -> Result<(Order, Rendered), ComposeError>;

/// How a payload becomes a mail.
#[derive(Clone, Copy)]
enum Compose {
    Order(ComposeOrder),
    Account(AccountMailKind),
    LowStock,
}

/// A mail without its id.
struct Composed {
    to: String,
    words: Rendered,
    header: (&'static str, String),
}

impl Compose {
    fn compose(
        self,
        renderer: &Renderer,
        payload: serde_json::Value,
    ) -> Result<Composed, ComposeError> {
        match self {
            Self::Order(compose) => {
                let (order, words) = compose(renderer, payload)?;
                Ok(Composed { to: order.email, words, header: (ORDER_HEADER, order.number) })
            }
            Self::Account(kind) => {
                let account: Account = serde_json::from_value(payload)?;
                let words = renderer.account(kind, &account)?;
                let header = (ACCOUNT_HEADER, kind.word().to_owned());
                Ok(Composed { to: account.email, words, header })
            }
            Self::LowStock => {
                let alert: LowStockAlert = serde_json::from_value(payload)?;
                let words = renderer.low_stock(&alert)?;
                Ok(Composed { to: alert.email, words, header: (STOCK_HEADER, alert.sku) })
            }
        }
    }
}

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
            let Composed { to, words, header } = self
                .compose
                .compose(&self.renderer, job.payload.clone())
                .map_err(JobError::fail)?;
            let mail = Mail {
                id: job.event_id.map_or(job.id.as_uuid(), EventId::as_uuid),
                to,
                subject: words.subject,
                text: words.text,
                html: words.html,
                headers: vec![header],
            };
            self.mailer.send(&mail).await.map_err(|error| match error {
                MailError::Invalid(_) => JobError::fail(error),
                MailError::Unavailable(_) => JobError::retry(error),
            })
        })
    }
}
