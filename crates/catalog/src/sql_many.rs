//! The statements that read many products at once: as many statements as for one.

use std::collections::{HashMap, HashSet};

use kernel::{
    LocalizedText, Money,
    id::{CategoryId, ProductId, VariantId},
};
use pg::{Connection, DbResult};
use sqlx::{query, query_as, query_scalar, types::Json};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    barcode::Barcode,
    model::{ImageRef, ProductOption, Variant},
    products::StoredProduct,
    sql_products::{ProductRow, corrupt},
};

/// The products with these ids, and those with these slugs.
#[instrument(name = "db.product.find", skip_all, err)]
pub async fn find(
    conn: &mut Connection,
    ids: &[ProductId],
    slugs: &[String],
) -> DbResult<Vec<StoredProduct>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = query_as!(
        ProductRow,
        r#"SELECT id, slug, category_id, name_zh, name_en, subtitle_zh, subtitle_en,
             description_zh, description_en, description_html_zh, description_html_en, badges,
             tags, options AS "options: Json<Vec<ProductOption>>", status, published_at,
             created_at, updated_at, version
         FROM catalog.products WHERE id = ANY ($1) OR slug = ANY ($2)"#,
        &ids,
        slugs,
    )
    .fetch_all(&mut *conn)
    .await?;
    complete(conn, rows).await
}

/// The next products in the order of their slugs.
#[instrument(name = "db.product.after", skip_all, err)]
pub async fn after(conn: &mut Connection, slug: &str, limit: u16) -> DbResult<Vec<StoredProduct>> {
    let rows = query_as!(
        ProductRow,
        r#"SELECT id, slug, category_id, name_zh, name_en, subtitle_zh, subtitle_en,
             description_zh, description_en, description_html_zh, description_html_en, badges,
             tags, options AS "options: Json<Vec<ProductOption>>", status, published_at,
             created_at, updated_at, version
         FROM catalog.products WHERE slug > $1 ORDER BY slug LIMIT $2"#,
        slug,
        i64::from(limit),
    )
    .fetch_all(&mut *conn)
    .await?;
    complete(conn, rows).await
}

/// Adds to products what belongs to them.
async fn complete(conn: &mut Connection, rows: Vec<ProductRow>) -> DbResult<Vec<StoredProduct>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut variants = variants(conn, &ids).await?;
    let mut images = images(conn, &ids).await?;
    let mut related = related(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let variants = variants.remove(&row.id).unwrap_or_default();
            let images = images.remove(&row.id).unwrap_or_default();
            let related = related.remove(&row.id).unwrap_or_default();
            row.into_stored(variants, images, related)
        })
        .collect()
}

async fn variants(conn: &mut Connection, ids: &[Uuid]) -> DbResult<HashMap<Uuid, Vec<Variant>>> {
    let rows = query!(
        r#"SELECT product_id, id, sku, barcode, name_zh, name_en,
             options AS "options: Json<Vec<LocalizedText>>", price, compare_at, weight_g,
             image_position, purchase_limit, active
         FROM catalog.variants WHERE product_id = ANY ($1) ORDER BY product_id, position, id"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let money = |column, amount: i64| {
        Money::twd(amount).map_err(|_| corrupt("catalog.variants", column, amount.to_string()))
    };
    let mut found: HashMap<Uuid, Vec<Variant>> = HashMap::new();
    for row in rows {
        let variant = Variant {
            id: row.id.into(),
            sku: row.sku,
            barcode: row.barcode.map(Barcode::kept),
            name: LocalizedText::new(row.name_zh, row.name_en),
            options: row.options.0,
            price: money("price", row.price)?,
            compare_at: row.compare_at.map(|it| money("compare_at", it)).transpose()?,
            weight_g: u32::try_from(row.weight_g).unwrap_or(0),
            image: row.image_position.and_then(|position| u16::try_from(position).ok()),
            purchase_limit: row.purchase_limit.and_then(|limit| u32::try_from(limit).ok()),
            active: row.active,
        };
        found.entry(row.product_id).or_default().push(variant);
    }
    Ok(found)
}

async fn images(conn: &mut Connection, ids: &[Uuid]) -> DbResult<HashMap<Uuid, Vec<ImageRef>>> {
    let rows = query!(
        "SELECT product_id, object_key, alt_zh, alt_en, width, height
         FROM catalog.images WHERE product_id = ANY ($1) ORDER BY product_id, position",
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<ImageRef>> = HashMap::new();
    for row in rows {
        let image = ImageRef {
            key: row.object_key,
            alt: LocalizedText::new(row.alt_zh, row.alt_en),
            width: u32::try_from(row.width).unwrap_or(0),
            height: u32::try_from(row.height).unwrap_or(0),
        };
        found.entry(row.product_id).or_default().push(image);
    }
    Ok(found)
}

async fn related(conn: &mut Connection, ids: &[Uuid]) -> DbResult<HashMap<Uuid, Vec<ProductId>>> {
    let rows = query!(
        "SELECT product_id, related_id FROM catalog.related_products
         WHERE product_id = ANY ($1) ORDER BY product_id, position",
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut found: HashMap<Uuid, Vec<ProductId>> = HashMap::new();
    for row in rows {
        found.entry(row.product_id).or_default().push(row.related_id.into());
    }
    Ok(found)
}

/// Of these products, those there are.
#[instrument(name = "db.product.existing", skip_all, err)]
pub async fn existing(conn: &mut Connection, ids: &[ProductId]) -> DbResult<HashSet<ProductId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let found = query_scalar!("SELECT id FROM catalog.products WHERE id = ANY ($1)", &ids)
        .fetch_all(conn)
        .await?;
    Ok(found.into_iter().map(ProductId::from).collect())
}

/// Of these categories, those there are.
#[instrument(name = "db.category.existing", skip_all, err)]
pub async fn existing_categories(
    conn: &mut Connection,
    ids: &[CategoryId],
) -> DbResult<HashSet<CategoryId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let found = query_scalar!("SELECT id FROM catalog.categories WHERE id = ANY ($1)", &ids)
        .fetch_all(conn)
        .await?;
    Ok(found.into_iter().map(CategoryId::from).collect())
}

/// How large these pictures are, as far as products have them.
#[instrument(name = "db.image.known", skip_all, err)]
pub async fn known_images(
    conn: &mut Connection,
    keys: &[String],
) -> DbResult<HashMap<String, (u32, u32)>> {
    let rows = query!(
        "SELECT DISTINCT ON (object_key) object_key, width, height
         FROM catalog.images WHERE object_key = ANY ($1) ORDER BY object_key, product_id",
        keys,
    )
    .fetch_all(conn)
    .await?;
    let size = |pixels: i32| u32::try_from(pixels).unwrap_or(0);
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.object_key, (size(row.width), size(row.height)))).collect())
}

/// Whose slugs these are.
#[instrument(name = "db.product.slug_owners", skip_all, err)]
pub async fn slug_owners(
    conn: &mut Connection,
    slugs: &[String],
) -> DbResult<HashMap<String, ProductId>> {
    let rows = query!("SELECT slug, id FROM catalog.products WHERE slug = ANY ($1)", slugs)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.slug, row.id.into())).collect())
}

/// Which products these variants belong to, as far as they are there.
#[instrument(name = "db.variant.owners", skip_all, err)]
pub async fn variant_owners(
    conn: &mut Connection,
    ids: &[VariantId],
) -> DbResult<HashMap<VariantId, ProductId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = query!("SELECT id, product_id FROM catalog.variants WHERE id = ANY ($1)", &ids)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.product_id.into())).collect())
}
