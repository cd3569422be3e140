//! Oxcart's own lines: a product each, in the words of `PUT /api/admin/products/{id}`.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, VariantId},
};
use serde::{Deserialize, Serialize};
use serde_path_to_error::{Path, Segment};

use crate::{
    MAX_RECORD,
    fault::{BadRow, Fault},
    reader::{Content, Item, Read},
};

/// A product as a line says it. What can be left out means what it means for `PUT`, but for the state:
/// a line without one leaves it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonProduct {
    /// Its id; also of a new product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<ProductId>,
    /// Its place in addresses.
    pub slug: String,
    /// The slug of its category, or its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Instead of `category`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Its name.
    pub name: LocalizedText,
    /// One line more.
    #[serde(default)]
    pub subtitle: LocalizedText,
    /// Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// With formatting, instead of `description`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description_html: Option<LocalizedText>,
    /// Words the storefront knows how to show.
    #[serde(default)]
    pub badges: Vec<String>,
    /// Words the shop sorts it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What its variants differ in.
    #[serde(default)]
    pub options: Vec<JsonOption>,
    /// Pictures that are in the shop already.
    #[serde(default)]
    pub images: Vec<JsonImage>,
    /// Its variants, the inactive ones too.
    #[serde(default)]
    pub variants: Vec<JsonVariant>,
    /// What goes with it.
    #[serde(default)]
    pub related: Vec<ProductId>,
    /// Who may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JsonState>,
    /// Since when, or from when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<Timestamp>,
    /// Known to `PUT`; the audit log tells of the whole import.
    #[serde(default, skip_serializing)]
    pub reason: Option<String>,
}

/// Who may see a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonState {
    /// Nobody yet.
    Draft,
    /// Everybody, from `publish_at` on.
    Scheduled,
    /// Everybody.
    Published,
    /// Nobody any more.
    Archived,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonOption {
    /// What is chosen.
    pub name: LocalizedText,
    /// From what.
    #[serde(default)]
    pub values: Vec<LocalizedText>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonImage {
    /// What it is kept under.
    pub key: String,
    /// What it shows.
    pub alt: LocalizedText,
    /// The shop knows better.
    #[serde(default, skip_serializing)]
    pub width: Option<u32>,
    /// The shop knows better.
    #[serde(default, skip_serializing)]
    pub height: Option<u32>,
}

/// A variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonVariant {
    /// Its id; also of a new variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<VariantId>,
    /// Stock keeping unit.
    pub sku: String,
    /// What a scanner reads off it.
    #[serde(default)]
    pub barcode: Option<String>,
    /// What tells it from its siblings.
    #[serde(default)]
    pub name: LocalizedText,
    /// Its value for each of the options.
    #[serde(default)]
    pub options: Vec<LocalizedText>,
    /// What it costs.
    pub price: Money,
    /// What it cost before.
    #[serde(default)]
    pub compare_at: Option<Money>,
    /// Grams.
    #[serde(default)]
    pub weight_g: u32,
    /// Which of the pictures shows it, counted from 0.
    #[serde(default)]
    pub image: Option<u16>,
    /// The most units one buyer may have of it.
    #[serde(default)]
    pub purchase_limit: Option<u32>,
    /// Whether it can be bought.
    #[serde(default = "active")]
    pub active: bool,
}

const fn active() -> bool {
    true
}

/// Takes a file in pieces of any size, and holds no more of it than a line.
#[derive(Debug, Default)]
pub struct JsonReader {
    pending: Vec<u8>,
    line: u64,
    seen: HashSet<String>,
    pub ready: Vec<Read>,
    pub broken: Option<BadRow>,
}

impl JsonReader {
    /// Takes a piece.
    pub fn push(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let (None, Some(end)) = (&self.broken, rest.iter().position(|byte| *byte == b'\n')) {
            self.pending.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            self.take();
        }
        if self.broken.is_some() {
            return;
        }
        self.pending.extend_from_slice(rest);
        if self.pending.len() > MAX_RECORD {
            let line = self.line + 1;
            let message = "is longer than 4 MiB".to_owned();
            let (column, product) = (String::new(), String::new());
            self.broken = Some(BadRow { line, column, code: Fault::TooLong, message, product });
        }
    }

    /// The file is at its end.
    pub fn finish(&mut self) {
        if self.broken.is_none() {
            self.take();
        }
    }

    fn take(&mut self) {
        let text = std::mem::take(&mut self.pending);
        self.line += 1;
        let bytes = if self.line == 1 { text.strip_prefix(csv_text::MARK) } else { None };
        let bytes = bytes.unwrap_or(&text).trim_ascii();
        if bytes.is_empty() {
            return;
        }
        let read = match read(self.line, bytes) {
            Ok(product) if !self.seen.insert(product.slug.clone()) => {
                let message = "was in the file before";
                refused(self.line, "/slug", Fault::Twice, message, product.slug)
            }
            Ok(product) => {
                let (slug, content) = (product.slug.clone(), Content::Json(Box::new(product)));
                Read::Item(Item { line: self.line, slug, content })
            }
            Err(refused) => refused,
        };
        self.ready.push(read);
    }
}

fn refused(line: u64, column: &str, code: Fault, message: &str, product: String) -> Read {
    let (column, message) = (column.to_owned(), message.to_owned());
    let bad = BadRow { line, column, code, message, product: product.clone() };
    Read::Refused { slug: product, faults: vec![bad] }
}

fn read(line: u64, bytes: &[u8]) -> Result<JsonProduct, Read> {
    // A text that PostgreSQL cannot hold, or an escaped backslash before these letters: rare enough.
    if bytes.windows(6).any(|it| it == b"\\u0000") {
        let message = "holds a NUL character";
        return Err(refused(line, "", Fault::Encoding, message, String::new()));
    }
    // A list of values in the order of the members would be taken for it, too.
    if bytes.first() != Some(&b'{') {
        return Err(refused(line, "", Fault::Unreadable, "is no JSON object", String::new()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let product: JsonProduct =
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let inner = error.inner();
            let message = inner.to_string();
            if inner.is_data() {
                return refused(line, &pointer(error.path()), Fault::Rule, &message, String::new());
            }
            refused(line, "", Fault::Unreadable, &message, String::new())
        })?;
    deserializer
        .end()
        .map_err(|error| refused(line, "", Fault::Unreadable, &error.to_string(), String::new()))?;
    Ok(product)
}

/// RFC 6901, as far as it was read.
fn pointer(path: &Path) -> String {
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}
