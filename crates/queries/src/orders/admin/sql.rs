//! The statements behind the back office's orders.

use jiff_sqlx::Timestamp;
use kernel::{
    PageLimit,
    id::{OrderId, UserId, WarehouseId},
};
use orders::OrderNumber;
use pg::{Connection, DbError, DbResult};
use serde_json::Value;
use sqlx::{query, query_as, query_scalar};
use tracing::instrument;
use uuid::Uuid;

use super::{AdminOrderSummary, EditView, OrderFilter, list::Search};
use crate::{
    corrupt::{corrupt, money},
    orders::{OrderStatusWord, PaymentStatusWord, status},
};

/// The smallest id of an order that is placed at `at`.
fn first_id(at: jiff::Timestamp) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// `%`, `_` and `\` as they are.
fn literally(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The orders of a page, and one more. Each shard gives its newest, by its primary key; so no index is
/// kept for this list, which every order would pay for.
#[instrument(name = "db.queries.admin_orders", skip_all, err)]
pub async fn list(
    conn: &mut Connection,
    filter: &OrderFilter,
    search: &Search,
    after: Option<Uuid>,
    limit: PageLimit,
) -> DbResult<Vec<AdminOrderSummary>> {
    let (first, last) = search.ids.unzip();
    let words = search.words.as_deref().map(literally);
    let ids = query_scalar!(
        r#"
        SELECT o.id AS "id!"
          FROM generate_series(0, 63) AS lane (shard)
         CROSS JOIN LATERAL (
               SELECT o.id
                 FROM orders.orders AS o
                WHERE o.shard = lane.shard::smallint
                  AND ($1::uuid IS NULL OR o.id < $1)
                  AND ($2::text IS NULL OR o.status = $2)
                  AND ($3::uuid IS NULL OR o.id >= $3)
                  AND ($4::uuid IS NULL OR o.id < $4)
                  AND ($5::text IS NULL OR o.payment_method = $5)
                  AND ($6::text IS NULL OR EXISTS (
                          SELECT FROM payments.attempts AS a
                           WHERE a.shard = o.shard AND a.order_id = o.id AND a.status = $6))
                  AND ($7::uuid IS NULL OR EXISTS (
                          SELECT FROM inventory.every_reservation AS r
                           WHERE r.shard = o.shard AND r.order_id = o.id AND r.warehouse_id = $7))
                  AND ($8::uuid IS NULL OR o.id BETWEEN $8 AND $9)
                  AND ($10::text IS NULL OR lower(o.contact_email) = lower($10))
                  AND ($11::text IS NULL OR $11 IN (
                          regexp_replace(o.contact_phone, '[^0-9]', '', 'g')
                        , regexp_replace(o.ship_phone, '[^0-9]', '', 'g')))
                  AND ($12::text IS NULL OR o.ship_name ILIKE '%' || $12 || '%' OR EXISTS (
                          SELECT FROM orders.lines AS l
                           WHERE l.shard = o.shard AND l.order_id = o.id
                             AND l.sku ILIKE $12 || '%'))
                ORDER BY o.id DESC
                LIMIT $13) AS o
         ORDER BY o.id DESC
         LIMIT $13
        "#,
        after,
        filter.status.map(OrderStatusWord::as_str),
        filter.from.map(first_id),
        filter.until.map(first_id),
        filter.payment_method,
        filter.payment_status.map(PaymentStatusWord::as_str),
        filter.warehouse.map(WarehouseId::as_uuid),
        first,
        last,
        search.email,
        search.phone,
        words,
        limit.fetch(),
    )
    .fetch_all(&mut *conn)
    .await?;
    summaries(conn, &ids).await
}

struct SummaryRow {
    id: Uuid,
    status: String,
    customer_id: Option<Uuid>,
    email: String,
    receiver: String,
    city: String,
    district: String,
    payment_method: String,
    shipping_method: String,
    total: i64,
    created_at: Timestamp,
    paid_at: Option<Timestamp>,
    units: i64,
    parcels: i64,
    payment_status: Option<String>,
}

/// What is shown of these orders, the newest first.
async fn summaries(conn: &mut Connection, ids: &[Uuid]) -> DbResult<Vec<AdminOrderSummary>> {
    let shards: Vec<i16> = ids.iter().map(|id| OrderId::from(*id).shard().to_i16()).collect();
    let rows = query_as!(
        SummaryRow,
        r#"
        SELECT o.id, o.status, o.customer_id, o.contact_email AS email, o.ship_name AS receiver
             , o.ship_city AS city, o.ship_district AS district, o.payment_method
             , o.shipping_method, o.total, o.created_at AS "created_at: Timestamp"
             , o.paid_at AS "paid_at: Timestamp"
             , coalesce((SELECT sum(l.quantity) FROM orders.current_lines AS l
                          WHERE l.shard = o.shard AND l.order_id = o.id), 0) AS "units!"
             , (SELECT count(*) FROM shipping.shipments AS s
                 WHERE s.shard = o.shard AND s.order_id = o.id
                   AND s.status <> 'cancelled') AS "parcels!"
             , (SELECT a.status FROM payments.attempts AS a
                 WHERE a.shard = o.shard AND a.order_id = o.id
                 ORDER BY (a.kept AND a.paid_at IS NOT NULL) DESC, a.created_at DESC, a.id DESC
                 LIMIT 1) AS "payment_status?"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN orders.orders AS o ON o.shard = wanted.shard AND o.id = wanted.id
         ORDER BY o.id DESC
        "#,
        &shards,
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(AdminOrderSummary::try_from).collect()
}

impl TryFrom<SummaryRow> for AdminOrderSummary {
    type Error = DbError;

    fn try_from(row: SummaryRow) -> DbResult<Self> {
        let word = |word: &str| {
            status::read(word).ok_or_else(|| corrupt("payments.attempts", "status", &word))
        };
        let units = |units: i64| {
            u32::try_from(units).map_err(|_| corrupt("orders.lines", "quantity", &units))
        };
        Ok(Self {
            id: row.id.into(),
            number: OrderNumber::of(row.id.into()).to_string(),
            status: status::read(&row.status)
                .ok_or_else(|| corrupt("orders.orders", "status", &row.status))?,
            payment_status: row.payment_status.as_deref().map(word).transpose()?,
            payment_method: row.payment_method,
            shipping_method: row.shipping_method,
            customer_id: row.customer_id.map(UserId::from),
            email: row.email,
            receiver: row.receiver,
            place: format!("{}{}", row.city, row.district),
            total: money("orders.orders", "total", row.total)?,
            item_count: units(row.units)?,
            parcels: units(row.parcels)?,
            created_at: row.created_at.to_jiff(),
            paid_at: row.paid_at.map(Timestamp::to_jiff),
        })
    }
}

/// What only the back office knows of an order.
pub struct Backside {
    pub locale: String,
    pub coupon_code: Option<String>,
    pub completes_at: Option<Timestamp>,
}

#[instrument(name = "db.queries.admin_order", skip_all, err)]
pub async fn backside(conn: &mut Connection, id: OrderId) -> DbResult<Option<Backside>> {
    Ok(query_as!(
        Backside,
        r#"SELECT locale, coupon_code, completes_at AS "completes_at: Timestamp"
         FROM orders.orders WHERE shard = $1 AND id = $2"#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?)
}

#[instrument(name = "db.queries.order_version", skip_all, err)]
pub async fn version(conn: &mut Connection, id: OrderId) -> DbResult<i64> {
    Ok(query_scalar!(
        r#"SELECT 1 + (SELECT count(*) FROM orders.transitions WHERE shard = $1 AND order_id = $2)
                 + (SELECT count(*) FROM orders.edits WHERE shard = $1 AND order_id = $2) AS "n!""#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_one(conn)
    .await?)
}

#[instrument(name = "db.queries.order_edits", skip_all, err)]
pub async fn edits(conn: &mut Connection, id: OrderId) -> DbResult<Vec<EditView>> {
    let rows = query!(
        r#"SELECT actor_id, reason, occurred_at AS "at: Timestamp", before AS "before: Value",
             after AS "after: Value", total_before, total_after, refunded
         FROM orders.edits WHERE shard = $1 AND order_id = $2 ORDER BY seq"#,
        id.shard().to_i16(),
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    let view = rows.into_iter().map(|row| {
        Ok(EditView {
            at: row.at.to_jiff(),
            by: row.actor_id.map(UserId::from),
            reason: row.reason,
            before: row.before,
            after: row.after,
            total_before: money("orders.edits", "total_before", row.total_before)?,
            total_after: money("orders.edits", "total_after", row.total_after)?,
            refunded: money("orders.edits", "refunded", row.refunded)?,
        })
    });
    view.collect()
}
