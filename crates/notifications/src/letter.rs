//! What every mail is made of: one layout, filled in by each mail in words.
//!
//! *Invariant:* whatever comes from outside passes [`one_line`] here and is escaped by the template
//! of the HTML: it can add neither a line to the plain text nor a tag to the HTML.

use jiff::{Timestamp, tz};
use kernel::{Locale, Money};
use ports::mail::Inline;
use serde::Serialize;

use crate::{
    barcode,
    payload::{Bill, Order},
    phrases::Phrases,
    render::RenderError,
};

/// A mail before it is laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// What mail programs show beside the subject.
    pub preview: String,
    /// The heading.
    pub heading: String,
    /// Paragraphs before everything else.
    pub lead: Vec<String>,
    /// Names and values, one below the other.
    pub facts: Vec<Fact>,
    /// What somebody has to type or to say: set large.
    pub codes: Vec<Fact>,
    /// What a cashier scans.
    pub barcodes: Vec<Barcode>,
    /// What the list of goods is called.
    pub goods_title: String,
    /// Goods.
    pub goods: Vec<Item>,
    /// Sums; the last one is the total.
    pub sums: Vec<Fact>,
    /// Paragraphs at the end.
    pub more: Vec<String>,
    /// Where to go: the first one is a button.
    pub links: Vec<Link>,
    /// Below the letter.
    pub footer: String,
    /// The pictures of the barcodes.
    #[serde(skip)]
    pub inline: Vec<Inline>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    name: String,
    value: String,
}

/// A barcode and what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Barcode {
    cid: &'static str,
    text: String,
}

/// Some goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    name: String,
    variant: String,
    quantity: u32,
    total: Option<String>,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    url: String,
    text: String,
}

/// The names of the barcodes' pictures in the HTML.
const BARCODES: [&str; 3] = ["barcode-1", "barcode-2", "barcode-3"];

impl Letter {
    /// Begins a letter with the phrases every one has; `words` fill the subject's blanks.
    pub fn new(say: &Phrases<'_>, words: &[(&str, &str)]) -> Result<Self, RenderError> {
        Ok(Self {
            subject: one_line(&say.fill("subject", words)?),
            heading: say.text("heading")?.to_owned(),
            footer: say.text("footer")?.to_owned(),
            ..Self::default()
        })
    }

    /// Begins a letter to a buyer: with the order's number in the subject and among the facts, and
    /// the way to its page.
    pub fn about(order: &Order, say: &Phrases<'_>) -> Result<Self, RenderError> {
        let letter = Self::new(say, &[("number", &order.number)])?
            .fact(say.text("number")?, &order.number)
            .preview(&format!("{} {}", say.text("number")?, order.number));
        match &order.order_url {
            Some(url) => Ok(letter.link(url, say.text("view_order")?)),
            None => Ok(letter),
        }
    }

    /// What mail programs show beside the subject.
    #[must_use]
    pub fn preview(mut self, text: &str) -> Self {
        self.preview = one_line(text);
        self
    }

    /// A paragraph before everything else.
    #[must_use]
    pub fn lead(mut self, text: &str) -> Self {
        self.lead.push(one_line(text));
        self
    }

    /// A name and a value.
    #[must_use]
    pub fn fact(mut self, name: &str, value: &str) -> Self {
        self.facts.push(fact(name, value));
        self
    }

    /// Something to type or to say.
    #[must_use]
    pub fn code(mut self, name: &str, value: &str) -> Self {
        self.codes.push(fact(name, value));
        self
    }

    /// Three barcodes for the cashier, in this order.
    pub fn barcodes(mut self, codes: &[String; 3]) -> Result<Self, RenderError> {
        for (cid, text) in BARCODES.into_iter().zip(codes) {
            let bytes = barcode::png(text).map_err(RenderError::Barcode)?;
            self.inline.push(Inline { cid, content_type: "image/png", bytes });
            self.barcodes.push(Barcode { cid, text: text.clone() });
        }
        Ok(self)
    }

    /// Goods.
    #[must_use]
    pub fn item(mut self, name: &str, variant: &str, quantity: u32, total: Option<Money>) -> Self {
        self.goods.push(Item {
            name: one_line(name),
            variant: one_line(variant),
            quantity,
            total: total.map(|total| total.to_string()),
        });
        self
    }

    /// What the list of goods is called.
    #[must_use]
    pub fn goods_title(mut self, text: &str) -> Self {
        text.clone_into(&mut self.goods_title);
        self
    }

    /// A bill, with all its goods and sums; what is nothing is left out.
    pub fn bill(self, bill: &Bill, locale: Locale, say: &Phrases<'_>) -> Result<Self, RenderError> {
        let mut letter = self.goods_title(say.text("items")?);
        for line in &bill.lines {
            let (name, variant) = (line.name.get(locale), line.variant_name.get(locale));
            letter = letter.item(name, variant, line.quantity, Some(line.line_total));
        }
        letter.sums.push(fact(say.text("subtotal")?, &bill.subtotal.to_string()));
        if bill.discount != Money::ZERO {
            let off = format!("− {}", bill.discount);
            letter.sums.push(fact(say.text("discount")?, &off));
        }
        let fee = match bill.shipping_fee {
            Money::ZERO => say.text("free")?.to_owned(),
            fee => fee.to_string(),
        };
        letter.sums.push(fact(say.text("shipping_fee")?, &fee));
        letter.sums.push(fact(say.text("total")?, &bill.total.to_string()));
        Ok(letter)
    }

    /// A paragraph at the end.
    #[must_use]
    pub fn more(mut self, text: &str) -> Self {
        self.more.push(one_line(text));
        self
    }

    /// Where to go. Escaping does not make a link harmless: only the web's own schemes become one.
    #[must_use]
    pub fn link(mut self, url: &str, text: &str) -> Self {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        if is_web && !url.contains(char::is_control) {
            self.links.push(Link { url: url.to_owned(), text: text.to_owned() });
        }
        self
    }
}

fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: one_line(value) }
}

/// The text in one line: whatever would begin another one, or is not to be seen, is a space.
pub fn one_line(text: &str) -> String {
    text.chars().map(|it| if is_line_or_control(it) { ' ' } else { it }).collect()
}

/// Controls, separators of lines and paragraphs, and what turns the direction of writing round, by
/// which a name could make a text look like another one.
fn is_line_or_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The time on a clock in Taiwan, which has had no summer time since 1979.
pub fn in_taipei(at: Timestamp, locale: Locale) -> String {
    let there = tz::offset(8).to_datetime(at);
    match locale {
        Locale::ZhTw => there.strftime("%Y年%-m月%-d日 %H:%M").to_string(),
        Locale::En => there.strftime("%-d %B %Y, %H:%M (Taipei)").to_string(),
    }
}

/// The day in Taiwan.
pub fn day_in_taipei(at: Timestamp, locale: Locale) -> String {
    let there = tz::offset(8).to_datetime(at);
    match locale {
        Locale::ZhTw => there.strftime("%Y年%-m月%-d日").to_string(),
        Locale::En => there.strftime("%-d %B %Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_in_its_line() {
        let evil = "杯\r\nTotal: NT$ 1\u{2028}\u{202e}x\0";
        assert_eq!(one_line(evil), "杯  Total: NT$ 1  x ");
    }

    #[test]
    fn the_clock_is_that_of_taipei() {
        let at: Timestamp = "2026-09-21T16:05:00Z".parse().unwrap();
        assert_eq!(in_taipei(at, Locale::ZhTw), "2026年9月22日 00:05");
        assert_eq!(in_taipei(at, Locale::En), "22 September 2026, 00:05 (Taipei)");
        assert_eq!(day_in_taipei(at, Locale::ZhTw), "2026年9月22日");
        assert_eq!(day_in_taipei(at, Locale::En), "22 September 2026");
    }
}
