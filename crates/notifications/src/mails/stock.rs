//! Mails to whoever waits for something sold out.

use kernel::{Locale, LocalizedText};
use serde::{Deserialize, Serialize};

use crate::{
    letter::{Letter, one_line},
    message::{Message, STOCK_HEADER},
    phrases::Phrases,
    render::RenderError,
};

/// What the mail that something is back needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackInStock {
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
    /// The product's page.
    pub product_url: String,
    /// The page that has everything about this address forgotten.
    pub stop_url: String,
    /// What a mail program asks to have the same done; empty in jobs that were written before it was
    /// known.
    #[serde(default)]
    pub one_click_url: String,
}

impl Message for BackInStock {
    fn to(&self) -> &str {
        &self.email
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn header(&self, _: &str) -> (&'static str, String) {
        (STOCK_HEADER, self.sku.clone())
    }

    /// A button of the mail program's own that stops these mails (RFC 8058), which has to lead by TLS.
    fn more_headers(&self) -> Vec<(&'static str, String)> {
        if !self.one_click_url.starts_with("https://") {
            return Vec::new();
        }
        vec![
            ("List-Unsubscribe", format!("<{}>", self.one_click_url)),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
        ]
    }

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let (name, variant) = (self.name.get(self.locale), self.variant_name.get(self.locale));
        let goods =
            if variant.is_empty() { name.to_owned() } else { format!("{name} · {variant}") };
        let letter = Letter::new(say, &[("goods", &*one_line(&goods))])?
            .preview(&goods)
            .lead(say.text("lead")?)
            .fact(say.text("goods")?, &goods)
            .link(&self.product_url, say.text("action")?)
            .link(&self.stop_url, say.text("stop")?)
            .more(say.text("more")?);
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        let language = if locale == Locale::En { "/en" } else { "" };
        let token = "5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e";
        Self {
            email: "ming@example.com".to_owned(),
            locale,
            sku: "MUG-WHITE".to_owned(),
            name: LocalizedText::new("手作陶杯", "Handmade mug"),
            variant_name: LocalizedText::new("米白", "Off-white"),
            product_url: format!("https://shop.example{language}/products/mug?variant=MUG-WHITE"),
            stop_url: format!("https://shop.example{language}/stock-notices/{token}"),
            one_click_url: format!("https://shop.example/api/stock-notices/{token}"),
        }
    }
}
