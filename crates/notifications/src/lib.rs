//! What customers are told by mail, and what operations are.
//!
//! [`OrderMails`] and [`StockAlerts`] listen to events and write jobs, in the relay's transaction; who changes an account
//! writes the job of an [`AccountMail`] in the same transaction. [`job_handlers`] do them later: render the mail in the customer's language and hand it to the
//! [`Mailer`](ports::mail::Mailer). A mail's id is that of its event, or else of its job, so a job that
//! runs twice sends the same mail, not another one.
//!
//! *Invariant:* this module reads nothing but the payload: what a mail says was true when it was
//! written. *Invariant:* whatever comes from outside (names, addresses) is escaped in HTML.
//! What it understands of the events of others is in [`payload`].

pub mod account_mails;
pub mod jobs;
pub mod order_mails;
pub mod payload;
pub mod render;
pub mod stock_alerts;

pub use account_mails::{AccountMail, AccountMailKind};
pub use jobs::job_handlers;
pub use order_mails::OrderMails;
pub use render::Renderer;
pub use stock_alerts::{StockAlerts, StockName, StockNames};
