//! The fields of a request.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// More fields than this are no checkout.
const MAX_FIELDS: usize = 200;

/// The fields of a form in the order they came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl Form {
    /// Reads a form body; the reason in words if it cannot be read.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if fields.len() == MAX_FIELDS {
                return Err(format!("more than {MAX_FIELDS} fields"));
            }
            if !seen.insert(name.to_lowercase()) {
                return Err(format!("{name} came twice"));
            }
            fields.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(fields))
    }

    /// A field's value; empty when it did not come.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A field's value if it came and is not empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|value| !value.is_empty())
    }
}

/// Fields as a form body.
pub(crate) fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Fields as ECPay answers queries: the same shape, nothing encoded.
pub(crate) fn unencoded(fields: &[(String, String)]) -> String {
    let pieces: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pieces.join("&")
}
