//! The statements about categories that are written, offers, and the revision.

use std::sync::Arc;

use kernel::{
    LocalizedText, Money,
    id::{CategoryId, VariantId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    model::{Category, ImageRef},
    offers::{Listed, Offer},
    sql_bundles,
};

#[instrument(name = "db.category.upsert", skip_all, err)]
pub async fn upsert_category(conn: &mut Connection, category: &Category) -> DbResult<()> {
    query!(
        "INSERT INTO catalog.categories (id, slug, name_zh, name_en, position, parent_id)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE
         SET slug = excluded.slug, name_zh = excluded.name_zh, name_en = excluded.name_en,
             position = excluded.position, parent_id = excluded.parent_id",
        category.id.as_uuid(),
        category.slug.as_str(),
        &*category.name.zh_tw,
        &*category.name.en,
        category.position,
        category.parent.map(CategoryId::as_uuid),
    )
    .execute(conn)
    .await?
    .one_row("upsert a category")
}

struct OfferRow {
    variant_id: Uuid,
    product_id: Uuid,
    categories: Vec<Uuid>,
    product_slug: String,
    sku: String,
    name_zh: String,
    name_en: String,
    variant_name_zh: String,
    variant_name_en: String,
    price: i64,
    purchase_limit: Option<i32>,
    reservation_minutes: Option<i32>,
    for_sale: bool,
    published_at: Option<jiff_sqlx::Timestamp>,
    image_key: Option<String>,
    alt_zh: Option<String>,
    alt_en: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    backorder_limit: i32,
    available_from: Option<jiff_sqlx::Date>,
    is_bundle: bool,
}

#[instrument(name = "db.variant.offers", skip_all, err)]
pub async fn offers(conn: &mut Connection, variants: &[VariantId]) -> DbResult<Vec<Listed>> {
    let ids: Vec<Uuid> = variants.iter().map(|id| id.as_uuid()).collect();
    let rows = query_as!(
        OfferRow,
        r#"SELECT v.id AS variant_id, v.product_id,
             catalog.category_path(p.category_id) AS "categories!",
             p.slug AS product_slug, v.sku,
             p.name_zh, p.name_en, v.name_zh AS variant_name_zh, v.name_en AS variant_name_en,
             v.price, v.purchase_limit, v.reservation_minutes,
             (v.active AND p.status = 'published') AS "for_sale!", p.published_at,
             i.object_key AS "image_key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             v.backorder_limit, v.available_from AS "available_from: jiff_sqlx::Date",
             EXISTS (SELECT FROM catalog.bundle_components b WHERE b.bundle_id = v.id)
                 AS "is_bundle!"
         FROM catalog.variants v
         JOIN catalog.products p ON p.id = v.product_id
         LEFT JOIN catalog.images i
             ON i.product_id = p.id AND i.position = coalesce(v.image_position, 0)
         WHERE v.id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let bundles: Vec<VariantId> =
        rows.iter().filter(|row| row.is_bundle).map(|row| row.variant_id.into()).collect();
    let mut listed = rows.into_iter().map(Listed::try_from).collect::<DbResult<Vec<_>>>()?;
    if bundles.is_empty() {
        return Ok(listed);
    }
    let parts = sql_bundles::components(conn, &bundles).await?;
    for Listed { offer, .. } in &mut listed {
        let own = parts.iter().filter(|(bundle, _)| *bundle == offer.variant_id);
        let own: Arc<[_]> = own.map(|(_, component)| component.clone()).collect();
        offer.bundle = Some(own).filter(|own| !own.is_empty());
    }
    Ok(listed)
}

/// Counts the changes of the catalogue.
#[instrument(name = "db.catalog.revision", skip_all, err)]
pub async fn revision(conn: &mut Connection) -> DbResult<i64> {
    Ok(query_scalar!("SELECT number FROM catalog.revision").fetch_one(conn).await?)
}

impl TryFrom<OfferRow> for Listed {
    type Error = DbError;

    fn try_from(row: OfferRow) -> DbResult<Self> {
        let price = Money::twd(row.price).map_err(|_| DbError::Corrupt {
            table: "catalog.variants",
            column: "price",
            value: row.price.to_string(),
        })?;
        let size = |pixels: Option<i32>| pixels.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let image = row.image_key.map(|key| ImageRef {
            key,
            alt: LocalizedText::new(row.alt_zh.unwrap_or_default(), row.alt_en.unwrap_or_default()),
            width: size(row.width),
            height: size(row.height),
        });
        let since = row.published_at.map(jiff_sqlx::Timestamp::to_jiff);
        let offer = Offer {
            variant_id: row.variant_id.into(),
            product_id: row.product_id.into(),
            categories: row.categories.into_iter().map(CategoryId::from).collect(),
            product_slug: row.product_slug.into(),
            sku: row.sku.into(),
            name: LocalizedText::new(row.name_zh, row.name_en),
            variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
            price,
            purchase_limit: row.purchase_limit.map(|limit| u32::try_from(limit).unwrap_or(0)),
            reservation: row
                .reservation_minutes
                .map(|minutes| jiff::SignedDuration::from_mins(minutes.into())),
            sellable: false,
            image: image.map(Arc::new),
            backorder_limit: u32::try_from(row.backorder_limit).unwrap_or(0),
            available_from: row.available_from.map(jiff_sqlx::Date::to_jiff),
            bundle: None,
        };
        Ok(Self { offer, sellable_from: since.filter(|_| row.for_sale) })
    }
}
