//! From a letter to the mail's subject, plain text and HTML.

use kernel::Locale;
use minijinja::{Environment, UndefinedBehavior, Value, context, value::Serde};
use ports::mail::Inline;

use crate::{barcode::BarcodeError, letter::Letter, message::Message, phrases::Book};

/// A mail's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The pictures that the HTML shows.
    pub inline: Vec<Inline>,
}

/// Why a message could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template wants something that is not there: a defect.
    #[error("the mail's template could not be filled in")]
    Template(#[from] minijinja::Error),
    /// A phrase is missing: a defect.
    #[error("{kind} has no phrase {key}")]
    NoPhrase {
        /// The kind of message.
        kind: String,
        /// The phrase.
        key: String,
    },
    /// A code to pay by cannot be drawn.
    #[error("a barcode could not be drawn")]
    Barcode(#[source] BarcodeError),
    /// No mail is due for this.
    #[error("there is nothing to say about this refund")]
    NothingToSay,
}

/// The template and the phrases, read once.
pub struct Renderer {
    templates: Environment<'static>,
    zh_tw: Book,
    en: Book,
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
        for (name, source) in [
            ("mail.html", include_str!("../templates/mail.html.j2")),
            ("mail.txt", include_str!("../templates/mail.txt.j2")),
        ] {
            templates.add_template(name, source).expect("the mail templates are well-formed");
        }
        Self { templates, zh_tw: Book::read(Locale::ZhTw), en: Book::read(Locale::En) }
    }

    /// A mail of this kind.
    pub fn mail<M: Message>(&self, kind: &str, message: &M) -> Result<Rendered, RenderError> {
        let locale = message.locale();
        let letter = message.letter(&self.book(locale).mail(kind))?;
        self.lay_out(letter, locale)
    }

    /// The words of a language.
    pub(crate) const fn book(&self, locale: Locale) -> &Book {
        match locale {
            Locale::ZhTw => &self.zh_tw,
            Locale::En => &self.en,
        }
    }

    fn lay_out(&self, mut letter: Letter, locale: Locale) -> Result<Rendered, RenderError> {
        let inline = std::mem::take(&mut letter.inline);
        let common = |key: &str| self.book(locale).common.get(key).map(String::as_str);
        let words = context! {
            letter => Value::from(Serde(&letter)),
            lang => locale.tag(),
            shop => common("shop"),
            greeting => common("greeting"),
            colon => common("colon"),
            quantity => common("quantity"),
            barcode_name => common("barcode"),
        };
        let fill = |name: &str| self.templates.get_template(name)?.render(&words);
        let (text, html) = (fill("mail.txt")?, fill("mail.html")?);
        Ok(Rendered { text, html, inline, subject: letter.subject })
    }
}

#[cfg(test)]
mod tests;
