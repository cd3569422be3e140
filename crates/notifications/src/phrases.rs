//! The words of all messages, in both languages.

use std::collections::BTreeMap;

use kernel::Locale;
use serde::Deserialize;

use crate::render::RenderError;

/// Words by their keys.
type Section = BTreeMap<String, String>;

/// The words of one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    /// What many messages say.
    pub common: Section,
    /// What one kind of mail says.
    pub mails: BTreeMap<String, Section>,
    /// What one kind of short message says.
    pub sms: BTreeMap<String, Section>,
}

impl Book {
    /// Reads it; it is part of the program.
    pub fn read(locale: Locale) -> Self {
        let json = match locale {
            Locale::ZhTw => include_str!("../phrases/zh-TW.json"),
            Locale::En => include_str!("../phrases/en.json"),
        };
        serde_json::from_str(json).expect("the phrases are a book")
    }

    /// The words of a kind of mail.
    pub fn mail<'a>(&'a self, kind: &'a str) -> Phrases<'a> {
        Phrases { kind, common: &self.common, own: self.mails.get(kind) }
    }

    /// The words of a kind of short message.
    pub fn sms<'a>(&'a self, kind: &'a str) -> Phrases<'a> {
        Phrases { kind, common: &self.common, own: self.sms.get(kind) }
    }
}

/// The words of one kind of message: its own, and those that many share.
#[derive(Clone, Copy, Debug)]
pub struct Phrases<'a> {
    kind: &'a str,
    common: &'a Section,
    own: Option<&'a Section>,
}

impl Phrases<'_> {
    /// A phrase as it is.
    pub fn text(&self, key: &str) -> Result<&str, RenderError> {
        let own = self.own.and_then(|own| own.get(key));
        own.or_else(|| self.common.get(key)).map(String::as_str).ok_or_else(|| {
            RenderError::NoPhrase { kind: self.kind.to_owned(), key: key.to_owned() }
        })
    }

    /// A phrase with its blanks (`{name}`) filled in. What is filled in is never looked at for
    /// further blanks.
    pub fn fill(&self, key: &str, words: &[(&str, &str)]) -> Result<String, RenderError> {
        let mut rest = self.text(key)?;
        let mut filled = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let blank = after.split_once('}').and_then(|(name, after)| {
                let word = words.iter().find(|(known, _)| *known == name)?;
                Some((word.1, after))
            });
            let Some((word, after)) = blank else {
                return Err(RenderError::NoPhrase {
                    kind: self.kind.to_owned(),
                    key: format!("{key}, a blank in it"),
                });
            };
            filled.push_str(word);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(book: &Book) -> Vec<String> {
        let sections = [("common", &book.common)].into_iter();
        let sections = sections.chain(book.mails.iter().map(|(name, own)| (name.as_str(), own)));
        let sections = sections.chain(book.sms.iter().map(|(name, own)| (name.as_str(), own)));
        let mut keys = Vec::new();
        for (name, section) in sections {
            for (key, text) in section {
                assert!(!text.trim().is_empty(), "{name}/{key}");
                assert!(!text.contains(['\n', '\r']), "{name}/{key}");
                let mut blanks: Vec<&str> =
                    text.split('{').skip(1).filter_map(|it| Some(it.split_once('}')?.0)).collect();
                blanks.sort_unstable();
                keys.push(format!("{name}/{key} {blanks:?}"));
            }
        }
        keys
    }

    #[test]
    fn both_languages_have_the_same_phrases_with_the_same_blanks() {
        assert_eq!(keys(&Book::read(Locale::ZhTw)), keys(&Book::read(Locale::En)));
    }

    #[test]
    fn blanks_are_filled_once() {
        let own = Section::from([("a".to_owned(), "{x} and {y}!".to_owned())]);
        let common = Section::from([("b".to_owned(), "{z".to_owned())]);
        let phrases = Phrases { kind: "k", common: &common, own: Some(&own) };
        assert_eq!(phrases.fill("a", &[("x", "{y}"), ("y", "{x}")]).unwrap(), "{y} and {x}!");
        for (key, words) in [("a", &[("x", "1")][..]), ("b", &[]), ("c", &[])] {
            let error = phrases.fill(key, words).unwrap_err().to_string();
            assert!(error.contains(&format!("k has no phrase {key}")), "{error}");
        }
    }
}
