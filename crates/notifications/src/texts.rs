//! The short messages: what each needs to know, and what it says.
//!
//! Seventy characters of Chinese are one message to pay for. A link to an order's page is not among
//! them: a guest's carries a token, and telephones show messages to whoever lies beside them.

use jiff::Timestamp;
use kernel::Locale;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    letter::{in_taipei, one_line},
    payload::sample,
    phrases::Phrases,
    render::RenderError,
};

/// Whether a short message can reach this telephone: it is a mobile one of Taiwan.
pub fn reaches(phone: &str) -> bool {
    ports::sms::mobile(phone).is_some()
}

/// What a short message needs to know; its job carries it as JSON.
pub trait Text: Serialize + DeserializeOwned {
    /// The telephone.
    fn phone(&self) -> &str;
    /// The language it is written in.
    fn locale(&self) -> Locale;
    /// What it says.
    fn text(&self, say: &Phrases<'_>) -> Result<String, RenderError>;
    /// Until when it is of use; later it is not sent any more. `None`: for ever.
    fn good_until(&self) -> Option<Timestamp> {
        None
    }
    /// One as it could be, for previews and tests.
    fn sample(locale: Locale) -> Self;
}

/// An order's time to pay is nearly over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReminderText {
    /// The telephone.
    pub phone: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The order's number.
    pub number: String,
    /// Until when it has to be paid.
    pub pay_until: Timestamp,
}

impl Text for PaymentReminderText {
    fn phone(&self) -> &str {
        &self.phone
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn text(&self, say: &Phrases<'_>) -> Result<String, RenderError> {
        let until = in_taipei(self.pay_until, self.locale);
        let words = [("number", &*one_line(&self.number)), ("until", &*until)];
        say.fill("text", &words)
    }

    fn good_until(&self) -> Option<Timestamp> {
        Some(self.pay_until)
    }

    fn sample(locale: Locale) -> Self {
        let number = sample::order(locale).number;
        Self { phone: "0912345678".to_owned(), locale, number, pay_until: sample::time(0) }
    }
}

/// A parcel left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShippedText {
    /// The telephone.
    pub phone: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The order's number.
    pub number: String,
    /// Who brings it, in that language.
    pub carrier: String,
    /// Its number there.
    pub tracking_number: String,
}

impl Text for OrderShippedText {
    fn phone(&self) -> &str {
        &self.phone
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn text(&self, say: &Phrases<'_>) -> Result<String, RenderError> {
        let words = [
            ("number", &*one_line(&self.number)),
            ("carrier", &*one_line(&self.carrier)),
            ("tracking_number", &*one_line(&self.tracking_number)),
        ];
        say.fill("text", &words)
    }

    fn sample(locale: Locale) -> Self {
        let carrier = if locale == Locale::En { "T-CAT" } else { "黑貓宅急便" };
        Self {
            phone: "0912345678".to_owned(),
            locale,
            number: sample::order(locale).number,
            carrier: carrier.to_owned(),
            tracking_number: "123456789012".to_owned(),
        }
    }
}
