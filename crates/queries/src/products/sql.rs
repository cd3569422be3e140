//! The statements behind the product pages.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Locale, LocalizedText, Money};
use pg::{Connection, DbResult};
use sqlx::{Postgres, QueryBuilder, query_as, query_scalar, types::Json};
use tracing::instrument;
use uuid::Uuid;

use super::{ProductKey, ProductQuery, ProductSort, list::Place};
use crate::{
    Availability,
    corrupt::money,
    image::{ImageColumns, KeptRendition, KeptRenditions},
};

/// A row of the list, by its sort keys.
#[derive(sqlx::FromRow)]
pub struct KeyRow {
    pub id: Uuid,
    pub published_at: jiff_sqlx::Timestamp,
    /// By the price lists that were given.
    pub price_from: i64,
    pub name_key: String,
}

/// One page of ids, by the prices of these price lists. The only SQL of the shop that is put together at
/// run time: every value is bound, and every piece of text is one of the constants below.
#[instrument(name = "db.queries.product_keys", skip_all, err)]
pub async fn keys(
    conn: &mut Connection,
    query: &ProductQuery,
    lists: &[Uuid],
    after: Option<&Place>,
    now: Timestamp,
) -> DbResult<Vec<KeyRow>> {
    let name_key = match query.locale {
        Locale::ZhTw => r#"p.name_zh COLLATE "C""#,
        Locale::En => r#"lower(p.name_en) COLLATE "C""#,
    };
    let mut sql = QueryBuilder::<Postgres>::new("SELECT p.id, p.published_at, offer.price_from, ");
    sql.push(name_key);
    sql.push(" AS name_key FROM catalog.products p");
    sql.push(" CROSS JOIN LATERAL (SELECT min(").push(price(lists)).push(") AS price_from");
    push_variants(&mut sql, lists);
    sql.push(" WHERE v.product_id = p.id AND v.active) offer");
    sql.push(" WHERE p.status = 'published' AND p.published_at <= ");
    sql.push_bind(now.to_sqlx());
    sql.push(" AND offer.price_from IS NOT NULL");
    push_filters(&mut sql, query, lists);
    push_place(&mut sql, after, name_key);
    sql.push(match query.sort {
        ProductSort::Relevance | ProductSort::Newest => " ORDER BY p.published_at DESC, p.id DESC",
        ProductSort::PriceAsc => " ORDER BY offer.price_from, p.id",
        ProductSort::PriceDesc => " ORDER BY offer.price_from DESC, p.id DESC",
        ProductSort::Name => " ORDER BY name_key, p.id",
    });
    sql.push(" LIMIT ").push_bind(query.limit.fetch());
    Ok(sql.build_query_as().fetch_all(conn).await?)
}

/// What a variant of [`push_variants`] costs: the lowest of its own price and those of these price
/// lists, as [`pricing::Prices::unit_price`] says it.
const fn price(lists: &[Uuid]) -> &'static str {
    // `least` passes over what is null: a variant of which the lists say nothing.
    if lists.is_empty() { "v.price" } else { "least(v.price, listed.price)" }
}

/// Variants, and what these price lists say of each: one look into an index, however long the lists
/// are. All prices of the lists at once would be read for a page of few products as well.
fn push_variants(sql: &mut QueryBuilder<Postgres>, lists: &[Uuid]) {
    sql.push(" FROM catalog.variants v");
    if lists.is_empty() {
        return;
    }
    sql.push(" CROSS JOIN LATERAL (SELECT min(e.price) AS price");
    sql.push(" FROM pricing.price_list_entries e WHERE e.variant_id = v.id AND e.list_id = ANY (");
    sql.push_bind(lists.to_vec()).push(")) listed");
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, query: &ProductQuery, lists: &[Uuid]) {
    if let Some(category) = &query.category {
        sql.push(" AND p.category_id IN (SELECT catalog.categories_within(");
        sql.push_bind(category.clone()).push("))");
    }
    let is_by_price = query.min_price.is_some() || query.max_price.is_some();
    if !is_by_price && !query.in_stock {
        return;
    }
    let lists = if is_by_price { lists } else { &[] };
    // One variant has to fit all three: in stock at that price.
    sql.push(" AND EXISTS (SELECT");
    push_variants(sql, lists);
    sql.push(" WHERE v.product_id = p.id AND v.active");
    if let Some(min) = query.min_price {
        sql.push(" AND ").push(price(lists)).push(" >= ").push_bind(min.amount());
    }
    if let Some(max) = query.max_price {
        sql.push(" AND ").push(price(lists)).push(" <= ").push_bind(max.amount());
    }
    if query.in_stock {
        push_in_stock(sql);
    }
    sql.push(")");
}

/// A variant of which something is available; or a bundle of whose components there is enough.
fn push_in_stock(sql: &mut QueryBuilder<Postgres>) {
    sql.push(" AND (EXISTS (SELECT FROM inventory.stock s");
    sql.push(" JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active");
    sql.push(" WHERE s.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint");
    sql.push(" AND s.variant_id = v.id AND s.frozen_by IS NULL AND s.available > 0)");
    sql.push(" AND NOT EXISTS (SELECT FROM catalog.bundle_components b WHERE b.bundle_id = v.id)");
    sql.push(" OR (SELECT coalesce(bool_and(b.quantity <= (");
    sql.push("SELECT coalesce(sum(s.available), 0) FROM inventory.stock s");
    sql.push(" JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active");
    sql.push(" WHERE s.shard = (get_byte(uuid_send(b.component_id), 15) & 63)::smallint");
    sql.push(" AND s.variant_id = b.component_id AND s.frozen_by IS NULL)), false)");
    sql.push(" FROM catalog.bundle_components b WHERE b.bundle_id = v.id))");
}

fn push_place(sql: &mut QueryBuilder<Postgres>, after: Option<&Place>, name_key: &'static str) {
    match after {
        None => {}
        Some(Place::Relevance(micros, id) | Place::Newest(micros, id)) => {
            sql.push(" AND (p.published_at, p.id) < (").push_bind(time(*micros)).push(", ");
            sql.push_bind(*id).push(")");
        }
        Some(Place::PriceAsc(price, id)) => {
            sql.push(" AND (offer.price_from, p.id) > (").push_bind(*price).push(", ");
            sql.push_bind(*id).push(")");
        }
        Some(Place::PriceDesc(price, id)) => {
            sql.push(" AND (offer.price_from, p.id) < (").push_bind(*price).push(", ");
            sql.push_bind(*id).push(")");
        }
        Some(Place::Name(_, name, id)) => {
            sql.push(" AND (").push(name_key).push(", p.id) > (").push_bind(name.clone());
            sql.push(", ").push_bind(*id).push(")");
        }
    }
}

fn time(micros: i64) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_sqlx()
}

/// Makes a text stand for itself in LIKE.
pub(super) fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// What lists and pages show of a product itself.
pub struct HeadRow {
    pub id: Uuid,
    pub slug: String,
    pub name_zh: String,
    pub name_en: String,
    pub subtitle_zh: String,
    pub subtitle_en: String,
    pub badges: Vec<String>,
    pub category_slug: String,
    pub category_zh: String,
    pub category_en: String,
    pub image_key: Option<String>,
    pub alt_zh: Option<String>,
    pub alt_en: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub renditions: KeptRenditions,
}

#[instrument(name = "db.queries.product_heads", skip_all, err)]
pub async fn heads(conn: &mut Connection, ids: &[Uuid]) -> DbResult<Vec<HeadRow>> {
    let rows = query_as!(
        HeadRow,
        r#"SELECT p.id, p.slug, p.name_zh, p.name_en, p.subtitle_zh, p.subtitle_en, p.badges,
             c.slug AS category_slug, c.name_zh AS category_zh, c.name_en AS category_en,
             i.object_key AS "image_key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             pic.renditions AS "renditions?: Json<Vec<KeptRendition>>"
         FROM catalog.products p
         JOIN catalog.categories c ON c.id = p.category_id
         LEFT JOIN catalog.images i ON i.product_id = p.id AND i.position = 0
         LEFT JOIN catalog.pictures pic ON pic.object_key = i.object_key
         WHERE p.id = ANY ($1)"#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// An active variant with its stock, added up over the warehouses that sell.
pub struct VariantRow {
    pub id: Uuid,
    pub product_id: Uuid,
    pub sku: String,
    pub barcode: Option<String>,
    pub name_zh: String,
    pub name_en: String,
    pub options: Json<Vec<LocalizedText>>,
    pub price: i64,
    pub compare_at: Option<i64>,
    pub image_position: Option<i32>,
    pub available: i64,
    pub safety_stock: i64,
    pub is_bundle: bool,
    pub backorder_left: i64,
    pub available_from: Option<jiff_sqlx::Date>,
}

impl VariantRow {
    pub fn price(&self) -> DbResult<Money> {
        money("catalog.variants", "price", self.price)
    }

    pub fn compare_at(&self) -> DbResult<Option<Money>> {
        let amount = |amount| money("catalog.variants", "compare_at", amount);
        self.compare_at.map(amount).transpose()
    }

    pub const fn availability(&self) -> Availability {
        Availability::of(self.available, self.safety_stock).with_backorders(self.backorder_left)
    }
}

#[instrument(name = "db.queries.product_variants", skip_all, err)]
pub async fn variants(conn: &mut Connection, products: &[Uuid]) -> DbResult<Vec<VariantRow>> {
    let rows = query_as!(
        VariantRow,
        r#"SELECT v.id, v.product_id, v.sku, v.barcode, v.name_zh, v.name_en,
             v.options AS "options: Json<Vec<LocalizedText>>", v.price, v.compare_at,
             v.image_position, coalesce(bundle.available, stock.available) AS "available!",
             stock.safety_stock AS "safety_stock!",
             (bundle.available IS NOT NULL) AS "is_bundle!",
             CASE WHEN v.backorder_limit > 0 AND bundle.available IS NULL
                 THEN greatest(v.backorder_limit - coalesce((
                     SELECT q.waiting FROM inventory.backorder_counts q
                     WHERE q.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint
                         AND q.variant_id = v.id), 0), 0)::bigint
                 ELSE 0 END AS "backorder_left!",
             v.available_from AS "available_from: jiff_sqlx::Date"
         FROM catalog.variants v
         CROSS JOIN LATERAL (
             SELECT coalesce(sum(s.available), 0) AS available,
                 coalesce(sum(s.safety_stock), 0) AS safety_stock
             FROM inventory.stock s
             JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active
             WHERE s.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint
                 AND s.variant_id = v.id AND s.frozen_by IS NULL
         ) stock
         CROSS JOIN LATERAL (
             -- of a bundle: as many as its scarcest component makes
             SELECT min(part.available / b.quantity) AS available
             FROM catalog.bundle_components b
             CROSS JOIN LATERAL (
                 SELECT coalesce(sum(s.available), 0) AS available
                 FROM inventory.stock s
                 JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active
                 WHERE s.shard = (get_byte(uuid_send(b.component_id), 15) & 63)::smallint
                     AND s.variant_id = b.component_id AND s.frozen_by IS NULL
             ) part
             WHERE b.bundle_id = v.id
         ) bundle
         WHERE v.product_id = ANY ($1) AND v.active
         ORDER BY v.product_id, v.position, v.id"#,
        products,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

#[instrument(name = "db.queries.product_visible", skip_all, err)]
pub async fn visible_id(
    conn: &mut Connection,
    key: &ProductKey,
    now: Timestamp,
) -> DbResult<Option<Uuid>> {
    let (id, slug) = match key {
        ProductKey::Id(id) => (Some(id.as_uuid()), None),
        ProductKey::Slug(slug) => (None, Some(slug.as_str())),
    };
    let id = query_scalar!(
        "SELECT p.id FROM catalog.products p
         WHERE (p.id = $1 OR p.slug = $2) AND p.status = 'published' AND p.published_at <= $3",
        id,
        slug,
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id)
}

/// The slug of what had this one once.
#[instrument(name = "db.queries.product_moved_to", skip_all, err)]
pub async fn moved_to(
    conn: &mut Connection,
    slug: &str,
    now: Timestamp,
) -> DbResult<Option<String>> {
    let found = query_scalar!(
        "SELECT p.slug
         FROM catalog.former_product_slugs f
         JOIN catalog.products p ON p.id = f.product_id
         WHERE f.slug = $1 AND p.slug <> $1
             AND p.status = 'published' AND p.published_at <= $2",
        slug,
        now.to_sqlx() as _,
    )
    .fetch_optional(conn)
    .await?;
    Ok(found)
}

/// What only the product's own page shows.
pub struct PageRow {
    pub category_id: Uuid,
    pub description_zh: String,
    pub description_en: String,
    pub description_html_zh: String,
    pub description_html_en: String,
    pub tags: Vec<String>,
    pub options: serde_json::Value,
}

#[instrument(name = "db.queries.product_page", skip_all, err)]
pub async fn page(conn: &mut Connection, id: Uuid) -> DbResult<PageRow> {
    let row = query_as!(
        PageRow,
        "SELECT category_id, description_zh, description_en, description_html_zh,
             description_html_en, tags, options
         FROM catalog.products WHERE id = $1",
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(row)
}

#[instrument(name = "db.queries.product_images", skip_all, err)]
pub async fn images(conn: &mut Connection, id: Uuid) -> DbResult<Vec<ImageColumns>> {
    let rows = query_as!(
        ImageColumns,
        r#"SELECT i.object_key AS "key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             pic.renditions AS "renditions?: Json<Vec<KeptRendition>>"
         FROM catalog.images i
         LEFT JOIN catalog.pictures pic ON pic.object_key = i.object_key
         WHERE i.product_id = $1 ORDER BY i.position"#,
        id,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_patterns_are_taken_literally() {
        assert_eq!(escape_like(r"100%_\"), r"100\%\_\\");
        assert_eq!(escape_like("馬克杯"), "馬克杯");
    }
}
