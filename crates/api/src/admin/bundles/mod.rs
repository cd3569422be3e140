//! Bundles: variants whose stock is other variants'.

pub mod detail;
pub mod put;

use kernel::{ErrorCode, LocalizedText, id::VariantId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(detail::handler)).routes(routes!(put::handler))
}

/// What a variant is made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bundle {
    /// The variant.
    pub variant_id: VariantId,
    /// In the order of their ids; empty when it is no bundle.
    pub components: Vec<BundleComponent>,
}

/// A variant in a bundle.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleComponent {
    /// The variant whose stock is taken.
    pub variant_id: VariantId,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: LocalizedText,
    /// What tells the variant from its siblings; may be empty.
    pub variant_name: LocalizedText,
    /// How many are in one bundle.
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: u32,
}

impl Bundle {
    fn new(variant_id: VariantId, components: Vec<catalog::Component>) -> Self {
        let components = components.into_iter().map(|it| BundleComponent {
            variant_id: it.variant,
            sku: it.sku.to_string(),
            name: it.name,
            variant_name: it.variant_name,
            quantity: it.quantity,
        });
        Self { variant_id, components: components.collect() }
    }
}

/// Whether stock may be brought in for a variant: not for an unknown one, and not for a bundle. Until
/// the end of the transaction it does not become one.
pub(crate) async fn check_stockable(
    conn: &mut pg::Connection,
    variant: VariantId,
) -> Result<(), Problem> {
    use catalog::BundleError;
    catalog::check_stockable(conn, variant).await.map_err(|error| match error {
        BundleError::IsBundle => ErrorCode::BundleHasNoStock.into(),
        BundleError::UnknownVariant => ErrorCode::ProductNotFound.into(),
        BundleError::Db(error) => error.into(),
        error => Problem::internal(&error),
    })
}
