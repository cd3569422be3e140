//! What bundles are made of, for pages.

mod sql;

use std::sync::Arc;

use kernel::{LocalizedText, id::VariantId};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::sql::{of_lines, of_variants};

/// A variant in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BundlePart)]
pub struct BundlePartView {
    /// The variant.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    #[schema(value_type = String)]
    pub sku: Arc<str>,
    /// Its product's name.
    pub name: LocalizedText,
    /// What tells it from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// How many are in one bundle.
    pub quantity: u32,
}
