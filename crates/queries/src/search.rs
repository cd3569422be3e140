//! What the search index is made of, and when it has to be made anew.

use std::{
    collections::{HashMap, HashSet},
    iter::successors,
};

use ::search::{Document, DocumentVariant, ListedPrice, Search, SearchError, Shelf};
use jiff_sqlx::{Timestamp, ToSqlx as _};
use kernel::{
    LocalizedText,
    id::{ProductId, VariantId},
};
use pg::{Connection, Db, DbResult};
use pricing::{Audience, PriceList, price_lists};
use serde::Deserialize;
use sqlx::types::Json;
use thiserror::Error;
use tracing::instrument;
use uuid::Uuid;

use crate::products::{self, ProductSummary};

/// Products read at once: a bounded answer, and no transaction that lasts.
const CHUNK: i64 = 1_000;

/// Why the index was not brought up to date.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] pg::DbError),
    /// The index failed.
    #[error(transparent)]
    Search(#[from] SearchError),
}

/// Keeps a [`Search`] as the catalogue is. One for each `Search`.
#[derive(Debug)]
pub struct Refresher {
    search: Search,
    /// The catalogue's revision of which the index was made.
    seen: Option<i64>,
}

impl Refresher {
    /// Nothing read yet.
    pub fn new(search: Search) -> Self {
        Self { search, seen: None }
    }

    /// Makes the index anew if the catalogue has changed since it was made; how many products it has
    /// then.
    pub async fn refresh(&mut self, db: &Db) -> Result<Option<usize>, RefreshError> {
        // Before the products: what is read after it is as new, or newer.
        let now = revision(&mut *db.acquire().await?).await?;
        if self.seen == Some(now) {
            return Ok(None);
        }
        if self.seen.is_none() {
            self.refresh_stock(db).await?;
        }
        let products = self.search.rebuild(documents(db).await?).await?;
        self.seen = Some(now);
        Ok(Some(products))
    }

    /// Reads of which variants something is left.
    pub async fn refresh_stock(&mut self, db: &Db) -> Result<(), RefreshError> {
        let left = in_stock(&mut *db.acquire().await?).await?;
        self.search.set_in_stock(left);
        Ok(())
    }
}

/// The tiles of what was found, in this order, as they are now: the index may be some seconds behind,
/// and what was withdrawn meanwhile is missing.
pub async fn tiles(
    conn: &mut Connection,
    found: &[ProductId],
    now: jiff::Timestamp,
) -> DbResult<Vec<ProductSummary>> {
    let found: Vec<Uuid> = found.iter().map(|id| id.as_uuid()).collect();
    let visible = visible(conn, &found, now).await?;
    let found: Vec<Uuid> = found.into_iter().filter(|id| visible.contains(id)).collect();
    products::summaries(conn, &found, now).await
}

#[instrument(name = "db.queries.search_visible", skip_all, err)]
async fn visible(
    conn: &mut Connection,
    ids: &[Uuid],
    now: jiff::Timestamp,
) -> DbResult<HashSet<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM catalog.products
         WHERE id = ANY ($1) AND status = 'published' AND published_at <= $2",
        ids,
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().collect())
}

#[instrument(name = "db.queries.search_revision", skip_all, err)]
async fn revision(conn: &mut Connection) -> DbResult<i64> {
    let revision =
        sqlx::query_scalar!("SELECT number FROM catalog.revision").fetch_one(conn).await?;
    Ok(revision)
}

/// Every product that is published, now or later, with its variants.
async fn documents(db: &Db) -> DbResult<Vec<Document>> {
    let categories = category_rows(&mut *db.acquire().await?).await?;
    let lists = lists_for_everyone(&mut *db.acquire().await?).await?;
    let (mut documents, mut after) = (Vec::new(), Uuid::nil());
    loop {
        // A connection for each chunk: the pool's others are not kept waiting for all of them.
        let mut conn = db.acquire().await?;
        let rows = product_rows(&mut conn, after).await?;
        let Some(last) = rows.last() else { return Ok(documents) };
        after = last.id;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let of_products = variant_rows(&mut conn, &ids).await?;
        let mut listed = listed(&mut conn, &lists, &of_products).await?;
        let mut variants: HashMap<Uuid, Vec<DocumentVariant>> = HashMap::new();
        for row in of_products {
            let listed = listed.remove(&row.id).unwrap_or_default();
            variants.entry(row.product_id).or_default().push(row.into_variant(listed));
        }
        documents.extend(rows.into_iter().map(|row| {
            let own = variants.remove(&row.id).unwrap_or_default();
            let shelves = shelves(&categories, row.category_id);
            row.into_document(own, shelves)
        }));
    }
}

struct ProductRow {
    id: Uuid,
    slug: String,
    name_zh: String,
    name_en: String,
    subtitle_zh: String,
    subtitle_en: String,
    description_zh: String,
    description_en: String,
    options: Json<Vec<OptionColumn>>,
    published_at: Timestamp,
    category_id: Uuid,
    tags: Vec<String>,
}

/// Of an option, what is needed of it here.
#[derive(Deserialize)]
struct OptionColumn {
    name: LocalizedText,
}

impl ProductRow {
    fn into_document(self, variants: Vec<DocumentVariant>, shelves: Vec<Shelf>) -> Document {
        Document {
            id: self.id.into(),
            slug: self.slug,
            name: LocalizedText::new(self.name_zh, self.name_en),
            subtitle: LocalizedText::new(self.subtitle_zh, self.subtitle_en),
            description: LocalizedText::new(self.description_zh, self.description_en),
            shelves,
            keywords: self.tags,
            options: self.options.0.into_iter().map(|option| option.name).collect(),
            published_at: self.published_at.to_jiff(),
            variants,
        }
    }
}

#[instrument(name = "db.queries.search_products", skip_all, err)]
async fn product_rows(conn: &mut Connection, after: Uuid) -> DbResult<Vec<ProductRow>> {
    let rows = sqlx::query_as!(
        ProductRow,
        r#"SELECT p.id, p.slug, p.name_zh, p.name_en, p.subtitle_zh, p.subtitle_en,
             p.description_zh, p.description_en,
             p.options AS "options: Json<Vec<OptionColumn>>",
             p.published_at AS "published_at!: Timestamp", p.category_id, p.tags
         FROM catalog.products p
         WHERE p.id > $1 AND p.status = 'published' AND p.published_at IS NOT NULL
         ORDER BY p.id
         LIMIT $2"#,
        after,
        CHUNK,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

struct CategoryRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    slug: String,
    name_zh: String,
    name_en: String,
}

/// A category, and whatever it lies in.
fn shelves(categories: &HashMap<Uuid, CategoryRow>, own: Uuid) -> Vec<Shelf> {
    successors(categories.get(&own), |row| categories.get(&row.parent_id?))
        .map(|row| Shelf {
            slug: row.slug.clone(),
            name: LocalizedText::new(row.name_zh.clone(), row.name_en.clone()),
        })
        .collect()
}

#[instrument(name = "db.queries.search_categories", skip_all, err)]
async fn category_rows(conn: &mut Connection) -> DbResult<HashMap<Uuid, CategoryRow>> {
    let rows = sqlx::query_as!(
        CategoryRow,
        "SELECT id, parent_id, slug, name_zh, name_en FROM catalog.categories",
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

struct VariantRow {
    id: Uuid,
    product_id: Uuid,
    sku: String,
    barcode: Option<String>,
    name_zh: String,
    name_en: String,
    options: Json<Vec<LocalizedText>>,
    price: i64,
}

impl VariantRow {
    fn into_variant(self, listed: Vec<ListedPrice>) -> DocumentVariant {
        DocumentVariant {
            id: self.id.into(),
            codes: [self.sku].into_iter().chain(self.barcode).collect(),
            name: LocalizedText::new(self.name_zh, self.name_en),
            options: self.options.0,
            price: self.price,
            listed,
        }
    }
}

#[instrument(name = "db.queries.search_variants", skip_all, err)]
async fn variant_rows(conn: &mut Connection, products: &[Uuid]) -> DbResult<Vec<VariantRow>> {
    let rows = sqlx::query_as!(
        VariantRow,
        r#"SELECT v.id, v.product_id, v.sku, v.barcode, v.name_zh, v.name_en,
             v.options AS "options: Json<Vec<LocalizedText>>", v.price
         FROM catalog.variants v
         WHERE v.product_id = ANY ($1) AND v.active
         ORDER BY v.product_id, v.position, v.id"#,
        products,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The price lists for everyone that are switched on, whether or not they count by now: the index goes
/// on answering when they begin and end.
async fn lists_for_everyone(conn: &mut Connection) -> DbResult<Vec<PriceList>> {
    let active = price_lists::active(conn).await?;
    let for_everyone = active.iter().filter(|list| list.audience == Audience::Everyone);
    Ok(for_everyone.cloned().collect())
}

/// What these lists say about each of these variants.
async fn listed(
    conn: &mut Connection,
    lists: &[PriceList],
    variants: &[VariantRow],
) -> DbResult<HashMap<Uuid, Vec<ListedPrice>>> {
    // Most shops have none at most hours.
    if lists.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<VariantId> = variants.iter().map(|row| row.id.into()).collect();
    let read = price_lists::of_variants(conn, lists, &ids).await?;
    let said = read.into_iter().map(|(variant, prices)| {
        let listed = prices.iter().filter_map(|said| {
            let list = lists.iter().find(|list| list.id == said.list)?;
            Some(ListedPrice {
                price: said.price.amount(),
                valid_from: list.valid_from,
                valid_until: list.valid_until,
            })
        });
        (variant.as_uuid(), listed.collect())
    });
    Ok(said.collect())
}

/// The variants of which something is left; of bundles, those of whose components there is enough.
/// As the product list decides it.
#[instrument(name = "db.queries.search_in_stock", skip_all, err)]
async fn in_stock(conn: &mut Connection) -> DbResult<HashSet<VariantId>> {
    let ids = sqlx::query_scalar!(
        r#"WITH free AS (
             SELECT s.variant_id, sum(s.available) AS available
             FROM inventory.stock s
             JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active
             WHERE s.frozen_by IS NULL AND s.available > 0
             GROUP BY s.variant_id
         )
         SELECT f.variant_id AS "id!" FROM free f
         WHERE NOT EXISTS (
             SELECT FROM catalog.bundle_components b WHERE b.bundle_id = f.variant_id)
         UNION ALL
         SELECT b.bundle_id FROM catalog.bundle_components b
         LEFT JOIN free f ON f.variant_id = b.component_id
         GROUP BY b.bundle_id
         HAVING bool_and(b.quantity <= coalesce(f.available, 0))"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(VariantId::from).collect())
}
