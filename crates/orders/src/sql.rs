//! Every SQL statement of this module but the locks.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{Actor, Locale, LocalizedText, Money, Quantity, id::OrderId};
use pg::{Affected, Connection, DbError, DbResult, copy::Table};
use uuid::Uuid;

use crate::{
    idempotency::KnownKey,
    model::OrderStatus,
    placing::{Address, Contact, Line, NewOrder, Order},
    transition::StatusChange,
};

/// What a new order gives; the rest (`paid_at`) comes later.
const ORDERS: Table = Table {
    name: "orders.orders",
    columns: &[
        "shard",
        "id",
        "status",
        "customer_id",
        "locale",
        "contact_email",
        "contact_phone",
        "ship_name",
        "ship_phone",
        "ship_postal_code",
        "ship_city",
        "ship_district",
        "ship_address1",
        "ship_address2",
        "shipping_method",
        "payment_method",
        "coupon_code",
        "note",
        "currency",
        "subtotal",
        "discount",
        "shipping_fee",
        "total",
        "reserved_until",
        "created_at",
        "hold_customer",
        "hold_phone",
    ],
};

const LINES: Table = Table {
    name: "orders.lines",
    columns: &[
        "shard",
        "order_id",
        "line_no",
        "variant_id",
        "sku",
        "name_zh",
        "name_en",
        "variant_name_zh",
        "variant_name_en",
        "quantity",
        "unit_price",
        "line_total",
    ],
};

pub(crate) async fn insert_orders(conn: &mut Connection, new: &[NewOrder<'_>]) -> DbResult<()> {
    for NewOrder { order, .. } in new {
        order.assert_sound();
    }
    pg::copy::rows(conn, &ORDERS, new, |NewOrder { order: o, holder }, row| {
        row.put(o.id.shard().to_i16())
            .put(o.id.as_uuid())
            .put(o.status.as_str())
            .put(o.customer.map(kernel::id::UserId::as_uuid))
            .put(o.locale.tag())
            .put(o.contact.email.as_str())
            .put(o.contact.phone.as_str());
        let to = &o.shipping_address;
        row.put(to.name.as_str())
            .put(to.phone.as_str())
            .put(to.postal_code.as_str())
            .put(to.city.as_str())
            .put(to.district.as_str())
            .put(to.address1.as_str())
            .put(to.address2.as_deref());
        row.put(&*o.shipping_method)
            .put(&*o.payment_method)
            .put(o.coupon_code.as_deref())
            .put(o.note.as_deref())
            .put(o.total.currency().code())
            .put(o.subtotal.amount())
            .put(o.discount.amount())
            .put(o.shipping_fee.amount())
            .put(o.total.amount())
            .put(o.reserved_until)
            .put(o.created_at)
            .put(holder.map(|holder| holder.customer.to_i64()))
            .put(holder.map(|holder| holder.phone.to_i64()));
    })
    .await
}

pub(crate) async fn insert_lines(conn: &mut Connection, new: &[NewOrder<'_>]) -> DbResult<()> {
    let lines: Vec<(OrderId, &Line)> = new
        .iter()
        .flat_map(|NewOrder { order, .. }| order.lines.iter().map(|line| (order.id, line)))
        .collect();
    pg::copy::rows(conn, &LINES, &lines, |(order, line), row| {
        row.put(order.shard().to_i16())
            .put(order.as_uuid())
            .put(line.line_no)
            .put(line.variant.as_uuid())
            .put(&*line.sku)
            .put(&*line.name.zh_tw)
            .put(&*line.name.en)
            .put(&*line.variant_name.zh_tw)
            .put(&*line.variant_name.en)
            .put(line.quantity.to_i32())
            .put(line.unit_price.amount())
            .put(line.line_total.amount());
    })
    .await
}

pub(crate) async fn load(conn: &mut Connection, orders: &[OrderId]) -> DbResult<Vec<Order>> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = load_lines(conn, orders).await?;
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"
        SELECT o.id, o.status, o.customer_id, o.locale, o.contact_email, o.contact_phone
             , o.ship_name, o.ship_phone, o.ship_postal_code, o.ship_city, o.ship_district
             , o.ship_address1, o.ship_address2, o.shipping_method, o.payment_method, o.coupon_code
             , o.note
             , o.subtotal, o.discount, o.shipping_fee, o.total, o.reserved_until, o.created_at
             , o.paid_at
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, id)
          JOIN orders.orders AS o USING (shard, id)
         ORDER BY o.id
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = OrderId::from(row.id);
            Ok(Order {
                id,
                status: OrderStatus::parse(&row.status)
                    .ok_or_else(|| corrupt("orders.orders", "status", &row.status))?,
                customer: row.customer_id.map(Into::into),
                locale: if row.locale == Locale::En.tag() { Locale::En } else { Locale::ZhTw },
                contact: Arc::new(Contact {
                    email: row.contact_email.into(),
                    phone: row.contact_phone.into(),
                }),
                shipping_address: Arc::new(Address {
                    name: row.ship_name.into(),
                    phone: row.ship_phone.into(),
                    postal_code: row.ship_postal_code.into(),
                    city: row.ship_city.into(),
                    district: row.ship_district.into(),
                    address1: row.ship_address1.into(),
                    address2: row.ship_address2.map(Into::into),
                }),
                shipping_method: row.shipping_method.into(),
                payment_method: row.payment_method.into(),
                coupon_code: row.coupon_code,
                note: row.note,
                lines: lines.remove(&id).unwrap_or_default(),
                subtotal: money(row.subtotal)?,
                discount: money(row.discount)?,
                shipping_fee: money(row.shipping_fee)?,
                total: money(row.total)?,
                reserved_until: row.reserved_until.to_jiff(),
                created_at: row.created_at.to_jiff(),
                paid_at: row.paid_at.map(SqlTimestamp::to_jiff),
            })
        })
        .collect()
}

/// A line as it is read, as it was sold or as it is now.
struct LineRow {
    order_id: Uuid,
    line_no: i16,
    variant_id: Uuid,
    sku: String,
    name_zh: String,
    name_en: String,
    variant_name_zh: String,
    variant_name_en: String,
    quantity: i32,
    unit_price: i64,
    line_total: i64,
}

async fn load_lines(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Vec<Line>>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query_as!(
        LineRow,
        r#"
        SELECT l.order_id AS "order_id!", l.line_no AS "line_no!", l.variant_id AS "variant_id!"
             , l.sku AS "sku!", l.name_zh AS "name_zh!", l.name_en AS "name_en!"
             , l.variant_name_zh AS "variant_name_zh!", l.variant_name_en AS "variant_name_en!"
             , l.quantity AS "quantity!", l.unit_price AS "unit_price!"
             , l.line_total AS "line_total!"
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN orders.current_lines AS l USING (shard, order_id)
         ORDER BY l.order_id, l.line_no
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    lines_of(rows)
}

/// The lines of these orders as they were sold.
pub(crate) async fn load_sold_lines(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Vec<Line>>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query_as!(
        LineRow,
        r#"
        SELECT l.order_id, l.line_no, l.variant_id, l.sku, l.name_zh, l.name_en, l.variant_name_zh
             , l.variant_name_en, l.quantity, l.unit_price, l.line_total
          FROM unnest($1::smallint[], $2::uuid[]) AS wanted (shard, order_id)
          JOIN orders.lines AS l USING (shard, order_id)
         ORDER BY l.order_id, l.line_no
        "#,
        &shards,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    lines_of(rows)
}

fn lines_of(rows: Vec<LineRow>) -> DbResult<HashMap<OrderId, Vec<Line>>> {
    let mut lines: HashMap<OrderId, Vec<Line>> = HashMap::new();
    for row in rows {
        let line = Line {
            line_no: row.line_no,
            variant: row.variant_id.into(),
            sku: row.sku.into(),
            name: LocalizedText::new(row.name_zh, row.name_en),
            variant_name: LocalizedText::new(row.variant_name_zh, row.variant_name_en),
            quantity: Quantity::new(row.quantity.into())
                .map_err(|_| corrupt("orders.lines", "quantity", &row.quantity))?,
            unit_price: money(row.unit_price)?,
            line_total: money(row.line_total)?,
        };
        lines.entry(row.order_id.into()).or_default().push(line);
    }
    Ok(lines)
}

pub(crate) async fn change_status(
    conn: &mut Connection,
    changes: &[StatusChange],
    paid: bool,
    actor: Actor,
    reason: Option<&str>,
    at: Timestamp,
) -> DbResult<()> {
    let shards: Vec<i16> = changes.iter().map(|c| c.order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = changes.iter().map(|c| c.order.as_uuid()).collect();
    let from: Vec<&str> = changes.iter().map(|c| c.from.as_str()).collect();
    let to: Vec<&str> = changes.iter().map(|c| c.to.as_str()).collect();
    sqlx::query!(
        r#"
        UPDATE orders.orders AS o
           SET status = move.to_status
             , paid_at = CASE WHEN $6 THEN coalesce(o.paid_at, $5) ELSE o.paid_at END
          FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
               AS move (shard, id, from_status, to_status)
         WHERE o.shard = move.shard AND o.id = move.id AND o.status = move.from_status
        "#,
        &shards,
        &ids,
        &from as &[&str],
        &to as &[&str],
        at.to_sqlx(),
        paid,
    )
    .execute(&mut *conn)
    .await?
    .rows("change order status", changes.len())?;
    sqlx::query!(
        r#"
        INSERT INTO orders.transitions (shard, order_id, seq, from_status, to_status, actor_kind
             , actor_id, reason, occurred_at)
        SELECT move.shard, move.id
             , 1 + (SELECT count(*) FROM orders.transitions AS t
                     WHERE t.shard = move.shard AND t.order_id = move.id)::smallint
             , move.from_status, move.to_status, $5, $6, $7, $8
          FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
               AS move (shard, id, from_status, to_status)
        "#,
        &shards,
        &ids,
        &from as &[&str],
        &to as &[&str],
        actor.kind(),
        actor.user_id().map(kernel::id::UserId::as_uuid),
        reason,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?
    .rows("insert order transitions", changes.len())
}

pub(crate) async fn set_completes_at(
    conn: &mut Connection,
    order: OrderId,
    at: Option<Timestamp>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE orders.orders SET completes_at = $3 WHERE shard = $1 AND id = $2",
        order.shard().to_i16(),
        order.as_uuid(),
        at.map(ToSqlx::to_sqlx) as _,
    )
    .execute(conn)
    .await?
    .one_row("say when an order is completed")
}

pub(crate) async fn find_keys(conn: &mut Connection, keys: &[Uuid]) -> DbResult<Vec<KnownKey>> {
    let rows = sqlx::query!(
        "SELECT key, fingerprint, order_id FROM orders.idempotency_keys WHERE key = ANY($1)",
        keys
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let fingerprint = <[u8; 32]>::try_from(row.fingerprint.as_slice())
                .map_err(|_| corrupt("orders.idempotency_keys", "fingerprint", &row.key))?;
            Ok(KnownKey { key: row.key, fingerprint, order: row.order_id.into() })
        })
        .collect()
}

const IDEMPOTENCY_KEYS: Table = Table {
    name: "orders.idempotency_keys",
    columns: &["key", "shard", "fingerprint", "order_id", "created_at"],
};

pub(crate) async fn insert_keys(
    conn: &mut Connection,
    keys: &[KnownKey],
    at: Timestamp,
) -> DbResult<bool> {
    // In key order: two transactions that store the same keys wait for each other in one direction.
    let mut sorted: Vec<&KnownKey> = keys.iter().collect();
    sorted.sort_unstable_by_key(|known| known.key);
    let stored = pg::copy::rows(conn, &IDEMPOTENCY_KEYS, &sorted, |known, row| {
        row.put(known.key)
            .put(known.order.shard().to_i16())
            .put(known.fingerprint.as_slice())
            .put(known.order.as_uuid())
            .put(at);
    })
    .await;
    match stored {
        Err(error) if error.constraint() == Some("idempotency_keys_pkey") => Ok(false),
        stored => stored.map(|()| true),
    }
}

fn money(amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| corrupt("orders", "amount", &amount))
}

fn corrupt(table: &'static str, column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table, column, value: value.to_string() }
}
