//! The parts of a product as they are sent.

use garde::Validate;
use kernel::{LocalizedText, Money, id::VariantId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::storefront::orders::form::{check_long_text, check_text};

/// One line in both languages.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineForm {
    /// Chinese.
    #[garde(length(chars, max = 500), custom(check_text))]
    #[schema(max_length = 500)]
    pub zh_tw: String,
    /// English.
    #[garde(length(chars, max = 500), custom(check_text))]
    #[schema(max_length = 500)]
    pub en: String,
}

impl From<LineForm> for LocalizedText {
    fn from(it: LineForm) -> Self {
        Self::new(it.zh_tw.trim(), it.en.trim())
    }
}

/// Many lines in both languages.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LongTextForm {
    /// Chinese.
    #[garde(length(chars, max = 60_000), custom(check_long_text))]
    #[schema(max_length = 60000)]
    pub zh_tw: String,
    /// English.
    #[garde(length(chars, max = 60_000), custom(check_long_text))]
    #[schema(max_length = 60000)]
    pub en: String,
}

impl From<LongTextForm> for LocalizedText {
    fn from(it: LongTextForm) -> Self {
        Self::new(it.zh_tw.trim(), it.en.trim())
    }
}

/// Something to choose.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionForm {
    /// What is chosen.
    #[garde(dive)]
    pub name: LineForm,
    /// From what.
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    pub values: Vec<LineForm>,
}

/// A picture of the product: one it has, or one that was uploaded.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageForm {
    /// What it is kept under.
    #[garde(length(max = 300))]
    #[schema(max_length = 300)]
    pub key: String,
    /// What it shows, for those who do not see it.
    #[garde(dive)]
    pub alt: LineForm,
    /// As it was read; it does not change.
    #[serde(default)]
    #[garde(skip)]
    pub width: Option<u32>,
    /// As it was read; it does not change.
    #[serde(default)]
    #[garde(skip)]
    pub height: Option<u32>,
}

/// A variant of the product.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantForm {
    /// One that the product has; without it a new one is added.
    #[serde(default)]
    #[garde(skip)]
    pub id: Option<VariantId>,
    /// Stock keeping unit: no other variant has it.
    #[garde(length(min = 1, max = 64))]
    #[schema(example = "MUG-WHITE", min_length = 1, max_length = 64)]
    pub sku: String,
    /// What a scanner reads off it. Of 8, 12, 13 or 14 digits the last one is checked.
    #[serde(default)]
    #[garde(inner(length(min = 1, max = 64)))]
    #[schema(example = "4006381333931", min_length = 1, max_length = 64)]
    pub barcode: Option<String>,
    /// What tells it from its siblings; may be empty.
    #[serde(default)]
    #[garde(dive)]
    pub name: LineForm,
    /// Its value for each of the product's options, in their order.
    #[serde(default)]
    #[garde(length(max = 5), dive)]
    #[schema(max_items = 5)]
    pub options: Vec<LineForm>,
    /// What it costs.
    #[garde(skip)]
    pub price: Money,
    /// What it cost before; above `price`.
    #[serde(default)]
    #[garde(skip)]
    pub compare_at: Option<Money>,
    /// Grams.
    #[serde(default)]
    #[garde(range(max = 1_000_000))]
    #[schema(maximum = 1_000_000)]
    pub weight_g: u32,
    /// Which of the pictures shows it, counted from 0.
    #[serde(default)]
    #[garde(skip)]
    pub image: Option<u16>,
    /// The most units one buyer may have of it in live orders.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub purchase_limit: Option<u32>,
    /// Whether it can be bought.
    #[serde(default = "active")]
    #[garde(skip)]
    #[schema(default = true)]
    pub active: bool,
}

const fn active() -> bool {
    true
}
