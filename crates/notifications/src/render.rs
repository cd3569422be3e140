//! From a payload to the words of a mail.

use jiff::{Timestamp, tz};
use kernel::{Locale, Money};
use minijinja::{Environment, UndefinedBehavior, Value, context, value::Serde};

use crate::{
    account_mails::AccountMailKind,
    payload::{Account, LowStockAlert, Order, OrderPaid, RefundRequested},
};

/// A mail's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// Why a mail could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template wants something that is not there: a defect.
    #[error("the mail's template could not be filled in")]
    Template(#[from] minijinja::Error),
    /// No mail is due for this.
    #[error("there is nothing to say about this refund")]
    NothingToSay,
}

const TEMPLATES: [(&str, &str); 11] = [
    ("account.html", include_str!("../templates/account.html.j2")),
    ("account.txt", include_str!("../templates/account.txt.j2")),
    ("layout.html", include_str!("../templates/layout.html.j2")),
    ("low_stock.html", include_str!("../templates/low_stock.html.j2")),
    ("low_stock.txt", include_str!("../templates/low_stock.txt.j2")),
    ("order_confirmation.html", include_str!("../templates/order_confirmation.html.j2")),
    ("order_confirmation.txt", include_str!("../templates/order_confirmation.txt.j2")),
    ("order_expired.html", include_str!("../templates/order_expired.html.j2")),
    ("order_expired.txt", include_str!("../templates/order_expired.txt.j2")),
    ("refund_notice.html", include_str!("../templates/refund_notice.html.j2")),
    ("refund_notice.txt", include_str!("../templates/refund_notice.txt.j2")),
];

/// The templates and phrases, read once.
pub struct Renderer {
    templates: Environment<'static>,
    zh_tw: serde_json::Value,
    en: serde_json::Value,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer {
    /// Reads the templates, which are part of the program.
    ///
    /// # Panics
    /// When one of them is broken: a test would have found it.
    pub fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            templates.add_template(name, source).expect("the mail templates are well-formed");
        }
        let phrases = |json| serde_json::from_str(json).expect("the phrases are JSON");
        Self {
            templates,
            zh_tw: phrases(include_str!("../phrases/zh-TW.json")),
            en: phrases(include_str!("../phrases/en.json")),
        }
    }

    /// An order was paid.
    pub fn order_confirmation(&self, paid: &OrderPaid) -> Result<Rendered, RenderError> {
        let locale = paid.order.locale;
        let lines: Vec<Value> = paid
            .lines
            .iter()
            .map(|line| {
                context! {
                    name => line.name.get(locale),
                    variant => line.variant_name.get(locale),
                    quantity => line.quantity,
                    total => line.line_total.to_string(),
                }
            })
            .collect();
        let words = context! {
            lines,
            subtotal => paid.subtotal.to_string(),
            discount => unless_zero(paid.discount),
            shipping_fee => unless_zero(paid.shipping_fee),
            total => paid.total.to_string(),
            paid_at => paid.paid_at.map(|at| in_taipei(at, locale)),
        };
        self.render("order_confirmation", "confirmation", &paid.order, words)
    }

    /// An order expired unpaid.
    pub fn order_expired(&self, order: &Order) -> Result<Rendered, RenderError> {
        self.render("order_expired", "expired", order, context! {})
    }

    /// Money goes back by itself.
    pub fn refund_notice(&self, refund: &RefundRequested) -> Result<Rendered, RenderError> {
        let reason = refund.reason.phrase().ok_or(RenderError::NothingToSay)?;
        let words = context! { reason, amount => refund.amount.to_string() };
        self.render("refund_notice", "refund", &refund.order, words)
    }

    /// Something about an account.
    pub fn account(
        &self,
        kind: AccountMailKind,
        account: &Account,
    ) -> Result<Rendered, RenderError> {
        let section = &self.phrases(account.locale)[kind.word()];
        let subject = section["subject"].as_str().unwrap_or_default();
        let words = context! {
            mail => Value::from(Serde(section)),
            footer => section["footer"].as_str(),
            link => Some(account.link.as_str()).filter(|url| is_web(url)),
            link_text => section["action"].as_str(),
        };
        self.fill("account", account.locale, subject.to_owned(), words)
    }

    /// Stock is low.
    pub fn low_stock(&self, alert: &LowStockAlert) -> Result<Rendered, RenderError> {
        let section = &self.phrases(alert.locale)["low_stock"];
        let subject = section["subject"].as_str().unwrap_or_default();
        let subject = subject
            .replace("{available}", &alert.available.to_string())
            .replace("{warehouse}", &alert.warehouse)
            .replace("{sku}", &alert.sku);
        let words = context! {
            sku => alert.sku.as_str(),
            name => alert.name.get(alert.locale),
            variant => alert.variant_name.get(alert.locale),
            warehouse => alert.warehouse.as_str(),
            available => alert.available,
            safety_stock => alert.safety_stock,
            footer => section["footer"].as_str(),
            link => None::<&str>,
        };
        self.fill("low_stock", alert.locale, subject, words)
    }

    fn render(
        &self,
        template: &str,
        section: &str,
        order: &Order,
        words: Value,
    ) -> Result<Rendered, RenderError> {
        let phrases = self.phrases(order.locale);
        let subject = phrases[section]["subject"].as_str().unwrap_or_default();
        let subject = subject.replace("{number}", &order.number);
        let words = context! {
            number => order.number.as_str(),
            footer => phrases["footer"].as_str(),
            link => order.order_url.as_deref().filter(|url| is_web(url)),
            link_text => phrases["view_order"].as_str(),
            ..words
        };
        self.fill(template, order.locale, subject, words)
    }

    const fn phrases(&self, locale: Locale) -> &serde_json::Value {
        match locale {
            Locale::ZhTw => &self.zh_tw,
            Locale::En => &self.en,
        }
    }

    fn fill(
        &self,
        template: &str,
        locale: Locale,
        subject: String,
        words: Value,
    ) -> Result<Rendered, RenderError> {
        let words = context! {
            t => Value::from(Serde(self.phrases(locale))),
            lang => locale.tag(),
            subject => subject.as_str(),
            ..words
        };
        let fill = |name: String| self.templates.get_template(&name)?.render(&words);
        Ok(Rendered {
            text: fill(format!("{template}.txt"))?,
            html: fill(format!("{template}.html"))?,
            subject,
        })
    }
}

/// Escaping does not make a link harmless: only the web's own schemes become one.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Lines that say "nothing" are left out.
fn unless_zero(money: Money) -> Option<String> {
    (money != Money::ZERO).then(|| money.to_string())
}

/// The time on a clock in Taiwan, which has had no summer time since 1979.
fn in_taipei(at: Timestamp, locale: Locale) -> String {
    let there = tz::offset(8).to_datetime(at);
    match locale {
        Locale::ZhTw => there.strftime("%Y年%-m月%-d日 %H:%M").to_string(),
        Locale::En => there.strftime("%-d %B %Y, %H:%M (Taipei)").to_string(),
    }
}

#[cfg(test)]
mod tests;
