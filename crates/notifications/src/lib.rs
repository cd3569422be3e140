//! What customers are told by mail and by short message, and what operations are.
//!
//! [`OrderMails`] and [`StockAlerts`] listen to events and write jobs, in the relay's transaction; who
//! changes an account writes the job of an [`AccountMail`] in the same transaction, and whoever else
//! has something to tell writes one with [`jobs::job`]. What nobody's event tells (an order that waits
//! for its money) is found by a worker, which tells each order once by [`marks`]; so are
//! those who wait for something sold out ([`notices`]). [`job_handlers`] do
//! the jobs later: write the message in the customer's language and hand it to the
//! [`Mailer`](ports::mail::Mailer) or the [`SmsSender`](ports::sms::SmsSender). Every kind of message
//! is in one table, [`templates`]; all mails have one layout, [`letter`].
//!
//! *Invariant:* this module reads nothing but the payload: what a message says was true when it was
//! written. *Invariant:* a message's id is that of its job: a job that runs twice sends the same
//! message, not another one. *Invariant:* whatever comes from outside (names, addresses) is escaped in
//! HTML, and stays in its line.

pub mod account_mails;
mod barcode;
pub mod jobs;
pub mod letter;
pub mod mails;
pub mod marks;
pub mod message;
pub mod notices;
pub mod order_mails;
pub mod payload;
pub mod phrases;
pub mod render;
mod sql;
mod sql_notices;
pub mod stock_alerts;
pub mod templates;
pub mod texts;

pub use account_mails::{AccountMail, AccountMailKind};
pub use barcode::BarcodeError;
pub use jobs::job_handlers;
pub use marks::Mark;
pub use order_mails::OrderMails;
pub use render::{Rendered, Renderer};
pub use stock_alerts::{StockAlerts, StockName, StockNames};
