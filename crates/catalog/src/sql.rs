//! Every SQL statement of the catalogue.

use std::sync::Arc;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    LocalizedText, Money,
    id::{CategoryId, VariantId},
};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar, types::Json};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    model::{Category, ImageRef, Product},
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

#[instrument(name = "db.product.upsert", skip_all, err)]
pub async fn upsert_product(
    conn: &mut Connection,
    product: &Product,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "INSERT INTO catalog.products (id, slug, category_id, name_zh, name_en, subtitle_zh,
             subtitle_en, description_zh, description_en, badges, options, status, published_at,
             created_at, updated_at, description_html_zh, description_html_en, tags)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17)
         ON CONFLICT (id) DO UPDATE
         SET slug = excluded.slug, category_id = excluded.category_id,
             name_zh = excluded.name_zh, name_en = excluded.name_en,
             subtitle_zh = excluded.subtitle_zh, subtitle_en = excluded.subtitle_en,
             description_zh = excluded.description_zh, description_en = excluded.description_en,
             badges = excluded.badges, options = excluded.options, status = excluded.status,
             published_at = coalesce(excluded.published_at, products.published_at),
             updated_at = excluded.updated_at,
             description_html_zh = excluded.description_html_zh,
             description_html_en = excluded.description_html_en, tags = excluded.tags",
        product.id.as_uuid(),
        product.slug.as_str(),
        product.category_id.as_uuid(),
        &*product.name.zh_tw,
        &*product.name.en,
        &*product.subtitle.zh_tw,
        &*product.subtitle.en,
        &*product.description.text().zh_tw,
        &*product.description.text().en,
        &product.badges,
        Json(&product.options) as _,
        product.status.word(),
        product.status.published_at().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        now.to_sqlx() as _,
        &*product.description.html_columns().zh_tw,
        &*product.description.html_columns().en,
        &product.tags,
    )
    .execute(conn)
    .await?
    .one_row("upsert a product")
}

#[instrument(name = "db.variant.deactivate_others", skip_all, err)]
pub async fn deactivate_other_variants(conn: &mut Connection, product: &Product) -> DbResult<()> {
    let kept: Vec<Uuid> = product.variants.iter().map(|variant| variant.id.as_uuid()).collect();
    query!(
        "UPDATE catalog.variants SET active = false
         WHERE product_id = $1 AND active AND id <> ALL ($2)",
        product.id.as_uuid(),
        &kept,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns how many were written: one that belongs to another product is left alone.
#[instrument(name = "db.variant.upsert", skip_all, err)]
pub async fn upsert_variants(
    conn: &mut Connection,
    product: &Product,
    now: Timestamp,
) -> DbResult<usize> {
    let mut rows = VariantColumns::default();
    let mut order: Vec<usize> = (0..product.variants.len()).collect();
    order.sort_by_key(|&index| product.variants[index].id);
    for index in order {
        rows.push(product, index);
    }
    let written = query!(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, options, price,
             compare_at, currency, weight_g, image_position, position, active, purchase_limit,
             purchase_limit_since, barcode)
         SELECT t.id, $1, t.sku, t.name_zh, t.name_en, t.options, t.price, t.compare_at,
             t.currency, t.weight_g, t.image_position, t.position, t.active, t.purchase_limit,
             CASE WHEN t.purchase_limit IS NOT NULL THEN $15::timestamptz END, t.barcode
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bigint[],
             $8::bigint[], $9::text[], $10::int[], $11::int[], $12::int[], $13::bool[], $14::int[],
             $16::text[])
             AS t (id, sku, name_zh, name_en, options, price, compare_at, currency, weight_g,
                 image_position, position, active, purchase_limit, barcode)
         ON CONFLICT (id) DO UPDATE
         SET sku = excluded.sku, name_zh = excluded.name_zh, name_en = excluded.name_en,
             options = excluded.options, price = excluded.price,
             compare_at = excluded.compare_at, currency = excluded.currency,
             weight_g = excluded.weight_g, image_position = excluded.image_position,
             position = excluded.position, active = excluded.active,
             purchase_limit = excluded.purchase_limit, barcode = excluded.barcode,
             -- another limit goes on counting from when the first one was set
             purchase_limit_since = CASE WHEN excluded.purchase_limit IS NOT NULL THEN
                 coalesce(variants.purchase_limit_since, excluded.purchase_limit_since) END
         WHERE variants.product_id = excluded.product_id",
        product.id.as_uuid(),
        &rows.ids,
        &rows.skus,
        &rows.names_zh,
        &rows.names_en,
        &rows.options,
        &rows.prices,
        &rows.compare_ats as _,
        &rows.currencies,
        &rows.weights,
        &rows.images as _,
        &rows.positions,
        &rows.actives,
        &rows.purchase_limits as _,
        now.to_sqlx() as _,
        &rows.barcodes as _,
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(written.rows_affected()).unwrap_or(usize::MAX))
}

/// Variants turned into columns for `unnest`.
#[derive(Default)]
struct VariantColumns {
    ids: Vec<Uuid>,
    skus: Vec<String>,
    names_zh: Vec<String>,
    names_en: Vec<String>,
    options: Vec<serde_json::Value>,
    prices: Vec<i64>,
    compare_ats: Vec<Option<i64>>,
    currencies: Vec<String>,
    weights: Vec<i32>,
    images: Vec<Option<i32>>,
    positions: Vec<i32>,
    actives: Vec<bool>,
    purchase_limits: Vec<Option<i32>>,
    barcodes: Vec<Option<String>>,
}

impl VariantColumns {
    fn push(&mut self, product: &Product, index: usize) {
        let variant = &product.variants[index];
        self.ids.push(variant.id.as_uuid());
        self.skus.push(variant.sku.clone());
        self.barcodes.push(variant.barcode.as_ref().map(|it| it.as_str().to_owned()));
        self.names_zh.push(variant.name.zh_tw.to_string());
        self.names_en.push(variant.name.en.to_string());
        self.options.push(serde_json::json!(variant.options));
        self.prices.push(variant.price.amount());
        self.compare_ats.push(variant.compare_at.map(Money::amount));
        self.currencies.push(variant.price.currency().code().to_owned());
        self.weights.push(i32::try_from(variant.weight_g).unwrap_or(i32::MAX));
        self.images.push(variant.image.map(i32::from));
        self.positions.push(i32::try_from(index).unwrap_or(i32::MAX));
        self.actives.push(variant.active);
        let limit = variant.purchase_limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        self.purchase_limits.push(limit);
    }
}

#[instrument(name = "db.image.replace", skip_all, err)]
pub async fn replace_images(conn: &mut Connection, product: &Product) -> DbResult<()> {
    let images = &product.images;
    let text = |of: fn(&ImageRef) -> &str| -> Vec<String> {
        images.iter().map(|image| of(image).to_owned()).collect()
    };
    let size = |of: fn(&ImageRef) -> u32| -> Vec<i32> {
        images.iter().map(|image| i32::try_from(of(image)).unwrap_or(i32::MAX)).collect()
    };
    query!("DELETE FROM catalog.images WHERE product_id = $1", product.id.as_uuid())
        .execute(&mut *conn)
        .await?;
    query!(
        "INSERT INTO catalog.images (product_id, position, object_key, alt_zh, alt_en, width,
             height)
         SELECT $1, t.number::int - 1, t.object_key, t.alt_zh, t.alt_en, t.width, t.height
         FROM unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::int[])
             WITH ORDINALITY AS t (object_key, alt_zh, alt_en, width, height, number)",
        product.id.as_uuid(),
        &text(|image| &image.key),
        &text(|image| &image.alt.zh_tw),
        &text(|image| &image.alt.en),
        &size(|image| image.width),
        &size(|image| image.height),
    )
    .execute(conn)
    .await?
    .rows("insert images", images.len())
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
