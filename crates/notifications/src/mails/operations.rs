//! Mails to operations.

use jiff::Timestamp;
use kernel::{Locale, LocalizedText};
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Letter, in_taipei},
    message::{Message, STOCK_HEADER, WEBHOOK_HEADER},
    payload::sample,
    phrases::Phrases,
    render::RenderError,
};

/// What the mail about low stock needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LowStockAlert {
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// The variant's name; empty when there is only one.
    pub variant_name: LocalizedText,
    /// The warehouse's code.
    pub warehouse: String,
    /// What was available then.
    pub available: i32,
    /// What should have been.
    pub safety_stock: i32,
}

impl Message for LowStockAlert {
    fn to(&self) -> &str {
        &self.email
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn header(&self, _: &str) -> (&'static str, String) {
        (STOCK_HEADER, self.sku.clone())
    }

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let (available, safety_stock) = (self.available.to_string(), self.safety_stock.to_string());
        let words =
            [("available", &*available), ("warehouse", &*self.warehouse), ("sku", &*self.sku)];
        let (name, variant) = (self.name.get(self.locale), self.variant_name.get(self.locale));
        let goods =
            if variant.is_empty() { name.to_owned() } else { format!("{name} · {variant}") };
        let letter = Letter::new(say, &words)?
            .preview(&format!("{} · {}", self.sku, self.warehouse))
            .lead(say.text("lead")?)
            .fact(say.text("goods")?, &goods)
            .fact(say.text("sku")?, &self.sku)
            .fact(say.text("warehouse")?, &self.warehouse)
            .fact(say.text("available")?, &available)
            .fact(say.text("safety_stock")?, &safety_stock)
            .more(say.text("more")?);
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        Self {
            email: "ops@example.com".to_owned(),
            locale,
            sku: "MUG-WHITE".to_owned(),
            name: LocalizedText::new("手作陶杯", "Handmade mug"),
            variant_name: LocalizedText::new("米白", "Off-white"),
            warehouse: "TPE".to_owned(),
            available: 3,
            safety_stock: 10,
        }
    }
}

/// What the mail about an endpoint of webhooks that was turned off needs to know. Whoever turns it
/// off asks for the mail, in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookDisabled {
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The endpoint's address, without what may be secret in it.
    pub endpoint: String,
    /// Since when nothing arrived there.
    pub failing_since: Timestamp,
    /// What went wrong the last time.
    pub last_error: String,
}

impl Message for WebhookDisabled {
    fn to(&self) -> &str {
        &self.email
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn header(&self, _: &str) -> (&'static str, String) {
        // A header holds one line of text; the address may be anything.
        (WEBHOOK_HEADER, "disabled".to_owned())
    }

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let letter = Letter::new(say, &[])?
            .preview(&self.endpoint)
            .lead(say.text("lead")?)
            .fact(say.text("endpoint")?, &self.endpoint)
            .fact(say.text("failing_since")?, &in_taipei(self.failing_since, self.locale))
            .fact(say.text("last_error")?, &self.last_error)
            .more(say.text("more")?);
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        Self {
            email: "ops@example.com".to_owned(),
            locale,
            endpoint: "https://erp.example/hooks/oxcart".to_owned(),
            failing_since: sample::time(0),
            last_error: "503 Service Unavailable".to_owned(),
        }
    }
}
