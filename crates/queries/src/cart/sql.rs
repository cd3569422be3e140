//! The statements behind the cart.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{
    LocalizedText, Money, Quantity,
    id::{CartId, CategoryId, ProductId},
};
use pg::{Connection, DbError, DbResult};
use pricing::QuoteLine;
use sqlx::{query, query_as, types::Json};
use tracing::instrument;
use uuid::Uuid;

use super::CartItemView;
use crate::{
    Availability,
    corrupt::{corrupt, money},
    image::{ImageColumns, KeptRendition, KeptRenditions},
};

struct ItemRow {
    id: Uuid,
    variant_id: Uuid,
    product_id: Uuid,
    categories: Vec<Uuid>,
    quantity: i32,
    product_slug: String,
    sku: String,
    name_zh: String,
    name_en: String,
    variant_name_zh: String,
    variant_name_en: String,
    price: i64,
    image_key: Option<String>,
    alt_zh: Option<String>,
    alt_en: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    renditions: KeptRenditions,
    available: i64,
    safety_stock: i64,
    backorder_left: i64,
    available_from: Option<jiff_sqlx::Date>,
}

/// A line of a cart, with what it is to prices.
pub struct Item {
    /// As shoppers see it.
    pub view: CartItemView,
    product: ProductId,
    /// The category of its product, and all that this lies in.
    categories: Vec<CategoryId>,
}

impl Item {
    /// To be priced.
    pub fn line(&self) -> DbResult<QuoteLine<'_>> {
        let units = self.view.quantity;
        let quantity = Quantity::new(units.into());
        Ok(QuoteLine {
            variant: self.view.variant_id,
            product: self.product,
            categories: &self.categories,
            unit_price: self.view.unit_price,
            quantity: quantity.map_err(|_| corrupt("cart.items", "quantity", &units))?,
        })
    }
}

#[instrument(name = "db.queries.cart_items", skip_all, err)]
pub async fn items(conn: &mut Connection, cart: CartId, now: Timestamp) -> DbResult<Vec<Item>> {
    let rows = query_as!(
        ItemRow,
        r#"SELECT t.id, t.variant_id, v.product_id,
             catalog.category_path(p.category_id) AS "categories!",
             t.quantity, p.slug AS product_slug, v.sku,
             p.name_zh, p.name_en, v.name_zh AS variant_name_zh, v.name_en AS variant_name_en,
             v.price, i.object_key AS "image_key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             pic.renditions AS "renditions?: Json<Vec<KeptRendition>>",
             coalesce(bundle.available, stock.available) AS "available!",
             stock.safety_stock AS "safety_stock!",
             CASE WHEN v.backorder_limit > 0 AND bundle.available IS NULL
                     AND v.active AND p.status = 'published' AND p.published_at <= $2
                 THEN greatest(v.backorder_limit - coalesce((
                     SELECT q.waiting FROM inventory.backorder_counts q
                     WHERE q.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint
                         AND q.variant_id = v.id), 0), 0)::bigint
                 ELSE 0 END AS "backorder_left!",
             v.available_from AS "available_from: jiff_sqlx::Date"
         FROM cart.items t
         JOIN catalog.variants v ON v.id = t.variant_id
         JOIN catalog.products p ON p.id = v.product_id
         LEFT JOIN catalog.images i
             ON i.product_id = p.id AND i.position = coalesce(v.image_position, 0)
         LEFT JOIN catalog.pictures pic ON pic.object_key = i.object_key
         CROSS JOIN LATERAL (
             SELECT coalesce(sum(s.available), 0) AS available,
                 coalesce(sum(s.safety_stock), 0) AS safety_stock
             FROM inventory.stock s
             JOIN inventory.warehouses w ON w.id = s.warehouse_id AND w.active
             WHERE s.shard = (get_byte(uuid_send(v.id), 15) & 63)::smallint
                 AND s.variant_id = v.id AND s.frozen_by IS NULL
                 -- what is no longer sold is not available
                 AND v.active AND p.status = 'published' AND p.published_at <= $2
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
                     AND v.active AND p.status = 'published' AND p.published_at <= $2
             ) part
             WHERE b.bundle_id = v.id
         ) bundle
         WHERE t.cart_id = $1
         ORDER BY t.added_at, t.id"#,
        cart.as_uuid(),
        now.to_sqlx() as _,
    )
    .fetch_all(conn)
    .await?;
    let item = |mut row: ItemRow| -> DbResult<Item> {
        let categories = std::mem::take(&mut row.categories);
        let categories = categories.into_iter().map(CategoryId::from).collect();
        let product = ProductId::from(row.product_id);
        Ok(Item { view: row.try_into()?, product, categories })
    };
    rows.into_iter().map(item).collect()
}

impl TryFrom<ItemRow> for CartItemView {
    type Error = DbError;

    fn try_from(row: ItemRow) -> DbResult<Self> {
        let wrong = || corrupt("cart.items", "quantity", &row.quantity);
        let quantity = u32::try_from(row.quantity).map_err(|_| wrong())?;
        let unit_price = money("catalog.variants", "price", row.price)?;
        let line_total = unit_price.times(quantity).map_err(|_| wrong())?;
        let image = ImageColumns {
            key: row.image_key,
            alt_zh: row.alt_zh,
            alt_en: row.alt_en,
            width: row.width,
            height: row.height,
            renditions: row.renditions,
        };
        let ahead = i64::from(quantity).saturating_sub(row.available).min(row.backorder_left);
        let backordered = u32::try_from(ahead.max(0)).unwrap_or(0);
        let available_from = row.available_from.map(jiff_sqlx::Date::to_jiff);
        Ok(Self {
            id: row.id.into(),
            variant_id: row.variant_id.into(),
            product_slug: row.product_slug,
            sku: row.sku,
            name: LocalizedText::new(row.name_zh, row.name_en),
            variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
            image: image.into_image(),
            quantity,
            unit_price,
            line_total,
            usual_price: None,
            price_list: None,
            available: u32::try_from((row.available + row.backorder_left).clamp(0, 99))
                .unwrap_or(0),
            availability: Availability::of(row.available, row.safety_stock)
                .with_backorders(row.backorder_left),
            backordered,
            available_from: available_from.filter(|_| backordered > 0),
        })
    }
}

/// What a cart's lines do not tell.
pub struct Around {
    /// The lowest subtotal from which some shipping method costs nothing.
    pub free_from: Option<Money>,
    /// The coupon that was typed in.
    pub coupon_code: Option<String>,
}

#[instrument(name = "db.queries.around_cart", skip_all, err)]
pub async fn around(conn: &mut Connection, cart: Option<CartId>) -> DbResult<Around> {
    let row = query!(
        "SELECT (SELECT min(free_from) FROM shipping.methods WHERE active) AS free_from,
             (SELECT coupon_code FROM cart.carts WHERE id = $1) AS coupon_code",
        cart.map(CartId::as_uuid),
    )
    .fetch_one(conn)
    .await?;
    let free_from = row.free_from.map(|amount| money("shipping.methods", "free_from", amount));
    Ok(Around { free_from: free_from.transpose()?, coupon_code: row.coupon_code })
}
