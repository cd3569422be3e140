//! Bundles 組合商品: variants whose stock is other variants'.
//!
//! A bundle has no stock of its own; an order of it takes its components. *Invariant:* no component
//! is a bundle itself, and no bundle is its own component. Both hold because whoever changes a bundle
//! locks the rows of all variants concerned first, in id order. What an order's bundle was made of is
//! kept with the order: changing a bundle later changes nothing of it.

use std::sync::Arc;

use kernel::{LocalizedText, id::VariantId};
use pg::{Connection, DbResult};

use crate::{error::BundleError, sql_bundles};

/// The most variants a bundle is made of.
pub const COMPONENTS_MAX: usize = 20;
/// The most units of one variant in one bundle.
pub const COMPONENT_QUANTITY_MAX: u32 = 1000;

/// A variant in a bundle, as the order engine takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// The variant whose stock is taken.
    pub variant: VariantId,
    /// Its stock keeping unit.
    pub sku: Arc<str>,
    /// Its product's name.
    pub name: LocalizedText,
    /// What tells it from its siblings.
    pub variant_name: LocalizedText,
    /// How many are in one bundle.
    pub quantity: u32,
}

/// What a bundle is to be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundlePart {
    /// The variant.
    pub variant: VariantId,
    /// How many are in one bundle: 1 to [`COMPONENT_QUANTITY_MAX`].
    pub quantity: u32,
}

/// Makes a variant a bundle of these, in place of what it was made of; of none: an ordinary variant
/// again. Call it within a transaction, before any stock row is locked: until its end nobody else
/// changes what these variants are made of, and [`check_stockable`] waits. Whether the variant has
/// stock of its own is for the caller to see. Returns what it was made of.
pub async fn put_bundle(
    conn: &mut Connection,
    bundle: VariantId,
    parts: &[BundlePart],
) -> Result<Vec<Component>, BundleError> {
    check(bundle, parts)?;
    let concerned: Vec<VariantId> = parts.iter().map(|part| part.variant).chain([bundle]).collect();
    sql_bundles::lock_revision(conn).await?;
    let known = sql_bundles::lock_variants(conn, &concerned).await?;
    if !known.contains(&bundle) {
        return Err(BundleError::UnknownVariant);
    }
    if let Some(index) = parts.iter().position(|part| !known.contains(&part.variant)) {
        return Err(BundleError::UnknownComponent { index });
    }
    let bundles = sql_bundles::bundles_among(conn, &concerned).await?;
    if let Some(index) = parts.iter().position(|part| bundles.contains(&part.variant)) {
        return Err(BundleError::Nested { index });
    }
    if !parts.is_empty() && sql_bundles::is_component(conn, bundle).await? {
        return Err(BundleError::IsComponent);
    }
    let before = components(conn, bundle).await?;
    sql_bundles::replace_components(conn, bundle, parts).await?;
    Ok(before)
}

/// Checks every rule that needs no look at other variants.
fn check(bundle: VariantId, parts: &[BundlePart]) -> Result<(), BundleError> {
    if parts.len() > COMPONENTS_MAX {
        return Err(BundleError::TooMany);
    }
    for (index, part) in parts.iter().enumerate() {
        if !(1..=COMPONENT_QUANTITY_MAX).contains(&part.quantity) {
            return Err(BundleError::Quantity { index });
        }
        if part.variant == bundle {
            return Err(BundleError::Itself { index });
        }
        if parts[..index].iter().any(|earlier| earlier.variant == part.variant) {
            return Err(BundleError::Twice { index });
        }
    }
    Ok(())
}

/// What a variant is made of, in id order; nothing when it is no bundle.
pub async fn components(conn: &mut Connection, bundle: VariantId) -> DbResult<Vec<Component>> {
    let found = sql_bundles::components(conn, &[bundle]).await?;
    Ok(found.into_iter().map(|(_, component)| component).collect())
}

/// Refuses stock for what has none of its own: an unknown variant, or a bundle. Until the end of the
/// transaction the variant does not become one. Ask before any stock row is locked.
pub async fn check_stockable(conn: &mut Connection, variant: VariantId) -> Result<(), BundleError> {
    match sql_bundles::hold_variant(conn, variant).await? {
        None => Err(BundleError::UnknownVariant),
        Some(true) => Err(BundleError::IsBundle),
        Some(false) => Ok(()),
    }
}
