//! A product as rows of Shopify's CSV, in one language.

use std::fmt::Write as _;

use catalog::{Description, Product, ProductPhase, Variant};
use jiff::Timestamp;
use kernel::{Locale, Money};

use crate::columns::EXPORTED;

/// Adds the product's rows: a variant and a picture each, as long as there are any. What is not sold any
/// more is left out: Shopify knows no such variants, and an import leaves them as they are.
pub fn rows(
    text: &mut Vec<u8>,
    product: &Product,
    category: &str,
    language: Locale,
    now: Timestamp,
) {
    let variants: Vec<&Variant> = product.variants.iter().filter(|it| it.active).collect();
    let count = variants.len().max(product.images.len()).max(1);
    for place in 0..count {
        let mut row = Row::default();
        row.put("Handle", product.slug.as_str());
        if place == 0 {
            row.product(product, category, language, now);
        }
        if let Some(variant) = variants.get(place) {
            row.variant(product, variant, language);
        }
        if let Some(image) = product.images.get(place) {
            row.put("Image Src", &image.key);
            row.put("Image Position", (place + 1).to_string());
            row.put("Image Alt Text", image.alt.get(language));
        }
        text.extend_from_slice(&csv_text::row(&row.cells));
    }
}

#[derive(Default)]
struct Row {
    cells: [String; EXPORTED.len()],
}

impl Row {
    fn put(&mut self, column: &str, text: impl Into<String>) {
        let place = EXPORTED.iter().position(|name| *name == column);
        if let Some(cell) = place.and_then(|place| self.cells.get_mut(place)) {
            *cell = text.into();
        }
    }

    fn product(&mut self, product: &Product, category: &str, language: Locale, now: Timestamp) {
        self.put("Title", product.name.get(language));
        self.put("Body (HTML)", body_of(&product.description, language));
        self.put("Type", category);
        self.put("Tags", product.tags.join(", "));
        // What is scheduled is active and not there yet, as in Shopify's own files.
        let (status, published) = match product.status.at(now) {
            ProductPhase::Draft => ("draft", "FALSE"),
            ProductPhase::Scheduled => ("active", "FALSE"),
            ProductPhase::Published => ("active", "TRUE"),
            ProductPhase::Archived => ("archived", "FALSE"),
        };
        self.put("Published", published);
        self.put("Status", status);
        for (number, option) in (1..).zip(&product.options) {
            self.put(&format!("Option{number} Name"), option.name.get(language));
        }
        if product.options.is_empty() {
            self.put("Option1 Name", "Title");
        }
    }

    fn variant(&mut self, product: &Product, variant: &Variant, language: Locale) {
        for (number, value) in (1..).zip(&variant.options) {
            self.put(&format!("Option{number} Value"), value.get(language));
        }
        if product.options.is_empty() {
            self.put("Option1 Value", "Default Title");
        }
        self.put("Variant SKU", variant.sku.as_str());
        self.put("Variant Grams", variant.weight_g.to_string());
        self.put("Variant Price", amount(variant.price));
        self.put("Variant Compare At Price", variant.compare_at.map(amount).unwrap_or_default());
        let barcode = variant.barcode.as_ref().map(catalog::Barcode::as_str).unwrap_or_default();
        self.put("Variant Barcode", barcode);
        let shown = variant.image.and_then(|place| product.images.get(usize::from(place)));
        self.put("Variant Image", shown.map(|it| it.key.as_str()).unwrap_or_default());
    }
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

/// A description as HTML: its own, or that of its plain text.
pub fn body_of(description: &Description, language: Locale) -> String {
    if let Some(html) = description.html() {
        return html.get(language).to_owned();
    }
    let text = description.text().get(language);
    let mut html = String::with_capacity(text.len() + 16);
    for paragraph in text.replace("\r\n", "\n").split("\n\n") {
        let lines: Vec<String> =
            paragraph.lines().map(str::trim).filter(|it| !it.is_empty()).map(escaped).collect();
        if lines.is_empty() {
            continue;
        }
        let end = if html.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        write!(html, "{end}<p>{}</p>", lines.join("<br>")).ok();
    }
    html
}

/// As the cleaner of descriptions writes it, so that it cleans nothing of it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\u{a0}', "&nbsp;")
}

#[cfg(test)]
mod tests {
    use kernel::LocalizedText;

    use super::*;

    #[test]
    fn plain_text_becomes_html_that_stays_as_it_is() {
        let text = "A & B\n1 < 2\n\n\nSecond\u{a0}one\r\n\r\nlast\r";
        let plain = Description::plain(LocalizedText::new(text, text));
        let html = body_of(&plain, Locale::En);
        let expected = "<p>A &amp; B<br>1 &lt; 2</p>\n<p>Second&nbsp;one</p>\n<p>last</p>";
        assert_eq!(html, expected);
        let rich = Description::rich(&LocalizedText::new(html.as_str(), html.as_str()));
        assert_eq!(body_of(&rich, Locale::En), html);
        assert_eq!(body_of(&Description::default(), Locale::ZhTw), "");
    }
}
