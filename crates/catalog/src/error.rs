//! What the catalogue refuses.

use pg::DbError;
use thiserror::Error;

use crate::{model::InvalidProduct, state::MoveError, tree::Misplaced};

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
    /// There is no such product, or category.
    #[error("there is no such thing in the catalogue")]
    NotFound,
    /// It has been changed since the version that was seen.
    #[error("it has been changed meanwhile")]
    Changed,
    /// A product that goes with it does not exist.
    #[error("a related product does not exist")]
    UnknownRelated,
    /// The picture at this place is none of the shop's.
    #[error("picture {index} is none of the shop's")]
    UnknownPicture {
        /// Where in the list, from 0.
        index: usize,
    },
    /// The category cannot lie there.
    #[error("the category cannot lie there: {0:?}")]
    Misplaced(Misplaced),
    /// Products or categories lie in the category.
    #[error("the category is not empty")]
    NotEmpty,
    /// The product's state does not allow it.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// The database failed.
    #[error(transparent)]
    Db(DbError),
}

impl From<Misplaced> for CatalogError {
    fn from(why: Misplaced) -> Self {
        Self::Misplaced(why)
    }
}

impl From<DbError> for CatalogError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("categories_slug_key" | "products_slug_key") => Self::SlugTaken,
            Some("variants_sku_key") => Self::SkuTaken,
            Some("products_category_id_fkey") => Self::UnknownCategory,
            Some("related_products_related_id_fkey") => Self::UnknownRelated,
            _ => Self::Db(error),
        }
    }
}

/// Why a bundle was not changed, or stock was refused. Nothing was written.
#[derive(Debug, Error)]
pub enum BundleError {
    /// There is no such variant.
    #[error("there is no such variant")]
    UnknownVariant,
    /// The component at this place does not exist.
    #[error("component {index} does not exist")]
    UnknownComponent {
        /// Where in the list, from 0.
        index: usize,
    },
    /// A bundle cannot hold itself.
    #[error("component {index} is the bundle itself")]
    Itself {
        /// Where in the list, from 0.
        index: usize,
    },
    /// The component at this place was named before.
    #[error("component {index} appears twice")]
    Twice {
        /// Where in the list, from 0.
        index: usize,
    },
    /// None, or more of it than one bundle may hold.
    #[error("the quantity of component {index} is out of range")]
    Quantity {
        /// Where in the list, from 0.
        index: usize,
    },
    /// The component at this place is a bundle: there are no bundles of bundles.
    #[error("component {index} is a bundle")]
    Nested {
        /// Where in the list, from 0.
        index: usize,
    },
    /// Another bundle is made of this variant: there are no bundles of bundles.
    #[error("the variant is part of another bundle")]
    IsComponent,
    /// More components than a bundle may have.
    #[error("too many components")]
    TooMany,
    /// A bundle has no stock of its own.
    #[error("a bundle has no stock of its own")]
    IsBundle,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}
