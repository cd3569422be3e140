//! Mails about accounts: one payload, whose kind says which words.

use kernel::Locale;
use serde::{Deserialize, Serialize};

use crate::{
    letter::Letter,
    message::{ACCOUNT_HEADER, Message},
    phrases::Phrases,
    render::RenderError,
};

/// What a mail about an account needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where the mail goes.
    pub email: String,
    /// The language it is written in.
    #[serde(default)]
    pub locale: Locale,
    /// The page it leads to. May carry a token that opens the account: it is for this mail only.
    pub link: String,
}

impl Message for Account {
    fn to(&self) -> &str {
        &self.email
    }

    fn locale(&self) -> Locale {
        self.locale
    }

    fn header(&self, kind: &str) -> (&'static str, String) {
        (ACCOUNT_HEADER, kind.to_owned())
    }

    fn letter(&self, say: &Phrases<'_>) -> Result<Letter, RenderError> {
        let letter = Letter::new(say, &[])?
            .preview(say.text("lead")?)
            .lead(say.text("lead")?)
            .link(&self.link, say.text("action")?)
            .more(say.text("more")?);
        Ok(letter)
    }

    fn sample(locale: Locale) -> Self {
        let link = "https://shop.example/page?token=abc_-123".to_owned();
        Self { email: "ming@example.com".to_owned(), locale, link }
    }
}
