//! What a catalogue consists of, and its rules.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, VariantId},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{barcode::Barcode, rich_text::Description};

/// The readable part of an address: lower-case letters, digits and single hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slug(String);

impl Slug {
    /// The longest slug, in bytes.
    pub const MAX_LEN: usize = 100;

    /// A slug, checked. One that reads as a UUID is refused: addresses take either.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidProduct> {
        let text = text.into();
        let word = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let fits = text.len() <= Self::MAX_LEN && text.split('-').all(word);
        if fits && uuid::Uuid::parse_str(&text).is_err() {
            Ok(Self(text))
        } else {
            Err(InvalidProduct::Slug(text))
        }
    }

    /// As it was kept.
    pub(crate) const fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A group of products, which may lie in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// Its place in addresses.
    pub slug: Slug,
    /// Its name.
    pub name: LocalizedText,
    /// The category it lies in; none: it is at the top.
    pub parent: Option<CategoryId>,
    /// Lower comes first, among those that lie in the same one.
    pub position: i32,
}

/// A picture in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRef {
    /// The object's key; its address is `/media/<key>`.
    pub key: String,
    /// What it shows, for those who do not see it.
    pub alt: LocalizedText,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Something a shopper chooses, such as colour or size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductOption {
    /// What is chosen.
    pub name: LocalizedText,
    /// From what.
    pub values: Vec<LocalizedText>,
}

/// Who may see a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductStatus {
    /// Nobody yet.
    Draft,
    /// Everybody, from this time on.
    Published {
        /// When it appears.
        at: Timestamp,
    },
    /// Nobody any more; orders of it stay readable.
    Archived,
}

impl ProductStatus {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published { .. } => "published",
            Self::Archived => "archived",
        }
    }

    pub(crate) const fn published_at(self) -> Option<Timestamp> {
        match self {
            Self::Published { at } => Some(at),
            Self::Draft | Self::Archived => None,
        }
    }
}

/// What is stocked and sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its id.
    pub id: VariantId,
    /// Stock keeping unit, unique in the shop.
    pub sku: String,
    /// What a scanner reads off it.
    pub barcode: Option<Barcode>,
    /// What tells it from its siblings; may be empty when it has none.
    pub name: LocalizedText,
    /// One value for each option of the product, in their order.
    pub options: Vec<LocalizedText>,
    /// What it costs now.
    pub price: Money,
    /// What it cost before, shown struck out; above the price.
    pub compare_at: Option<Money>,
    /// Grams.
    pub weight_g: u32,
    /// Which of the product's images shows it, counted from zero; else the first.
    pub image: Option<u16>,
    /// The most units one buyer may have of it in live orders.
    pub purchase_limit: Option<u32>,
    /// Whether it can be bought.
    pub active: bool,
}

/// What the shop shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its place in addresses.
    pub slug: Slug,
    /// Where it is shelved.
    pub category_id: CategoryId,
    /// Its name.
    pub name: LocalizedText,
    /// One line more.
    pub subtitle: LocalizedText,
    /// What it is said to be.
    pub description: Description,
    /// Words the storefront knows how to show, e.g. `new`.
    pub badges: Vec<String>,
    /// Words the shop sorts it by.
    pub tags: Vec<String>,
    /// What its variants differ in.
    pub options: Vec<ProductOption>,
    /// Who may see it.
    pub status: ProductStatus,
    /// Pictures, the first one being its face.
    pub images: Vec<ImageRef>,
    /// What is sold, in the order shown.
    pub variants: Vec<Variant>,
    /// What goes with it, in the order shown.
    pub related: Vec<ProductId>,
}

/// A rule that a product breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidProduct {
    /// Slugs are lower-case letters, digits and single hyphens.
    #[error("{0:?} is not a slug")]
    Slug(String),
    /// A name is missing in a language, or too long.
    #[error("{what} needs 1 to {max} characters in both languages")]
    Text {
        /// Which text.
        what: &'static str,
        /// The longest it may be.
        max: usize,
    },
    /// SKUs are 1 to 64 visible ASCII characters.
    #[error("{0:?} is not a SKU")]
    Sku(String),
    /// An id or a SKU twice in one product.
    #[error("{0} appears twice")]
    Twice(String),
    /// A variant does not choose exactly one listed value for each option.
    #[error("the variant {0} does not choose one value for each option")]
    Options(String),
    /// The price before must be above the price now.
    #[error("the variant {0} compares with a price that is not above its own")]
    CompareAt(String),
    /// A limit of no units, or of more than anybody could order.
    #[error("the purchase limit of the variant {0} is not from 1 to {PURCHASE_LIMIT_MAX}")]
    PurchaseLimit(String),
    /// A variant shows an image the product does not have.
    #[error("the variant {0} shows an image that is not there")]
    Image(String),
    /// Image keys are relative paths without `..`, with a size.
    #[error("{0:?} is not an image key, or its size is zero")]
    ImageKey(String),
    /// More variants, images, options or badges than a page can show.
    #[error("at most {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        max: usize,
    },
    /// Bar codes are 1 to 64 visible ASCII characters; a GTIN has its check digit.
    #[error("{0:?} is not a bar code: is a digit wrong?")]
    Barcode(String),
    /// Tags are words of up to 40 characters, without commas, each once.
    #[error("{0:?} is not a tag, or is there twice")]
    Tag(String),
    /// Badges are short words of lower-case letters, digits and hyphens.
    #[error("{0:?} is not a badge")]
    Badge(String),
    /// A product goes with others, each once.
    #[error("a product does not go with itself, and with another one once")]
    Related,
    /// A published product without anything to buy.
    #[error("a published product needs an active variant")]
    NothingToBuy,
}

const NAME_MAX: usize = 200;
const DESCRIPTION_MAX: usize = 20_000;
const VARIANTS_MAX: usize = 250;
const IMAGES_MAX: usize = 30;
const OPTIONS_MAX: usize = 5;
const BADGES_MAX: usize = 10;
const TAGS_MAX: usize = 30;
const TAG_MAX: usize = 40;
/// The most products that one goes with.
pub const RELATED_MAX: usize = 12;
const PURCHASE_LIMIT_MAX: u32 = 1_000_000;

impl Category {
    /// Checks every rule.
    pub fn validate(&self) -> Result<(), InvalidProduct> {
        text("the category's name", &self.name, NAME_MAX)
    }
}

impl Product {
    /// Checks every rule that one product can break by itself.
    pub fn validate(&self) -> Result<(), InvalidProduct> {
        text("the product's name", &self.name, NAME_MAX)?;
        optional_text("the subtitle", &self.subtitle, NAME_MAX)?;
        optional_text("the description", self.description.text(), DESCRIPTION_MAX)?;
        at_most("variants", self.variants.len(), VARIANTS_MAX)?;
        at_most("images", self.images.len(), IMAGES_MAX)?;
        at_most("options", self.options.len(), OPTIONS_MAX)?;
        at_most("badges", self.badges.len(), BADGES_MAX)?;
        self.validate_words()?;
        for option in &self.options {
            text("an option's name", &option.name, NAME_MAX)?;
            for value in &option.values {
                text("an option's value", value, NAME_MAX)?;
            }
        }
        self.images.iter().try_for_each(ImageRef::validate)?;
        let mut ids = HashSet::new();
        let mut skus = HashSet::new();
        for variant in &self.variants {
            self.validate_variant(variant)?;
            if !ids.insert(variant.id) || !skus.insert(&variant.sku) {
                return Err(InvalidProduct::Twice(variant.sku.clone()));
            }
        }
        let published = matches!(self.status, ProductStatus::Published { .. });
        if published && !self.variants.iter().any(|variant| variant.active) {
            return Err(InvalidProduct::NothingToBuy);
        }
        Ok(())
    }

    /// Badges, tags, and what goes with it.
    fn validate_words(&self) -> Result<(), InvalidProduct> {
        if let Some(badge) = self.badges.iter().find(|badge| Slug::new(badge.as_str()).is_err()) {
            return Err(InvalidProduct::Badge(badge.clone()));
        }
        at_most("tags", self.tags.len(), TAGS_MAX)?;
        let mut seen = HashSet::new();
        for tag in &self.tags {
            let plain = tag.trim() == tag && !tag.chars().any(|c| c == ',' || c.is_control());
            let fits = (1..=TAG_MAX).contains(&tag.chars().count());
            if !plain || !fits || !seen.insert(tag.to_lowercase()) {
                return Err(InvalidProduct::Tag(tag.clone()));
            }
        }
        at_most("related products", self.related.len(), RELATED_MAX)?;
        let mut seen = HashSet::from([self.id]);
        if self.related.iter().all(|id| seen.insert(*id)) {
            Ok(())
        } else {
            Err(InvalidProduct::Related)
        }
    }

    fn validate_variant(&self, variant: &Variant) -> Result<(), InvalidProduct> {
        let sku = || variant.sku.clone();
        let visible = variant.sku.bytes().all(|b| b.is_ascii_graphic());
        if !visible || variant.sku.is_empty() || variant.sku.len() > 64 {
            return Err(InvalidProduct::Sku(sku()));
        }
        optional_text("a variant's name", &variant.name, NAME_MAX)?;
        let chosen = variant.options.iter().zip(&self.options);
        let all_listed = chosen.into_iter().all(|(value, option)| option.values.contains(value));
        // What is not sold any more keeps what it had when it was.
        if variant.active && (variant.options.len() != self.options.len() || !all_listed) {
            return Err(InvalidProduct::Options(sku()));
        }
        if variant.compare_at.is_some_and(|before| before <= variant.price) {
            return Err(InvalidProduct::CompareAt(sku()));
        }
        let is_missing = |position: u16| usize::from(position) >= self.images.len();
        if variant.active && variant.image.is_some_and(is_missing) {
            return Err(InvalidProduct::Image(sku()));
        }
        if variant.purchase_limit.is_some_and(|limit| !(1..=PURCHASE_LIMIT_MAX).contains(&limit)) {
            return Err(InvalidProduct::PurchaseLimit(sku()));
        }
        Ok(())
    }
}

impl ImageRef {
    /// An uploaded picture, of which the catalogue knows how large it is.
    pub const fn of_upload(key: String, alt: LocalizedText) -> Self {
        Self { key, alt, width: 0, height: 0 }
    }

    pub(crate) const fn is_unmeasured(&self) -> bool {
        self.width == 0 && self.height == 0
    }

    fn validate(&self) -> Result<(), InvalidProduct> {
        text("an image's description", &self.alt, 500)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let part = |part: &str| part.bytes().all(plain) && !matches!(part, "" | "." | "..");
        let sized = |pixels: u32| (1..=20_000).contains(&pixels);
        let key_fits = self.key.len() <= 300 && self.key.split('/').all(part);
        if key_fits && sized(self.width) && sized(self.height) {
            Ok(())
        } else {
            Err(InvalidProduct::ImageKey(self.key.clone()))
        }
    }
}

fn text(what: &'static str, text: &LocalizedText, max: usize) -> Result<(), InvalidProduct> {
    let fits = |text: &str| !text.trim().is_empty() && text.chars().count() <= max;
    if fits(&text.zh_tw) && fits(&text.en) {
        Ok(())
    } else {
        Err(InvalidProduct::Text { what, max })
    }
}

fn optional_text(what: &'static str, it: &LocalizedText, max: usize) -> Result<(), InvalidProduct> {
    if it.zh_tw.is_empty() && it.en.is_empty() { Ok(()) } else { text(what, it, max) }
}

const fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), InvalidProduct> {
    if count <= max { Ok(()) } else { Err(InvalidProduct::TooMany { what, max }) }
}

#[cfg(test)]
mod tests;
