//! Which events an endpoint wants: by name, by family, or all.

use std::fmt;

use thiserror::Error;

/// The longest pattern.
pub const LONGEST: usize = 100;
/// The most patterns of one endpoint.
pub const MOST: usize = 50;

/// A pattern of kinds of events: `order.paid`, `order.*` or `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPattern(String);

/// Text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a kind of event like `order.paid`, a family of them like `order.*`, or `*`")]
pub struct NoPattern;

impl EventPattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> Result<Self, NoPattern> {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let known = match text.split_once('.') {
            None => text == "*",
            Some((family, "*")) => word(family),
            Some((family, kind)) => word(family) && word(kind),
        };
        if known && text.len() <= LONGEST { Ok(Self(text.to_owned())) } else { Err(NoPattern) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for EventPattern {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_kind_a_family_or_everything() {
        for good in ["*", "order.*", "order.paid", "inventory.low_stock", "webhook.test", "a1.b2"] {
            assert_eq!(EventPattern::new(good).unwrap().as_str(), good);
        }
        let long = format!("order.{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "order",
            ".",
            "order.",
            ".paid",
            "order.paid.twice",
            "*.paid",
            "order.p*",
            "**",
            "Order.paid",
            "order.paid ",
            " *",
            "order.付款",
            "order.pa-id",
            "_a.b",
            "a._b",
            &long,
        ] {
            assert_eq!(EventPattern::new(bad), Err(NoPattern), "{bad}");
        }
    }
}
