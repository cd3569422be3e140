//! Texts in the shop's languages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A language the shop speaks. zh-TW comes first everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Locale {
    /// Traditional Chinese as written in Taiwan.
    #[default]
    #[serde(rename = "zh-TW")]
    ZhTw,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::ZhTw => "zh-TW",
            Self::En => "en",
        }
    }

    /// The best language for an `Accept-Language` header: the first one listed that we speak, in
    /// the order of preference (RFC 9110 §12.5.4), else zh-TW.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',') {
            let mut pieces = part.trim().split(';');
            let tag = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = pieces
                .find_map(|p| p.trim().strip_prefix("q="))
                .and_then(|q| q.trim().parse::<f32>().ok())
                .unwrap_or(1.0);
            let locale = match tag.split('-').next() {
                Some("zh") => Self::ZhTw,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > 0.0 && best.is_none_or(|(w, _)| weight > w) {
                best = Some((weight, locale));
            }
        }
        best.map_or(Self::ZhTw, |(_, locale)| locale)
    }
}

impl std::str::FromStr for Locale {
    type Err = std::convert::Infallible;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Ok(Self::from_accept_language(s))
    }
}

/// A text in both languages.
// Cheap to clone: a flash sale's orders share the names of what they buy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalizedText {
    /// Traditional Chinese (Taiwan).
    #[schema(value_type = String)]
    pub zh_tw: Arc<str>,
    /// English.
    #[schema(value_type = String)]
    pub en: Arc<str>,
}

impl LocalizedText {
    /// From the two texts.
    pub fn new(zh_tw: impl Into<Arc<str>>, en: impl Into<Arc<str>>) -> Self {
        Self { zh_tw: zh_tw.into(), en: en.into() }
    }

    /// The text in `locale`.
    pub fn get(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhTw => &self.zh_tw,
            Locale::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_language_is_read_by_weight() {
        for (header, expected) in [
            ("", Locale::ZhTw),
            ("en", Locale::En),
            ("en-GB,en;q=0.9,zh-TW;q=0.8", Locale::En),
            ("zh-TW,zh;q=0.9,en;q=0.8", Locale::ZhTw),
            ("en;q=0.2, zh;q=0.3", Locale::ZhTw),
            ("fr, de", Locale::ZhTw),
            ("en;q=0", Locale::ZhTw),
            ("en;q=abc", Locale::En),
        ] {
            assert_eq!(Locale::from_accept_language(header), expected, "{header}");
        }
    }
}
