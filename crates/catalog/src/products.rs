//! Products as people change them: seeing what they overwrite, and told to the world.

use jiff::Timestamp;
use kernel::{Clock, Ids, id::ProductId};
use pg::{Connection, DbResult};

use crate::{
    CatalogError, events,
    model::{InvalidProduct, Product, ProductStatus},
    pictures,
    put_product::write,
    sql_bundles, sql_products,
    state::Move,
};

/// What every change needs besides itself.
#[derive(Clone, Copy)]
pub struct EditContext<'a> {
    /// The time of the change.
    pub clock: &'a dyn Clock,
    /// Where event ids come from.
    pub ids: &'a Ids,
}

/// A product with what it does not say of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProduct {
    /// The product, its inactive variants included.
    pub product: Product,
    /// Counts its changes, from 1: the optimistic lock.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// One product, whoever may see it.
pub async fn product(conn: &mut Connection, id: ProductId) -> DbResult<Option<StoredProduct>> {
    sql_products::get(conn, id).await
}

/// Adds a product, as a draft whatever it says. Call it within a transaction.
pub async fn add_product(
    conn: &mut Connection,
    product: Product,
    context: &EditContext<'_>,
) -> Result<StoredProduct, CatalogError> {
    let mut product = Product { status: ProductStatus::Draft, ..product };
    sql_bundles::lock_revision(conn).await?;
    pictures::measure(conn, &mut product).await?;
    product.validate()?;
    let now = context.clock.now();
    write(conn, &[&product], now).await?;
    let stored = StoredProduct { product, version: 1, created_at: now, updated_at: now };
    outbox::append(conn, &[events::created(&stored, context)]).await?;
    Ok(stored)
}

/// Changes a product that is as it was `seen`; its state stays what it is. Returns it as it was and as
/// it is; when nothing is different, nothing is written. Call it within a transaction.
pub async fn change_product(
    conn: &mut Connection,
    product: Product,
    seen: i64,
    context: &EditContext<'_>,
) -> Result<(StoredProduct, StoredProduct), CatalogError> {
    let before = lock(conn, product.id, seen).await?;
    let mut product = Product { status: before.product.status, ..product };
    pictures::measure(conn, &mut product).await?;
    product.validate()?;
    if before.product == product {
        return Ok((before.clone(), before));
    }
    let now = context.clock.now();
    write(conn, &[&product], now).await?;
    sql_products::count_change(conn, product.id, seen).await?;
    let after = sql_products::get(conn, product.id).await?.ok_or(CatalogError::NotFound)?;
    let former = &before.product.slug;
    let former = (*former != after.product.slug).then_some(former);
    outbox::append(conn, &[events::changed(&after, former, context)]).await?;
    Ok((before, after))
}

/// Publishes, schedules, withdraws or archives a product that is as it was `seen`. Returns it as it was
/// and as it is. Call it within a transaction.
pub async fn move_product(
    conn: &mut Connection,
    id: ProductId,
    step: Move,
    seen: i64,
    context: &EditContext<'_>,
) -> Result<(StoredProduct, StoredProduct), CatalogError> {
    let before = lock(conn, id, seen).await?;
    let now = context.clock.now();
    let status = before.product.status.after(step, now)?;
    let is_shown = matches!(status, ProductStatus::Published { .. });
    if is_shown && !before.product.variants.iter().any(|variant| variant.active) {
        return Err(InvalidProduct::NothingToBuy.into());
    }
    sql_products::set_status(conn, id, status, now).await?;
    sql_products::count_change(conn, id, seen).await?;
    let after = StoredProduct {
        product: Product { status, ..before.product.clone() },
        version: seen + 1,
        updated_at: now,
        ..before
    };
    outbox::append(conn, &[events::moved(&after, step, context)]).await?;
    Ok((before, after))
}

async fn lock(
    conn: &mut Connection,
    id: ProductId,
    seen: i64,
) -> Result<StoredProduct, CatalogError> {
    sql_bundles::lock_revision(conn).await?;
    let found = sql_products::get(conn, id).await?.ok_or(CatalogError::NotFound)?;
    if found.version == seen { Ok(found) } else { Err(CatalogError::Changed) }
}
