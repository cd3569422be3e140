//! What the index is made of.

use jiff::Timestamp;
use kernel::{
    LocalizedText,
    id::{ProductId, VariantId},
};

/// A published product, as the catalogue says it is. A field more is a line here, one where it is read
/// (`queries::search`) and one in `texts`.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its id.
    pub id: ProductId,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
    /// One line more.
    pub subtitle: LocalizedText,
    /// Plain text.
    pub description: LocalizedText,
    /// Where it is shelved: its category, and whatever that one lies in.
    pub shelves: Vec<Shelf>,
    /// Further words it is to be found by, such as tags.
    pub keywords: Vec<String>,
    /// The names of what its variants differ in.
    pub options: Vec<LocalizedText>,
    /// From when on shoppers see it; that may be later than now.
    pub published_at: Timestamp,
    /// What can be bought.
    pub variants: Vec<DocumentVariant>,
}

/// A category, as far as searching is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
}

/// A variant that can be bought.
#[derive(Clone, Debug)]
pub struct DocumentVariant {
    /// Its id.
    pub id: VariantId,
    /// What it is known by to those who count it: its SKU, and whatever else.
    pub codes: Vec<String>,
    /// What tells it from its siblings.
    pub name: LocalizedText,
    /// Its value for each of the product's options, in their order.
    pub options: Vec<LocalizedText>,
    /// What it costs by itself, in whole units of the currency.
    pub price: i64,
    /// What else it costs for everyone, whenever that counts.
    pub listed: Vec<ListedPrice>,
}

/// A price that a variant has for everyone for some time; of those that count at a moment and its own
/// one, the lowest is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedPrice {
    /// In whole units of the currency.
    pub price: i64,
    /// From when on.
    pub valid_from: Option<Timestamp>,
    /// Until when; at this moment not any more.
    pub valid_until: Option<Timestamp>,
}

/// A name with the key that addresses know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// In addresses.
    pub key: String,
    /// To read.
    pub name: LocalizedText,
}

/// The texts of a document, by how much it means that something occurs in them.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    /// SKUs and the like.
    pub codes: Vec<&'a str>,
    /// The product's names.
    pub names: Vec<&'a str>,
    /// What else is said of it in few words.
    pub about: Vec<&'a str>,
    /// What is said in many.
    pub long: Vec<&'a str>,
}

impl Document {
    /// Which text is searched as what.
    pub(crate) fn texts(&self) -> Texts<'_> {
        fn both(text: &LocalizedText) -> [&str; 2] {
            [&text.zh_tw, &text.en]
        }
        let mut texts = Texts::default();
        texts.names.extend(both(&self.name));
        texts.about.extend(both(&self.subtitle));
        texts.about.extend(self.keywords.iter().map(String::as_str));
        texts.long.extend(both(&self.description));
        for shelf in &self.shelves {
            texts.about.extend(both(&shelf.name));
        }
        for variant in &self.variants {
            texts.codes.extend(variant.codes.iter().map(String::as_str));
            texts.about.extend(both(&variant.name));
            texts.about.extend(variant.options.iter().flat_map(both));
        }
        texts
    }
}
