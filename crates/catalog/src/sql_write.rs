//! The statements that write products: many of them at once, each in the order of their ids.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::Money;
use pg::{Affected as _, Connection, DbResult};
use serde_json::{Value, json};
use sqlx::query;
use tracing::instrument;
use uuid::Uuid;

use crate::model::{ImageRef, Product};

#[instrument(name = "db.product.upsert", skip_all, err)]
pub async fn upsert_products(
    conn: &mut Connection,
    products: &[&Product],
    now: Timestamp,
) -> DbResult<()> {
    let rows: Value = by_id(products).into_iter().map(product_row).collect();
    query!(
        "INSERT INTO catalog.products (id, slug, category_id, name_zh, name_en, subtitle_zh,
             subtitle_en, description_zh, description_en, badges, options, status, published_at,
             created_at, updated_at, description_html_zh, description_html_en, tags)
         SELECT t.id, t.slug, t.category_id, t.name_zh, t.name_en, t.subtitle_zh, t.subtitle_en,
             t.description_zh, t.description_en, t.badges, t.options, t.status, t.published_at,
             $2::timestamptz, $2, t.description_html_zh, t.description_html_en, t.tags
         FROM jsonb_to_recordset($1) AS t (id uuid, slug text, category_id uuid, name_zh text,
             name_en text, subtitle_zh text, subtitle_en text, description_zh text,
             description_en text, badges text[], options jsonb, status text,
             published_at timestamptz, description_html_zh text, description_html_en text,
             tags text[])
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
        rows,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .rows("upsert products", products.len())
}

/// In the order in which rows are locked.
fn by_id<'a>(products: &[&'a Product]) -> Vec<&'a Product> {
    let mut ordered = products.to_vec();
    ordered.sort_unstable_by_key(|product| product.id);
    ordered
}

fn product_row(product: &Product) -> Value {
    let (text, html) = (product.description.text(), product.description.html_columns());
    json!({
        "id": product.id,
        "slug": product.slug.as_str(),
        "category_id": product.category_id,
        "name_zh": product.name.zh_tw,
        "name_en": product.name.en,
        "subtitle_zh": product.subtitle.zh_tw,
        "subtitle_en": product.subtitle.en,
        "description_zh": text.zh_tw,
        "description_en": text.en,
        "badges": product.badges,
        "options": product.options,
        "status": product.status.word(),
        "published_at": product.status.published_at(),
        "description_html_zh": html.zh_tw,
        "description_html_en": html.en,
        "tags": product.tags,
    })
}

#[instrument(name = "db.variant.deactivate_others", skip_all, err)]
pub async fn deactivate_other_variants(
    conn: &mut Connection,
    products: &[&Product],
) -> DbResult<()> {
    let variants = products.iter().flat_map(|product| &product.variants);
    let kept: Vec<Uuid> = variants.map(|variant| variant.id.as_uuid()).collect();
    query!(
        "UPDATE catalog.variants SET active = false
         WHERE product_id = ANY ($1) AND active AND id <> ALL ($2)",
        &ids(products),
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
    products: &[&Product],
    now: Timestamp,
) -> DbResult<usize> {
    let rows = VariantColumns::of(products);
    let written = query!(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, options, price,
             compare_at, currency, weight_g, image_position, position, active, purchase_limit,
             purchase_limit_since, barcode)
         SELECT t.id, t.product_id, t.sku, t.name_zh, t.name_en, t.options, t.price, t.compare_at,
             t.currency, t.weight_g, t.image_position, t.position, t.active, t.purchase_limit,
             CASE WHEN t.purchase_limit IS NOT NULL THEN $15::timestamptz END, t.barcode
         FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bigint[],
             $8::bigint[], $9::text[], $10::int[], $11::int[], $12::int[], $13::bool[], $14::int[],
             $16::text[], $1::uuid[])
             AS t (id, sku, name_zh, name_en, options, price, compare_at, currency, weight_g,
                 image_position, position, active, purchase_limit, barcode, product_id)
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
        &rows.products,
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

/// Variants turned into columns for `unnest`, in the order of their ids.
#[derive(Default)]
struct VariantColumns {
    products: Vec<Uuid>,
    ids: Vec<Uuid>,
    skus: Vec<String>,
    names_zh: Vec<String>,
    names_en: Vec<String>,
    options: Vec<Value>,
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
    fn of(products: &[&Product]) -> Self {
        let mut order: Vec<(&Product, usize)> = products
            .iter()
            .flat_map(|product| (0..product.variants.len()).map(move |index| (*product, index)))
            .collect();
        order.sort_by_key(|(product, index)| product.variants[*index].id);
        let mut columns = Self::default();
        for (product, index) in order {
            columns.push(product, index);
        }
        columns
    }

    fn push(&mut self, product: &Product, index: usize) {
        let variant = &product.variants[index];
        self.products.push(product.id.as_uuid());
        self.ids.push(variant.id.as_uuid());
        self.skus.push(variant.sku.clone());
        self.barcodes.push(variant.barcode.as_ref().map(|it| it.as_str().to_owned()));
        self.names_zh.push(variant.name.zh_tw.to_string());
        self.names_en.push(variant.name.en.to_string());
        self.options.push(json!(variant.options));
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
pub async fn replace_images(conn: &mut Connection, products: &[&Product]) -> DbResult<()> {
    query!("DELETE FROM catalog.images WHERE product_id = ANY ($1)", &ids(products))
        .execute(&mut *conn)
        .await?;
    let images: Vec<(Uuid, i32, &ImageRef)> = products
        .iter()
        .flat_map(|product| {
            let images = (0..).zip(&product.images);
            images.map(move |(at, it)| (product.id.as_uuid(), at, it))
        })
        .collect();
    if images.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&ImageRef) -> &str| -> Vec<String> {
        images.iter().map(|(_, _, image)| of(image).to_owned()).collect()
    };
    let size = |of: fn(&ImageRef) -> u32| -> Vec<i32> {
        images.iter().map(|(_, _, image)| i32::try_from(of(image)).unwrap_or(i32::MAX)).collect()
    };
    query!(
        "INSERT INTO catalog.images (product_id, position, object_key, alt_zh, alt_en, width,
             height)
         SELECT t.product_id, t.position, t.object_key, t.alt_zh, t.alt_en, t.width, t.height
         FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[],
             $7::int[])
             AS t (product_id, position, object_key, alt_zh, alt_en, width, height)",
        &images.iter().map(|(product, _, _)| *product).collect::<Vec<_>>(),
        &images.iter().map(|(_, position, _)| *position).collect::<Vec<_>>(),
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

#[instrument(name = "db.product.replace_related", skip_all, err)]
pub async fn replace_related(conn: &mut Connection, products: &[&Product]) -> DbResult<()> {
    query!("DELETE FROM catalog.related_products WHERE product_id = ANY ($1)", &ids(products))
        .execute(&mut *conn)
        .await?;
    let related: Vec<(Uuid, i32, Uuid)> = products
        .iter()
        .flat_map(|product| {
            let related = (0..).zip(&product.related);
            related.map(move |(at, it)| (product.id.as_uuid(), at, it.as_uuid()))
        })
        .collect();
    if related.is_empty() {
        return Ok(());
    }
    query!(
        "INSERT INTO catalog.related_products (product_id, position, related_id)
         SELECT t.product_id, t.position, t.related_id
         FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS t (product_id, position, related_id)",
        &related.iter().map(|(product, _, _)| *product).collect::<Vec<_>>(),
        &related.iter().map(|(_, position, _)| *position).collect::<Vec<_>>(),
        &related.iter().map(|(_, _, other)| *other).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?
    .rows("insert related products", related.len())
}

/// Counts a change of each.
#[instrument(name = "db.product.count_many", skip_all, err)]
pub async fn count_changes(conn: &mut Connection, products: &[&Product]) -> DbResult<()> {
    query!("UPDATE catalog.products SET version = version + 1 WHERE id = ANY ($1)", &ids(products),)
        .execute(conn)
        .await?
        .rows("count changes of products", products.len())
}

fn ids(products: &[&Product]) -> Vec<Uuid> {
    products.iter().map(|product| product.id.as_uuid()).collect()
}
