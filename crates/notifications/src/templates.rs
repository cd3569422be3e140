//! Every kind of message: one table that says which job sends it, what it needs to know and what it
//! says.

use jiff::Timestamp;
use kernel::Locale;
use serde_json::Value;

use crate::{
    letter::one_line,
    mails::{
        account::Account,
        operations::{LowStockAlert, WebhookDisabled},
        order::{
            OrderAccepted, OrderCancelled, OrderExpired, OrderPaid, OrderReceived, PaymentReminder,
        },
        payment::{PaymentFailed, PaymentInstructions},
        refund::{RefundFailed, RefundNotice, RefundRejected, RefundRequested, RefundSucceeded},
        shipping::{OrderDelivered, OrderShipped},
        stock::BackInStock,
    },
    message::{KIND_HEADER, Message},
    render::{RenderError, Rendered, Renderer},
    texts::{self, Text},
};

/// Why a message could not be made of a job's payload.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A field is missing, or is another thing.
    #[error("the payload is not what this message needs")]
    Payload(#[from] serde_json::Error),
    /// The words could not be found.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// A mail without its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposedMail {
    /// Where it goes.
    pub to: String,
    /// What it says.
    pub words: Rendered,
    /// What it is about, for programs that read the mail.
    pub headers: Vec<(&'static str, String)>,
    /// Until when it is of use.
    pub good_until: Option<Timestamp>,
}

/// A short message without its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComposedText {
    /// The telephone.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Until when it is of use.
    pub good_until: Option<Timestamp>,
}

/// A kind of mail.
#[derive(Clone, Copy, Debug)]
pub struct MailTemplate {
    /// What programs know it by, which is also the section of its phrases.
    pub kind: &'static str,
    /// The kind of the job that sends it.
    pub job: &'static str,
    compose: fn(&'static str, &Renderer, Value) -> Result<ComposedMail, ComposeError>,
    sample: fn(&'static str, &Renderer, Locale) -> Result<Rendered, RenderError>,
}

/// A kind of short message.
#[derive(Clone, Copy, Debug)]
pub struct TextTemplate {
    /// What programs know it by, which is also the section of its phrases.
    pub kind: &'static str,
    /// The kind of the job that sends it.
    pub job: &'static str,
    compose: fn(&'static str, &Renderer, Value) -> Result<ComposedText, ComposeError>,
    sample: fn(&'static str, &Renderer, Locale) -> Result<String, RenderError>,
}

impl MailTemplate {
    /// The mail that a job's payload asks for.
    pub fn compose(
        &self,
        renderer: &Renderer,
        payload: Value,
    ) -> Result<ComposedMail, ComposeError> {
        (self.compose)(self.kind, renderer, payload)
    }

    /// The mail as it could be.
    pub fn sample(&self, renderer: &Renderer, locale: Locale) -> Result<Rendered, RenderError> {
        (self.sample)(self.kind, renderer, locale)
    }

    /// The template of this kind.
    pub fn find(kind: &str) -> Option<&'static Self> {
        MAILS.iter().find(|it| it.kind == kind)
    }
}

impl TextTemplate {
    /// The short message that a job's payload asks for.
    pub fn compose(
        &self,
        renderer: &Renderer,
        payload: Value,
    ) -> Result<ComposedText, ComposeError> {
        (self.compose)(self.kind, renderer, payload)
    }

    /// The short message as it could be.
    pub fn sample(&self, renderer: &Renderer, locale: Locale) -> Result<String, RenderError> {
        (self.sample)(self.kind, renderer, locale)
    }

    /// The template of this kind.
    pub fn find(kind: &str) -> Option<&'static Self> {
        TEXTS.iter().find(|it| it.kind == kind)
    }
}

const fn mail<M: Message>(kind: &'static str, job: &'static str) -> MailTemplate {
    MailTemplate {
        kind,
        job,
        compose: |kind, renderer, payload| {
            let message: M = serde_json::from_value(payload)?;
            let words = renderer.mail(kind, &message)?;
            let (name, about) = message.header(kind);
            let mut headers = vec![(name, one_line(&about)), (KIND_HEADER, kind.to_owned())];
            headers.extend(message.more_headers());
            let good_until = message.good_until();
            Ok(ComposedMail { to: message.to().to_owned(), words, headers, good_until })
        },
        sample: |kind, renderer, locale| renderer.mail(kind, &M::sample(locale)),
    }
}

const fn text<T: Text>(kind: &'static str, job: &'static str) -> TextTemplate {
    TextTemplate {
        kind,
        job,
        compose: |kind, renderer, payload| {
            let message: T = serde_json::from_value(payload)?;
            let text = message.text(&renderer.book(message.locale()).sms(kind))?;
            let good_until = message.good_until();
            Ok(ComposedText { to: message.phone().to_owned(), text, good_until })
        },
        sample: |kind, renderer, locale| T::sample(locale).text(&renderer.book(locale).sms(kind)),
    }
}

/// Tells that an order was received. Payload: [`OrderReceived`].
pub const SEND_ORDER_RECEIVED: &str = "send_order_received";
/// Tells by which code to pay. Payload: [`PaymentInstructions`].
pub const SEND_PAYMENT_INSTRUCTIONS: &str = "send_payment_instructions";
/// Tells that an order is paid. Payload: [`OrderPaid`].
pub const SEND_ORDER_CONFIRMATION: &str = "send_order_confirmation";
/// Tells that an order is paid when it arrives. Payload: [`OrderAccepted`].
pub const SEND_ORDER_ACCEPTED: &str = "send_order_accepted";
/// Tells that an attempt to pay failed. Payload: [`PaymentFailed`].
pub const SEND_PAYMENT_FAILED: &str = "send_payment_failed";
/// Reminds of an order that is about to expire. Payload: [`PaymentReminder`].
pub const SEND_PAYMENT_REMINDER: &str = "send_payment_reminder";
/// Tells that an order expired unpaid. Payload: [`OrderExpired`].
pub const SEND_ORDER_EXPIRED: &str = "send_order_expired";
/// Tells that an order was cancelled. Payload: [`OrderCancelled`].
pub const SEND_ORDER_CANCELLED: &str = "send_order_cancelled";
/// Tells that a parcel left. Payload: [`OrderShipped`].
pub const SEND_ORDER_SHIPPED: &str = "send_order_shipped";
/// Tells that a parcel arrived. Payload: [`OrderDelivered`].
pub const SEND_ORDER_DELIVERED: &str = "send_order_delivered";
/// Tells that money goes back by itself. Payload: [`RefundNotice`].
pub const SEND_REFUND_NOTICE: &str = "send_refund_notice";
/// Tells that money was asked back. Payload: [`RefundRequested`].
pub const SEND_REFUND_REQUESTED: &str = "send_refund_requested";
/// Tells that money went back. Payload: [`RefundSucceeded`].
pub const SEND_REFUND_SUCCEEDED: &str = "send_refund_succeeded";
/// Tells that money goes back by hand, or later. Payload: [`RefundFailed`].
pub const SEND_REFUND_FAILED: &str = "send_refund_failed";
/// Tells that no money goes back. Payload: [`RefundRejected`].
pub const SEND_REFUND_REJECTED: &str = "send_refund_rejected";
/// Tells that something is back. Payload: [`BackInStock`].
pub const SEND_BACK_IN_STOCK: &str = "send_back_in_stock";
/// Tells operations that stock is low. Payload: [`LowStockAlert`].
pub const SEND_LOW_STOCK: &str = "send_low_stock";
/// Tells operations that an endpoint of webhooks was turned off. Payload: [`WebhookDisabled`].
pub const SEND_WEBHOOK_DISABLED: &str = "send_webhook_disabled";
/// Reminds by short message. Payload: [`texts::PaymentReminderText`].
pub const TEXT_PAYMENT_REMINDER: &str = "text_payment_reminder";
/// Tells by short message that a parcel left. Payload: [`texts::OrderShippedText`].
pub const TEXT_ORDER_SHIPPED: &str = "text_order_shipped";

/// Every kind of mail, in the order of an order's life.
pub const MAILS: &[MailTemplate] = &[
    mail::<OrderReceived>("order_received", SEND_ORDER_RECEIVED),
    mail::<PaymentInstructions>("payment_instructions", SEND_PAYMENT_INSTRUCTIONS),
    mail::<OrderPaid>("order_paid", SEND_ORDER_CONFIRMATION),
    mail::<OrderAccepted>("order_accepted", SEND_ORDER_ACCEPTED),
    mail::<PaymentFailed>("payment_failed", SEND_PAYMENT_FAILED),
    mail::<PaymentReminder>("payment_reminder", SEND_PAYMENT_REMINDER),
    mail::<OrderExpired>("order_expired", SEND_ORDER_EXPIRED),
    mail::<OrderCancelled>("order_cancelled", SEND_ORDER_CANCELLED),
    mail::<OrderShipped>("order_shipped", SEND_ORDER_SHIPPED),
    mail::<OrderDelivered>("order_delivered", SEND_ORDER_DELIVERED),
    mail::<RefundNotice>("refund_notice", SEND_REFUND_NOTICE),
    mail::<RefundRequested>("refund_requested", SEND_REFUND_REQUESTED),
    mail::<RefundSucceeded>("refund_succeeded", SEND_REFUND_SUCCEEDED),
    mail::<RefundFailed>("refund_failed", SEND_REFUND_FAILED),
    mail::<RefundRejected>("refund_rejected", SEND_REFUND_REJECTED),
    mail::<BackInStock>("back_in_stock", SEND_BACK_IN_STOCK),
    mail::<LowStockAlert>("low_stock", SEND_LOW_STOCK),
    mail::<WebhookDisabled>("webhook_disabled", SEND_WEBHOOK_DISABLED),
    mail::<Account>("verify_email", "send_verify_email"),
    mail::<Account>("already_registered", "send_already_registered"),
    mail::<Account>("reset_password", "send_reset_password"),
    mail::<Account>("password_changed", "send_password_changed"),
];

/// Every kind of short message. They cost money, so they are few: what cannot wait until somebody
/// reads their mail.
pub const TEXTS: &[TextTemplate] = &[
    text::<texts::PaymentReminderText>("payment_reminder", TEXT_PAYMENT_REMINDER),
    text::<texts::OrderShippedText>("order_shipped", TEXT_ORDER_SHIPPED),
];
