//! Products out of a file that arrives in pieces.

use kernel::id::ProductId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    fault::{BadRow, Note},
    json::{JsonProduct, JsonReader},
    sheet::{SheetProduct, SheetReader},
};

/// How a file is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProductFileFormat)]
pub enum Format {
    /// Shopify's product CSV, in one language.
    #[default]
    Csv,
    /// A product a line, as `PUT /api/admin/products/{id}` takes it, in both languages.
    Jsonl,
}

/// A product of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its slug.
    pub slug: String,
    /// What the file says of it.
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    Sheet(Box<SheetProduct>),
    Json(Box<JsonProduct>),
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// A product without a bad row.
    Item(Item),
    /// A product that is refused.
    Refused {
        /// Its slug; empty: it has none.
        slug: String,
        /// What is wrong; never empty.
        faults: Vec<BadRow>,
    },
}

/// Reads a file of either format.
#[derive(Debug)]
pub struct Reader(Kind);

#[derive(Debug)]
enum Kind {
    Csv(Box<SheetReader>),
    Jsonl(Box<JsonReader>),
}

impl Reader {
    /// At the beginning of a file.
    pub fn new(format: Format) -> Self {
        Self(match format {
            Format::Csv => Kind::Csv(Box::default()),
            Format::Jsonl => Kind::Jsonl(Box::default()),
        })
    }

    /// Takes a piece, of any size.
    pub fn push(&mut self, piece: &[u8]) {
        match &mut self.0 {
            Kind::Csv(reader) => reader.push(piece),
            Kind::Jsonl(reader) => reader.push(piece),
        }
    }

    /// The file is at its end.
    pub fn finish(&mut self) {
        match &mut self.0 {
            Kind::Csv(reader) => reader.finish(),
            Kind::Jsonl(reader) => reader.finish(),
        }
    }

    /// The products that are complete by now, each once.
    pub fn take(&mut self) -> Vec<Read> {
        match &mut self.0 {
            Kind::Csv(reader) => std::mem::take(&mut reader.ready),
            Kind::Jsonl(reader) => std::mem::take(&mut reader.ready),
        }
    }

    /// What is worth knowing, each once.
    pub fn take_notes(&mut self) -> Vec<Note> {
        match &mut self.0 {
            Kind::Csv(reader) => std::mem::take(&mut reader.notes),
            Kind::Jsonl(_) => Vec::new(),
        }
    }

    /// Why the rest of the file cannot be read, if it cannot.
    pub fn broken(&self) -> Option<&BadRow> {
        match &self.0 {
            Kind::Csv(reader) => reader.broken.as_ref(),
            Kind::Jsonl(reader) => reader.broken.as_ref(),
        }
    }
}

impl Item {
    /// The id it says it has.
    pub(crate) fn id(&self) -> Option<ProductId> {
        match &self.content {
            Content::Sheet(_) => None,
            Content::Json(product) => product.id,
        }
    }

    /// What it calls its category.
    pub(crate) fn category(&self) -> Option<&str> {
        match &self.content {
            Content::Sheet(product) => product.category.as_deref(),
            Content::Json(product) => product.category.as_deref(),
        }
    }

    /// The pictures it names that may be in the shop.
    pub(crate) fn pictures(&self) -> Vec<&str> {
        match &self.content {
            Content::Sheet(product) => {
                product.images.iter().map(|image| image.source.as_str()).collect()
            }
            Content::Json(product) => {
                product.images.iter().map(|image| image.key.as_str()).collect()
            }
        }
    }

    /// What goes with it.
    pub(crate) fn related(&self) -> &[ProductId] {
        match &self.content {
            Content::Sheet(_) => &[],
            Content::Json(product) => &product.related,
        }
    }
}
