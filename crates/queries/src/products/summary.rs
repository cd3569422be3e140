//! A product as a tile in a list.

use kernel::{LocalizedText, Money, id::ProductId};
use pg::DbResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::sql::{HeadRow, VariantRow};
use crate::{Availability, Image, corrupt::corrupt, image::ImageColumns};

/// The category of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryRef {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductSummary {
    /// Its id.
    pub id: ProductId,
    /// Its place in addresses.
    #[schema(example = "enamel-mug")]
    pub slug: String,
    /// Its name.
    pub name: LocalizedText,
    /// One line more; may be empty.
    pub subtitle: LocalizedText,
    /// Where it is shelved.
    pub category: CategoryRef,
    /// Its face.
    #[schema(required)]
    pub image: Option<Image>,
    /// The lowest price among its variants.
    pub price_from: Money,
    /// The highest price among its variants.
    pub price_to: Money,
    /// What the cheapest variant cost before; above `price_from`.
    #[schema(required)]
    pub compare_at: Option<Money>,
    /// The best among its variants.
    pub availability: Availability,
    /// Words to show on it, e.g. `new`.
    pub badges: Vec<String>,
}

impl ProductSummary {
    /// From a product's row and the rows of its active variants, of which there is at least one.
    pub(super) fn from_rows(head: HeadRow, variants: &[VariantRow]) -> DbResult<Self> {
        let cheapest = variants.iter().min_by_key(|variant| variant.price);
        let dearest = variants.iter().max_by_key(|variant| variant.price);
        let (Some(cheapest), Some(dearest)) = (cheapest, dearest) else {
            return Err(corrupt("catalog.variants", "product_id", &head.id));
        };
        let image = ImageColumns {
            key: head.image_key,
            alt_zh: head.alt_zh,
            alt_en: head.alt_en,
            width: head.width,
            height: head.height,
            renditions: head.renditions,
        };
        Ok(Self {
            id: head.id.into(),
            slug: head.slug,
            name: LocalizedText::new(head.name_zh, head.name_en),
            subtitle: LocalizedText::new(head.subtitle_zh, head.subtitle_en),
            category: CategoryRef {
                slug: head.category_slug,
                name: LocalizedText::new(head.category_zh, head.category_en),
            },
            image: image.into_image(),
            price_from: cheapest.price()?,
            price_to: dearest.price()?,
            compare_at: cheapest.compare_at()?,
            availability: variants
                .iter()
                .map(VariantRow::availability)
                .max()
                .unwrap_or(Availability::SoldOut),
            badges: head.badges,
        })
    }
}
