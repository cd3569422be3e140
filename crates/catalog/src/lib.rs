//! The catalogue: categories, products, their variants and pictures.
//!
//! A *product* is what the shop shows; it is bought as one of its *variants* (SKU). Stock is not
//! known here (`inventory`), and what shoppers browse is read by `queries`; this module keeps the
//! catalogue right and tells the order engine what a variant costs ([`offers()`]).
//!
//! *Invariant:* slugs and SKUs are unique. *Invariant:* a variant never moves to another product and
//! is never deleted, because orders and stock refer to it: left out of a product, it turns inactive.
//! *Invariant:* a published product has a time of publication; before it, nothing of it is sellable.
//!
//! *Invariant:* categories are a tree of a few levels ([`tree`]). *Invariant:* a slug that was given up
//! leads to whose it was, until somebody takes it again. *Invariant:* the HTML of a description was
//! cleaned before it was written ([`rich_text`]).
//!
//! *Invariant:* pages offer only sizes of pictures that were kept before ([`show_made`]).
//!
//! *Lock order:* the revision, where anything is changed; a product's row, then its variants in id order,
//! then its images, then the pictures they name. Who changes or asks about a bundle ([`bundles`]) locks
//! variants in id order, before any stock row.

mod backorders;
pub mod barcode;
pub mod bundles;
pub mod categories;
pub mod error;
pub mod events;
mod imports;
pub mod model;
mod offer_book;
mod offers;
mod pictures;
pub mod products;
mod put_category;
mod put_product;
mod reservation_time;
pub mod rich_text;
mod save_products;
mod skus;
mod sql;
mod sql_backorders;
mod sql_bundles;
mod sql_categories;
mod sql_import_work;
mod sql_imports;
mod sql_many;
mod sql_pictures;
mod sql_products;
mod sql_reservation_time;
mod sql_skus;
mod sql_slugs;
mod sql_stockable;
mod sql_write;
pub mod state;
mod stockable;
pub mod tree;

pub use backorders::{Backorders, backorders, put_backorders};
pub use barcode::Barcode;
pub use bundles::{BundlePart, Component, check_stockable, put_bundle};
pub use categories::{
    StoredCategory, add_category, categories, category, change_category, delete_category,
};
pub use error::{BundleError, CatalogError};
pub use imports::{
    ImportClaim, ImportFailure, ImportProgress, ImportRelation, ImportRow, ImportStatus,
    ImportSums, NewImport, ProductImport, Sender, add_import_relations, add_import_rows,
    advance_import, begin_import, cancel_import, claim_import, drop_import, drop_import_relations,
    drop_unsent_imports, finish_import, forget_imports, import_piece, import_relations,
    import_rows, keep_import_piece, let_import_go, open_imports, product_import, product_imports,
    queue_import,
};
pub use model::{
    Category, ImageRef, InvalidProduct, Product, ProductOption, ProductStatus, RELATED_MAX, Slug,
    Variant,
};
pub use offer_book::{OfferBook, Reading};
pub use offers::{Offer, offers};
pub use pictures::{
    ATTEMPTS_MAX, Abandoned, Claimed, Rendition, Uploaded, abandon_uploads, abandoned_uploads,
    adopt_pictures, claim_picture, forget_pictures, let_picture_go, picture_failed, picture_made,
    remove_uploads, show_made, upload_picture,
};
pub use products::{
    EditContext, StoredProduct, add_product, change_product, move_product, product,
};
pub use put_category::put_category;
pub use put_product::put_product;
pub use reservation_time::{RESERVATION_TIME_MAX, put_reservation_time, reservation_time};
pub use rich_text::Description;
pub use save_products::{
    Refusal, Saved, Wish, existing_products, find_products, hold, known_pictures, products_after,
    save_products,
};
pub use skus::variants_by_sku;
pub use state::{Move, MoveError, ProductPhase};
pub use stockable::hold_stockable;
pub use tree::{Misplaced, Tree};

use pg::{Connection, DbResult};

/// How often the catalogue was changed, of what may be told by now.
pub async fn revision(conn: &mut Connection) -> DbResult<i64> {
    sql::revision(conn).await
}
