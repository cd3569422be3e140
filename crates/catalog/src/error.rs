//! What the catalogue refuses.

use pg::DbError;
use thiserror::Error;

use crate::model::InvalidProduct;

/// Why the catalogue was not changed.
#[derive(Debug, Error)]
pub enum CatalogError {
    /// The product breaks a rule of the model.
    #[error("the product is not valid")]
    Invalid(#[from] InvalidProduct),
    /// Another category or product has this slug.
    #[error("the slug is taken")]
    SlugTaken,
    /// A variant of another product has one of these SKUs.
    #[error("a SKU is taken")]
    SkuTaken,
    /// The product's category does not exist.
    #[error("there is no such category")]
    UnknownCategory,
    /// A variant belongs to another product.
    #[error("a variant belongs to another product")]
    ForeignVariant,
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for CatalogError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("categories_slug_key" | "products_slug_key") => Self::SlugTaken,
            Some("variants_sku_key") => Self::SkuTaken,
            Some("products_category_id_fkey") => Self::UnknownCategory,
            _ => Self::Db(error),
        }
    }
}
