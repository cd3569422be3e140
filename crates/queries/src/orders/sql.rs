//! The statements behind the orders' pages. Each names the order's shard: one node answers it.

use jiff_sqlx::Timestamp;
use kernel::{
    LocalizedText, PageLimit,
    id::{OrderId, UserId},
};
use orders::OrderNumber;
use pg::{Connection, DbError, DbResult};
use serde::de::DeserializeOwned;
use sqlx::{query, query_as, types::Json};
use tracing::instrument;
use uuid::Uuid;

use super::{
    AddressView, ContactView, OrderItemView, OrderPaymentView, OrderSummary, OrderView,
    PaymentCodeView, TimelineEntry, status,
};
use crate::{
    bundles,
    corrupt::{corrupt, money},
    image::{ImageColumns, KeptRendition, KeptRenditions},
};

fn word<T: DeserializeOwned>(table: &'static str, word: &str) -> DbResult<T> {
    status::read(word).ok_or_else(|| corrupt(table, "status", &word))
}

fn units(quantity: impl TryInto<u32> + Copy + std::fmt::Display) -> DbResult<u32> {
    quantity.try_into().map_err(|_| corrupt("orders.lines", "quantity", &quantity))
}

struct OrderRow {
    id: Uuid,
    status: String,
    customer_id: Option<Uuid>,
    contact_email: String,
    contact_phone: String,
    ship_name: String,
    ship_phone: String,
    ship_postal_code: String,
    ship_city: String,
    ship_district: String,
    ship_address1: String,
    ship_address2: Option<String>,
    shipping_method: String,
    payment_method: String,
    note: Option<String>,
    subtotal: i64,
    discount: i64,
    shipping_fee: i64,
    total: i64,
    reserved_until: Timestamp,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
}

/// The order itself, without lines and payments, and with the first step of its timeline.
#[instrument(name = "db.queries.order", skip_all, err)]
pub async fn order(conn: &mut Connection, id: OrderId) -> DbResult<Option<OrderView>> {
    let row = query_as!(
        OrderRow,
        r#"SELECT id, status, customer_id, contact_email, contact_phone,
             ship_name, ship_phone, ship_postal_code, ship_city, ship_district, ship_address1,
             ship_address2, shipping_method, payment_method, note, subtotal, discount, shipping_fee, total, reserved_until,
             created_at, paid_at
         FROM orders.orders WHERE shard = $1 AND id = $2"#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(OrderView::try_from).transpose()
}

impl TryFrom<OrderRow> for OrderView {
    type Error = DbError;

    fn try_from(row: OrderRow) -> DbResult<Self> {
        let id = OrderId::from(row.id);
        let created_at = row.created_at.to_jiff();
        let total = money("orders.orders", "total", row.total)?;
        Ok(Self {
            id,
            number: OrderNumber::of(id).to_string(),
            customer: row.customer_id.map(UserId::from),
            status: word("orders.orders", &row.status)?,
            items: Vec::new(),
            contact: ContactView { email: row.contact_email, phone: row.contact_phone },
            shipping_address: AddressView {
                name: row.ship_name,
                phone: row.ship_phone,
                postal_code: row.ship_postal_code,
                city: row.ship_city,
                district: row.ship_district,
                address1: row.ship_address1,
                address2: row.ship_address2,
            },
            shipping_method: row.shipping_method,
            payment_method: row.payment_method,
            note: row.note,
            subtotal: money("orders.orders", "subtotal", row.subtotal)?,
            discount: money("orders.orders", "discount", row.discount)?,
            shipping_fee: money("orders.orders", "shipping_fee", row.shipping_fee)?,
            adjustments: Vec::new(),
            total,
            vat_included: pricing::vat_included(total),
            reserved_until: row.reserved_until.to_jiff(),
            created_at,
            paid_at: row.paid_at.map(Timestamp::to_jiff),
            payments: Vec::new(),
            shipments: Vec::new(),
            returns: Vec::new(),
            timeline: vec![TimelineEntry::placed(id, created_at)],
        })
    }
}

struct ItemRow {
    line_no: i16,
    variant_id: Uuid,
    product_slug: Option<String>,
    sku: String,
    name_zh: String,
    name_en: String,
    variant_name_zh: String,
    variant_name_en: String,
    quantity: i32,
    unit_price: i64,
    line_total: i64,
    image_key: Option<String>,
    alt_zh: Option<String>,
    alt_en: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    renditions: KeptRenditions,
    is_bundle: bool,
    waiting: i64,
}

#[instrument(name = "db.queries.order_items", skip_all, err)]
pub async fn items(conn: &mut Connection, id: OrderId) -> DbResult<Vec<OrderItemView>> {
    let rows = query_as!(
        ItemRow,
        r#"SELECT l.line_no AS "line_no!", l.variant_id AS "variant_id!",
             p.slug AS "product_slug?", l.sku AS "sku!", l.name_zh AS "name_zh!",
             l.name_en AS "name_en!", l.variant_name_zh AS "variant_name_zh!",
             l.variant_name_en AS "variant_name_en!", l.quantity AS "quantity!",
             l.unit_price AS "unit_price!", l.line_total AS "line_total!",
             i.object_key AS "image_key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             pic.renditions AS "renditions?: Json<Vec<KeptRendition>>",
             EXISTS (SELECT FROM orders.line_components c WHERE c.shard = l.shard
                 AND c.order_id = l.order_id AND c.line_no = l.line_no) AS "is_bundle!",
             coalesce((SELECT sum(b.waiting) FROM inventory.backorders b WHERE b.shard = l.shard
                 AND b.order_id = l.order_id AND b.line_no = l.line_no
                 AND b.status = 'waiting'), 0) AS "waiting!"
         FROM orders.current_lines l
         LEFT JOIN catalog.variants v ON v.id = l.variant_id
         LEFT JOIN catalog.products p ON p.id = v.product_id
         LEFT JOIN catalog.images i
             ON i.product_id = p.id AND i.position = coalesce(v.image_position, 0)
         LEFT JOIN catalog.pictures pic ON pic.object_key = i.object_key
         WHERE l.shard = $1 AND l.order_id = $2
         ORDER BY l.line_no"#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let with_bundles = rows.iter().any(|row| row.is_bundle);
    let mut items =
        rows.into_iter().map(OrderItemView::try_from).collect::<DbResult<Vec<OrderItemView>>>()?;
    if with_bundles {
        for (line_no, part) in bundles::of_lines(conn, id).await? {
            let line = items.iter_mut().find(|item| item.line_no == line_no);
            if let Some(item) = line {
                item.components.push(part);
            }
        }
    }
    Ok(items)
}

impl TryFrom<ItemRow> for OrderItemView {
    type Error = DbError;

    fn try_from(row: ItemRow) -> DbResult<Self> {
        let image = ImageColumns {
            key: row.image_key,
            alt_zh: row.alt_zh,
            alt_en: row.alt_en,
            width: row.width,
            height: row.height,
            renditions: row.renditions,
        };
        Ok(Self {
            line_no: row.line_no,
            variant_id: row.variant_id.into(),
            product_slug: row.product_slug.unwrap_or_default().into(),
            sku: row.sku.into(),
            name: LocalizedText::new(row.name_zh, row.name_en),
            variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
            image: image.into_image(),
            quantity: units(row.quantity)?,
            unit_price: money("orders.lines", "unit_price", row.unit_price)?,
            line_total: money("orders.lines", "line_total", row.line_total)?,
            backordered: units(row.waiting)?,
            components: Vec::new(),
        })
    }
}

struct PaymentRow {
    id: Uuid,
    status: String,
    method: String,
    amount: i64,
    merchant_trade_no: String,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
    pay_until: Option<Timestamp>,
    code: Option<serde_json::Value>,
    received: i64,
    provider: String,
}

#[instrument(name = "db.queries.order_payments", skip_all, err)]
pub async fn payments(conn: &mut Connection, id: OrderId) -> DbResult<Vec<OrderPaymentView>> {
    let rows = query_as!(
        PaymentRow,
        "SELECT id, status, method, amount, merchant_trade_no, created_at, paid_at, pay_until, code,
             received, provider
         FROM payments.attempts WHERE shard = $1 AND order_id = $2
         ORDER BY created_at, id",
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(OrderPaymentView::try_from).collect()
}

impl TryFrom<PaymentRow> for OrderPaymentView {
    type Error = DbError;

    fn try_from(row: PaymentRow) -> DbResult<Self> {
        Ok(Self {
            id: row.id.into(),
            status: word("payments.attempts", &row.status)?,
            method: row.method,
            amount: money("payments.attempts", "amount", row.amount)?,
            merchant_trade_no: row.merchant_trade_no,
            created_at: row.created_at.to_jiff(),
            paid_at: row.paid_at.map(Timestamp::to_jiff),
            pay_until: row.pay_until.map(Timestamp::to_jiff),
            code: row.code.map(payment_code).transpose()?,
            received: money("payments.attempts", "received", row.received)?,
            transfer: None,
            provider: row.provider,
        })
    }
}

fn payment_code(code: serde_json::Value) -> DbResult<PaymentCodeView> {
    let read = serde_json::from_value(code);
    read.map_err(|error: serde_json::Error| corrupt("payments.attempts", "code", &error))
}

/// One row more than a page holds.
#[instrument(name = "db.queries.orders_of_customer", skip_all, err)]
pub async fn of_customer(
    conn: &mut Connection,
    customer: UserId,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Vec<OrderSummary>> {
    let rows = query!(
        r#"SELECT o.id, o.status, o.total, o.created_at, item.units AS "units!",
             i.object_key AS "key?", i.alt_zh AS "alt_zh?", i.alt_en AS "alt_en?",
             i.width AS "width?", i.height AS "height?",
             pic.renditions AS "renditions?: Json<Vec<KeptRendition>>"
         FROM orders.orders o
         CROSS JOIN LATERAL (
             SELECT sum(l.quantity) AS units, (array_agg(l.variant_id ORDER BY l.line_no))[1] AS first
             FROM orders.current_lines l WHERE l.shard = o.shard AND l.order_id = o.id
         ) item
         LEFT JOIN catalog.variants v ON v.id = item.first
         LEFT JOIN catalog.images i
             ON i.product_id = v.product_id AND i.position = coalesce(v.image_position, 0)
         LEFT JOIN catalog.pictures pic ON pic.object_key = i.object_key
         WHERE o.customer_id = $1 AND ($2::uuid IS NULL OR o.id < $2)
         ORDER BY o.id DESC
         LIMIT $3"#,
        customer.as_uuid(),
        after,
        limit.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let summary = rows.into_iter().map(|row| {
        let image = ImageColumns {
            key: row.key,
            alt_zh: row.alt_zh,
            alt_en: row.alt_en,
            width: row.width,
            height: row.height,
            renditions: row.renditions,
        };
        Ok(OrderSummary {
            id: row.id.into(),
            number: OrderNumber::of(row.id.into()).to_string(),
            status: word("orders.orders", &row.status)?,
            total: money("orders.orders", "total", row.total)?,
            item_count: units(row.units)?,
            created_at: row.created_at.to_jiff(),
            first_image: image.into_image(),
        })
    });
    summary.collect()
}
