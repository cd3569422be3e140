//! The events this module publishes: its contract with the world.

use jiff::Timestamp;
use kernel::{
    id::{CategoryId, ProductId},
    shard_of,
};
use outbox::NewEvent;
use serde::Serialize;

use crate::{
    EditContext,
    categories::StoredCategory,
    model::{Category, ProductStatus, Slug},
    products::StoredProduct,
    state::Move,
};

/// A product was added, as a draft.
pub const CREATED: &str = "product.created";
/// A product, its variants, prices or pictures were changed.
pub const CHANGED: &str = "product.changed";
/// A product is shown to everybody.
pub const PUBLISHED: &str = "product.published";
/// A product will appear by itself. When its time comes, nothing more is told.
pub const SCHEDULED: &str = "product.scheduled";
/// A product is a draft again.
pub const WITHDRAWN: &str = "product.withdrawn";
/// A product was taken away for good.
pub const ARCHIVED: &str = "product.archived";
/// A category was added, changed or moved.
pub const CATEGORY_CHANGED: &str = "category.changed";
/// A category in which nothing lay is gone.
pub const CATEGORY_DELETED: &str = "category.deleted";

/// Data of `product.created`, `product.withdrawn` and `product.archived`.
#[derive(Serialize)]
struct Told<'a> {
    /// The product.
    product_id: ProductId,
    /// Its place in addresses.
    slug: &'a str,
    /// Counts its changes.
    version: i64,
}

/// Data of `product.changed`.
#[derive(Serialize)]
struct Changed<'a> {
    /// The product.
    product_id: ProductId,
    /// Its place in addresses.
    slug: &'a str,
    /// The place it had before, when that was another; it leads to the new one.
    former_slug: Option<&'a str>,
    /// Counts its changes.
    version: i64,
}

/// Data of `product.published` and `product.scheduled`.
#[derive(Serialize)]
struct Shown<'a> {
    /// The product.
    product_id: ProductId,
    /// Its place in addresses.
    slug: &'a str,
    /// Since when, or from when on, everybody sees it.
    publish_at: Option<Timestamp>,
    /// Counts its changes.
    version: i64,
}

/// Data of `category.changed`.
#[derive(Serialize)]
struct CategoryChanged<'a> {
    /// The category.
    category_id: CategoryId,
    /// Its place in addresses.
    slug: &'a str,
    /// The category it lies in.
    parent_id: Option<CategoryId>,
    /// Counts its changes.
    version: i64,
}

/// Data of `category.deleted`.
#[derive(Serialize)]
struct CategoryDeleted<'a> {
    /// The category.
    category_id: CategoryId,
    /// Its place in addresses.
    slug: &'a str,
}

pub(crate) fn created(it: &StoredProduct, context: &EditContext<'_>) -> NewEvent {
    of_product(CREATED, it.product.id, &told(it), context)
}

pub(crate) fn changed(
    it: &StoredProduct,
    former: Option<&Slug>,
    context: &EditContext<'_>,
) -> NewEvent {
    let data = Changed {
        product_id: it.product.id,
        slug: it.product.slug.as_str(),
        former_slug: former.map(Slug::as_str),
        version: it.version,
    };
    of_product(CHANGED, it.product.id, &data, context)
}

pub(crate) fn moved(it: &StoredProduct, step: Move, context: &EditContext<'_>) -> NewEvent {
    let publish_at = match it.product.status {
        ProductStatus::Published { at } => Some(at),
        ProductStatus::Draft | ProductStatus::Archived => None,
    };
    let id = it.product.id;
    let slug = it.product.slug.as_str();
    let shown = Shown { product_id: id, slug, publish_at, version: it.version };
    match step {
        Move::Publish => of_product(PUBLISHED, id, &shown, context),
        Move::Schedule(_) => of_product(SCHEDULED, id, &shown, context),
        Move::Withdraw => of_product(WITHDRAWN, id, &told(it), context),
        Move::Archive => of_product(ARCHIVED, id, &told(it), context),
    }
}

fn told(it: &StoredProduct) -> Told<'_> {
    Told { product_id: it.product.id, slug: it.product.slug.as_str(), version: it.version }
}

pub(crate) fn category_changed(it: &StoredCategory, context: &EditContext<'_>) -> NewEvent {
    let data = CategoryChanged {
        category_id: it.category.id,
        slug: it.category.slug.as_str(),
        parent_id: it.category.parent,
        version: it.version,
    };
    let subject = it.category.id.as_uuid();
    let shard = shard_of(subject);
    NewEvent::new(CATEGORY_CHANGED, shard, subject, &data, context.clock, context.ids)
}

pub(crate) fn category_deleted(it: &Category, context: &EditContext<'_>) -> NewEvent {
    let data = CategoryDeleted { category_id: it.id, slug: it.slug.as_str() };
    let (subject, shard) = (it.id.as_uuid(), shard_of(it.id.as_uuid()));
    NewEvent::new(CATEGORY_DELETED, shard, subject, &data, context.clock, context.ids)
}

fn of_product(
    kind: &'static str,
    id: ProductId,
    data: &impl Serialize,
    context: &EditContext<'_>,
) -> NewEvent {
    let subject = id.as_uuid();
    NewEvent::new(kind, shard_of(subject), subject, data, context.clock, context.ids)
}
