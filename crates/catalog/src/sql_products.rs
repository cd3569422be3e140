//! The statements about products as people change them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{LocalizedText, Money, id::ProductId};
use pg::{Affected as _, Connection, DbError, DbResult};
use sqlx::{query, query_as, query_scalar, types::Json};
use tracing::instrument;
use uuid::Uuid;

use crate::{
    barcode::Barcode,
    model::{ImageRef, Product, ProductOption, ProductStatus, Slug, Variant},
    products::StoredProduct,
    rich_text::Description,
};

/// A row of `catalog.products`.
pub struct ProductRow {
    pub id: Uuid,
    pub slug: String,
    pub category_id: Uuid,
    pub name_zh: String,
    pub name_en: String,
    pub subtitle_zh: String,
    pub subtitle_en: String,
    pub description_zh: String,
    pub description_en: String,
    pub description_html_zh: String,
    pub description_html_en: String,
    pub badges: Vec<String>,
    pub tags: Vec<String>,
    pub options: Json<Vec<ProductOption>>,
    pub status: String,
    pub published_at: Option<jiff_sqlx::Timestamp>,
    pub created_at: jiff_sqlx::Timestamp,
    pub updated_at: jiff_sqlx::Timestamp,
    pub version: i64,
}

/// A product with everything of it.
#[instrument(name = "db.product.get", skip_all, err)]
pub async fn get(conn: &mut Connection, id: ProductId) -> DbResult<Option<StoredProduct>> {
    let row = query_as!(
        ProductRow,
        r#"SELECT id, slug, category_id, name_zh, name_en, subtitle_zh, subtitle_en,
             description_zh, description_en, description_html_zh, description_html_en, badges,
             tags, options AS "options: Json<Vec<ProductOption>>", status, published_at,
             created_at, updated_at, version
         FROM catalog.products WHERE id = $1"#,
        id.as_uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let variants = variants(conn, id).await?;
    let images = images(conn, id).await?;
    let related = query_scalar!(
        "SELECT related_id FROM catalog.related_products WHERE product_id = $1 ORDER BY position",
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let related = related.into_iter().map(ProductId::from).collect();
    row.into_stored(variants, images, related).map(Some)
}

impl ProductRow {
    /// With what belongs to it.
    pub fn into_stored(
        self,
        variants: Vec<Variant>,
        images: Vec<ImageRef>,
        related: Vec<ProductId>,
    ) -> DbResult<StoredProduct> {
        let published_at = self.published_at.map(jiff_sqlx::Timestamp::to_jiff);
        let status = match (self.status.as_str(), published_at) {
            ("draft", _) => ProductStatus::Draft,
            ("published", Some(at)) => ProductStatus::Published { at },
            ("archived", _) => ProductStatus::Archived,
            _ => return Err(corrupt("catalog.products", "status", self.status)),
        };
        let product = Product {
            id: self.id.into(),
            slug: Slug::kept(self.slug),
            category_id: self.category_id.into(),
            name: LocalizedText::new(self.name_zh, self.name_en),
            subtitle: LocalizedText::new(self.subtitle_zh, self.subtitle_en),
            description: Description::kept(
                LocalizedText::new(self.description_zh, self.description_en),
                LocalizedText::new(self.description_html_zh, self.description_html_en),
            ),
            badges: self.badges,
            tags: self.tags,
            options: self.options.0,
            status,
            images,
            variants,
            related,
        };
        Ok(StoredProduct {
            product,
            version: self.version,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
        })
    }
}

async fn variants(conn: &mut Connection, id: ProductId) -> DbResult<Vec<Variant>> {
    let rows = query!(
        r#"SELECT id, sku, barcode, name_zh, name_en,
             options AS "options: Json<Vec<LocalizedText>>", price, compare_at, weight_g,
             image_position, purchase_limit, active
         FROM catalog.variants WHERE product_id = $1 ORDER BY position, id"#,
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let money = |column, amount: i64| {
        Money::twd(amount).map_err(|_| corrupt("catalog.variants", column, amount.to_string()))
    };
    rows.into_iter()
        .map(|row| {
            Ok(Variant {
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
            })
        })
        .collect()
}

async fn images(conn: &mut Connection, id: ProductId) -> DbResult<Vec<ImageRef>> {
    let rows = query!(
        "SELECT object_key, alt_zh, alt_en, width, height
         FROM catalog.images WHERE product_id = $1 ORDER BY position",
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let image = |key: String, zh: String, en: String, width: i32, height: i32| ImageRef {
        key,
        alt: LocalizedText::new(zh, en),
        width: u32::try_from(width).unwrap_or(0),
        height: u32::try_from(height).unwrap_or(0),
    };
    let rows = rows.into_iter();
    Ok(rows.map(|it| image(it.object_key, it.alt_zh, it.alt_en, it.width, it.height)).collect())
}

pub fn corrupt(table: &'static str, column: &'static str, value: String) -> DbError {
    DbError::Corrupt { table, column, value }
}

/// Counts a change.
#[instrument(name = "db.product.count", skip_all, err)]
pub async fn count_change(conn: &mut Connection, id: ProductId, seen: i64) -> DbResult<()> {
    query!(
        "UPDATE catalog.products SET version = version + 1 WHERE id = $1 AND version = $2",
        id.as_uuid(),
        seen,
    )
    .execute(conn)
    .await?
    .one_row("count a product's change")
}

#[instrument(name = "db.product.set_status", skip_all, err)]
pub async fn set_status(
    conn: &mut Connection,
    id: ProductId,
    status: ProductStatus,
    now: Timestamp,
) -> DbResult<()> {
    query!(
        "UPDATE catalog.products
         SET status = $2, published_at = coalesce($3, published_at), updated_at = $4
         WHERE id = $1",
        id.as_uuid(),
        status.word(),
        status.published_at().map(jiff_sqlx::ToSqlx::to_sqlx) as _,
        now.to_sqlx() as _,
    )
    .execute(conn)
    .await?
    .one_row("set a product's status")
}
