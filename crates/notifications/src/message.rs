//! A kind of mail: what it needs to know, and what it says.

use jiff::Timestamp;
use kernel::Locale;
use serde::{Serialize, de::DeserializeOwned};

use crate::{letter::Letter, phrases::Phrases, render::RenderError};

/// The header by which programs find the mails of an order.
pub const ORDER_HEADER: &str = "X-Oxcart-Order";
/// The header by which programs find a kind of mail about an account.
pub const ACCOUNT_HEADER: &str = "X-Oxcart-Account";
/// The header by which programs find the mails about a SKU's stock.
pub const STOCK_HEADER: &str = "X-Oxcart-Stock";
/// The header by which programs find the mails about webhooks.
pub const WEBHOOK_HEADER: &str = "X-Oxcart-Webhook";
/// The header by which programs tell kinds of mail apart.
pub const KIND_HEADER: &str = "X-Oxcart-Kind";

/// What a mail needs to know; its job carries it as JSON.
pub trait Message: Serialize + DeserializeOwned {
    /// Where it goes.
    fn to(&self) -> &str;
    /// The language it is written in.
    fn locale(&self) -> Locale;
    /// What it is about, for programs that read the mail.
    fn header(&self, kind: &str) -> (&'static str, String);
    /// Headers besides, for programs that read the mail.
    fn more_headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// What it says.
    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError>;
    /// Until when it is of use; later it is not sent any more. `None`: for ever.
    fn good_until(&self) -> Option<Timestamp> {
        None
    }
    /// One as it could be, for previews and tests.
    fn sample(locale: Locale) -> Self;
}

/// The first three answers of a mail about an order are its `order`'s.
macro_rules! about_an_order {
    () => {
        fn to(&self) -> &str {
            &self.order.email
        }

        fn locale(&self) -> kernel::Locale {
            self.order.locale
        }

        fn header(&self, _: &str) -> (&'static str, String) {
            (crate::message::ORDER_HEADER, self.order.number.clone())
        }
    };
}
pub(crate) use about_an_order;
