//! A product as the back office sees it.

use catalog::{ImageRef, ProductOption, ProductStatus, StoredProduct, Variant};
use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, VariantId},
};
use queries::products::{OptionView, admin::StateView};
use serde::Serialize;
use utoipa::ToSchema;

/// A product with everything of it, in whatever state. What a change sends has the same shape.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = AdminProduct)]
pub struct ProductView {
    /// Its id.
    pub id: ProductId,
    /// Its place in addresses.
    pub slug: String,
    /// Where it is shelved.
    pub category_id: CategoryId,
    /// Its name.
    pub name: LocalizedText,
    /// One line more; may be empty.
    pub subtitle: LocalizedText,
    /// Plain text; a blank line ends a paragraph.
    pub description: LocalizedText,
    /// The same with its formatting, cleaned; `null`: it has none.
    #[schema(required)]
    pub description_html: Option<LocalizedText>,
    /// Words the storefront knows how to show, e.g. `new`.
    pub badges: Vec<String>,
    /// Words the shop sorts it by.
    pub tags: Vec<String>,
    /// What its variants differ in.
    pub options: Vec<OptionView>,
    /// Pictures, the first one being its face.
    pub images: Vec<AdminImage>,
    /// Its variants, the inactive ones too.
    pub variants: Vec<AdminVariant>,
    /// What goes with it, in the order shown.
    pub related: Vec<ProductId>,
    /// What it is at the moment.
    pub state: StateView,
    /// Since when, or from when on, everybody sees it.
    #[schema(required)]
    pub publish_at: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

/// A picture of a product.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AdminImage {
    /// What it is kept under; it is found at `/media/{key}`.
    pub key: String,
    /// What it shows, for those who do not see it.
    pub alt: LocalizedText,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A variant, active or not.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AdminVariant {
    /// Its id.
    pub id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// What a scanner reads off it.
    #[schema(required)]
    pub barcode: Option<String>,
    /// What tells it from its siblings; may be empty.
    pub name: LocalizedText,
    /// Its value for each of the product's options, in their order.
    pub options: Vec<LocalizedText>,
    /// What it costs.
    pub price: Money,
    /// What it cost before; above `price`.
    #[schema(required)]
    pub compare_at: Option<Money>,
    /// Grams.
    pub weight_g: u32,
    /// Which of the pictures shows it, counted from 0.
    #[schema(required)]
    pub image: Option<u16>,
    /// The most units one buyer may have of it in live orders.
    #[schema(required)]
    pub purchase_limit: Option<u32>,
    /// Whether it can be bought.
    pub active: bool,
}

impl ProductView {
    /// As it is at `now`.
    pub fn new(it: StoredProduct, now: Timestamp) -> Self {
        use catalog::ProductPhase::{Archived, Draft, Published, Scheduled};
        let product = it.product;
        let state = match product.status.at(now) {
            Draft => StateView::Draft,
            Scheduled => StateView::Scheduled,
            Published => StateView::Published,
            Archived => StateView::Archived,
        };
        let publish_at = match product.status {
            ProductStatus::Published { at } => Some(at),
            ProductStatus::Draft | ProductStatus::Archived => None,
        };
        let option = |it: ProductOption| OptionView { name: it.name, values: it.values };
        Self {
            id: product.id,
            slug: product.slug.as_str().to_owned(),
            category_id: product.category_id,
            name: product.name,
            subtitle: product.subtitle,
            description: product.description.text().clone(),
            description_html: product.description.html().cloned(),
            badges: product.badges,
            tags: product.tags,
            options: product.options.into_iter().map(option).collect(),
            images: product.images.into_iter().map(AdminImage::from).collect(),
            variants: product.variants.into_iter().map(AdminVariant::from).collect(),
            related: product.related,
            state,
            publish_at,
            created_at: it.created_at,
            updated_at: it.updated_at,
            version: it.version,
        }
    }
}

impl From<ImageRef> for AdminImage {
    fn from(it: ImageRef) -> Self {
        Self { key: it.key, alt: it.alt, width: it.width, height: it.height }
    }
}

impl From<Variant> for AdminVariant {
    fn from(it: Variant) -> Self {
        Self {
            id: it.id,
            sku: it.sku,
            barcode: it.barcode.map(|it| it.as_str().to_owned()),
            name: it.name,
            options: it.options,
            price: it.price,
            compare_at: it.compare_at,
            weight_g: it.weight_g,
            image: it.image,
            purchase_limit: it.purchase_limit,
            active: it.active,
        }
    }
}
