//! A variant as a choice on the product's page.

use kernel::{LocalizedText, Money, id::VariantId};
use pg::DbResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::sql::VariantRow;
use crate::{Availability, BackorderView, BundlePartView, Image, availability};

/// Something that can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantView {
    /// Its id: what carts and orders name.
    pub id: VariantId,
    /// Stock keeping unit.
    #[schema(example = "MUG-WHITE")]
    pub sku: String,
    /// What a scanner reads off it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4710088412348")]
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
    /// Whether it can be bought.
    pub availability: Availability,
    /// How many are left, when it is 10 or fewer.
    #[schema(required)]
    pub available_display: Option<u32>,
    /// The picture that shows it; `null`: the product's own.
    #[schema(required)]
    pub image: Option<Image>,
    /// Whether it may be ordered ahead, beyond what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backorder: Option<BackorderView>,
    /// What it is made of, when it is a bundle.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<BundlePartView>,
}

impl VariantView {
    /// From its row, the product's pictures and what the product's bundles are made of.
    pub(super) fn from_row(
        row: VariantRow,
        images: &[Image],
        parts: &[(VariantId, BundlePartView)],
    ) -> DbResult<Self> {
        let own = parts.iter().filter(|(bundle, _)| bundle.as_uuid() == row.id);
        let position = row.image_position.and_then(|position| usize::try_from(position).ok());
        Ok(Self {
            price: row.price()?,
            compare_at: row.compare_at()?,
            availability: row.availability(),
            available_display: availability::shown(row.available),
            id: row.id.into(),
            sku: row.sku,
            barcode: row.barcode,
            name: LocalizedText::new(row.name_zh, row.name_en),
            options: row.options.0,
            image: position.and_then(|position| images.get(position)).cloned(),
            backorder: (row.backorder_left > 0).then(|| BackorderView {
                available_from: row.available_from.map(jiff_sqlx::Date::to_jiff),
            }),
            components: own.map(|(_, part)| part.clone()).collect(),
        })
    }
}
