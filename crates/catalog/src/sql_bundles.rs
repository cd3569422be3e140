//! The statements about bundles.

use std::collections::HashSet;

use kernel::{LocalizedText, id::VariantId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::bundles::{BundlePart, Component};

fn uuids(variants: &[VariantId]) -> Vec<Uuid> {
    variants.iter().map(|id| id.as_uuid()).collect()
}

/// Locks the revision, which is locked before variants wherever both are.
#[instrument(name = "db.revision.lock", skip_all, err)]
pub async fn lock_revision(conn: &mut Connection) -> DbResult<()> {
    query!("SELECT number FROM catalog.revision FOR UPDATE").fetch_one(conn).await?;
    Ok(())
}

/// Locks variants in id order; those there are.
#[instrument(name = "db.variant.lock", skip_all, err)]
pub async fn lock_variants(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<HashSet<VariantId>> {
    let found = query_scalar!(
        "SELECT id FROM catalog.variants WHERE id = ANY ($1) ORDER BY id FOR UPDATE",
        &uuids(variants),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Keeps a variant from being locked, and tells whether it is a bundle; none: there is no such
/// variant. The second statement sees what whoever held the lock has done.
#[instrument(name = "db.variant.hold", skip_all, err)]
pub async fn hold_variant(conn: &mut Connection, variant: VariantId) -> DbResult<Option<bool>> {
    let id = variant.as_uuid();
    let held = query_scalar!("SELECT id FROM catalog.variants WHERE id = $1 FOR KEY SHARE", id)
        .fetch_optional(&mut *conn)
        .await?;
    if held.is_none() {
        return Ok(None);
    }
    Ok(Some(!bundles_among(conn, &[variant]).await?.is_empty()))
}

/// Those of these that are bundles.
#[instrument(name = "db.bundle.among", skip_all, err)]
pub async fn bundles_among(
    conn: &mut Connection,
    variants: &[VariantId],
) -> DbResult<HashSet<VariantId>> {
    let found = query_scalar!(
        "SELECT DISTINCT bundle_id FROM catalog.bundle_components WHERE bundle_id = ANY ($1)",
        &uuids(variants),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(VariantId::from).collect())
}

/// Whether some bundle is made of it.
#[instrument(name = "db.bundle.is_component", skip_all, err)]
pub async fn is_component(conn: &mut Connection, variant: VariantId) -> DbResult<bool> {
    let found = query_scalar!(
        r#"SELECT EXISTS (SELECT FROM catalog.bundle_components WHERE component_id = $1)
             AS "found!""#,
        variant.as_uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

#[instrument(name = "db.bundle.replace", skip_all, err)]
pub async fn replace_components(
    conn: &mut Connection,
    bundle: VariantId,
    parts: &[BundlePart],
) -> DbResult<()> {
    query!("DELETE FROM catalog.bundle_components WHERE bundle_id = $1", bundle.as_uuid())
        .execute(&mut *conn)
        .await?;
    if parts.is_empty() {
        return Ok(());
    }
    let variants: Vec<Uuid> = parts.iter().map(|part| part.variant.as_uuid()).collect();
    let quantities: Vec<i32> = parts.iter().map(|part| part.quantity.cast_signed()).collect();
    query!(
        "INSERT INTO catalog.bundle_components (bundle_id, component_id, quantity)
         SELECT $1, part.component_id, part.quantity
         FROM unnest($2::uuid[], $3::int[]) AS part (component_id, quantity)",
        bundle.as_uuid(),
        &variants,
        &quantities,
    )
    .execute(conn)
    .await?
    .rows("insert bundle components", parts.len())
}

/// What bundles are made of: by bundle, then in id order.
#[instrument(name = "db.bundle.components", skip_all, err)]
pub async fn components(
    conn: &mut Connection,
    bundles: &[VariantId],
) -> DbResult<Vec<(VariantId, Component)>> {
    let rows = query!(
        "SELECT b.bundle_id, b.component_id, b.quantity, v.sku, p.name_zh, p.name_en,
             v.name_zh AS variant_name_zh, v.name_en AS variant_name_en
         FROM catalog.bundle_components b
         JOIN catalog.variants v ON v.id = b.component_id
         JOIN catalog.products p ON p.id = v.product_id
         WHERE b.bundle_id = ANY ($1)
         ORDER BY b.bundle_id, b.component_id",
        &uuids(bundles),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let quantity = u32::try_from(row.quantity).map_err(|_| DbError::Corrupt {
                table: "catalog.bundle_components",
                column: "quantity",
                value: row.quantity.to_string(),
            })?;
            let component = Component {
                variant: row.component_id.into(),
                sku: row.sku.into(),
                name: LocalizedText::new(row.name_zh, row.name_en),
                variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
                quantity,
            };
            Ok((row.bundle_id.into(), component))
        })
        .collect()
}
