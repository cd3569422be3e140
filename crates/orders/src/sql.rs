//! Every SQL statement of this module but the locks.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kernel::{Actor, Locale, LocalizedText, Money, Quantity, id::OrderId};
use pg::{Affected, Connection, DbError, DbResult};
use uuid::Uuid;

use crate::{
    idempotency::KnownKey,
    model::OrderStatus,
    placing::{Address, Contact, Line, Order},
    transition::StatusChange,
};

pub(crate) async fn insert_orders(conn: &mut Connection, orders: &[Order]) -> DbResult<()> {
    orders.iter().for_each(Order::assert_sound);
    let shards: Vec<i16> = orders.iter().map(|o| o.id.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|o| o.id.as_uuid()).collect();
    let statuses: Vec<&str> = orders.iter().map(|o| o.status.as_str()).collect();
    let customers: Vec<Option<Uuid>> =
        orders.iter().map(|o| o.customer.map(kernel::id::UserId::as_uuid)).collect();
    let locales: Vec<&str> = orders.iter().map(|o| o.locale.tag()).collect();
    let emails: Vec<&str> = orders.iter().map(|o| o.contact.email.as_str()).collect();
    let phones: Vec<&str> = orders.iter().map(|o| o.contact.phone.as_str()).collect();
    let addresses: Vec<serde_json::Value> = orders
        .iter()
        .map(|o| serde_json::to_value(&o.shipping_address).unwrap_or_default())
        .collect();
    let shipping: Vec<&str> = orders.iter().map(|o| o.shipping_method.as_str()).collect();
    let payment: Vec<&str> = orders.iter().map(|o| o.payment_method.as_str()).collect();
    let coupons: Vec<Option<&str>> = orders.iter().map(|o| o.coupon_code.as_deref()).collect();
    let notes: Vec<Option<&str>> = orders.iter().map(|o| o.note.as_deref()).collect();
    let currencies: Vec<&str> = orders.iter().map(|o| o.total.currency().code()).collect();
    let subtotals: Vec<i64> = orders.iter().map(|o| o.subtotal.amount()).collect();
    let discounts: Vec<i64> = orders.iter().map(|o| o.discount.amount()).collect();
    let fees: Vec<i64> = orders.iter().map(|o| o.shipping_fee.amount()).collect();
    let totals: Vec<i64> = orders.iter().map(|o| o.total.amount()).collect();
    let until: Vec<SqlTimestamp> = orders.iter().map(|o| o.reserved_until.to_sqlx()).collect();
    let created: Vec<SqlTimestamp> = orders.iter().map(|o| o.created_at.to_sqlx()).collect();
    let done = sqlx::query!(
        r#"
        INSERT INTO orders.orders (shard, id, status, customer_id, locale, contact_email
             , contact_phone, shipping_address, shipping_method, payment_method, coupon_code, note
             , currency, subtotal, discount, shipping_fee, total, reserved_until, created_at)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::uuid[], $5::text[]
             , $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::text[], $11::text[]
             , $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[]
             , $18::timestamptz[], $19::timestamptz[])
        "#,
        &shards,
        &ids,
        &statuses as &[&str],
        &customers as &[Option<Uuid>],
        &locales as &[&str],
        &emails as &[&str],
        &phones as &[&str],
        &addresses,
        &shipping as &[&str],
        &payment as &[&str],
        &coupons as &[Option<&str>],
        &notes as &[Option<&str>],
        &currencies as &[&str],
        &subtotals,
        &discounts,
        &fees,
        &totals,
        &until as &[SqlTimestamp],
        &created as &[SqlTimestamp],
    )
    .execute(conn)
    .await?;
    done.rows("insert orders", orders.len())
}

pub(crate) async fn insert_lines(conn: &mut Connection, orders: &[Order]) -> DbResult<()> {
    let lines: Vec<(OrderId, &Line)> =
        orders.iter().flat_map(|o| o.lines.iter().map(|line| (o.id, line))).collect();
    let shards: Vec<i16> = lines.iter().map(|(order, _)| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = lines.iter().map(|(order, _)| order.as_uuid()).collect();
    let numbers: Vec<i16> = lines.iter().map(|(_, l)| l.line_no).collect();
    let variants: Vec<Uuid> = lines.iter().map(|(_, l)| l.variant.as_uuid()).collect();
    let skus: Vec<&str> = lines.iter().map(|(_, l)| l.sku.as_str()).collect();
    let names_zh: Vec<&str> = lines.iter().map(|(_, l)| l.name.zh_tw.as_str()).collect();
    let names_en: Vec<&str> = lines.iter().map(|(_, l)| l.name.en.as_str()).collect();
    let variant_zh: Vec<&str> = lines.iter().map(|(_, l)| l.variant_name.zh_tw.as_str()).collect();
    let variant_en: Vec<&str> = lines.iter().map(|(_, l)| l.variant_name.en.as_str()).collect();
    let quantities: Vec<i32> = lines.iter().map(|(_, l)| l.quantity.to_i32()).collect();
    let prices: Vec<i64> = lines.iter().map(|(_, l)| l.unit_price.amount()).collect();
    let totals: Vec<i64> = lines.iter().map(|(_, l)| l.line_total.amount()).collect();
    let done = sqlx::query!(
        r#"
        INSERT INTO orders.lines (shard, order_id, line_no, variant_id, sku, name_zh, name_en
             , variant_name_zh, variant_name_en, quantity, unit_price, line_total)
        SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::uuid[], $5::text[]
             , $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[]
             , $12::bigint[])
        "#,
        &shards,
        &ids,
        &numbers,
        &variants,
        &skus as &[&str],
        &names_zh as &[&str],
        &names_en as &[&str],
        &variant_zh as &[&str],
        &variant_en as &[&str],
        &quantities,
        &prices,
        &totals,
    )
    .execute(conn)
    .await?;
    done.rows("insert order lines", lines.len())
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
             , o.shipping_address, o.shipping_method, o.payment_method, o.coupon_code, o.note
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
            let address: Address = serde_json::from_value(row.shipping_address)
                .map_err(|error| corrupt("orders.orders", "shipping_address", &error))?;
            Ok(Order {
                id,
                status: OrderStatus::parse(&row.status)
                    .ok_or_else(|| corrupt("orders.orders", "status", &row.status))?,
                customer: row.customer_id.map(Into::into),
                locale: if row.locale == Locale::En.tag() { Locale::En } else { Locale::ZhTw },
                contact: Contact { email: row.contact_email, phone: row.contact_phone },
                shipping_address: address,
                shipping_method: row.shipping_method,
                payment_method: row.payment_method,
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

async fn load_lines(
    conn: &mut Connection,
    orders: &[OrderId],
) -> DbResult<HashMap<OrderId, Vec<Line>>> {
    let shards: Vec<i16> = orders.iter().map(|order| order.shard().to_i16()).collect();
    let ids: Vec<Uuid> = orders.iter().map(|order| order.as_uuid()).collect();
    let rows = sqlx::query!(
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
    let mut lines: HashMap<OrderId, Vec<Line>> = HashMap::new();
    for row in rows {
        let line = Line {
            line_no: row.line_no,
            variant: row.variant_id.into(),
            sku: row.sku,
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
             , paid_at = CASE WHEN move.to_status = 'paid' THEN coalesce(o.paid_at, $5)
                              ELSE o.paid_at END
          FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
               AS move (shard, id, from_status, to_status)
         WHERE o.shard = move.shard AND o.id = move.id AND o.status = move.from_status
        "#,
        &shards,
        &ids,
        &from as &[&str],
        &to as &[&str],
        at.to_sqlx(),
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

pub(crate) async fn insert_keys(
    conn: &mut Connection,
    keys: &[KnownKey],
    at: Timestamp,
) -> DbResult<bool> {
    let uuids: Vec<Uuid> = keys.iter().map(|k| k.key).collect();
    let shards: Vec<i16> = keys.iter().map(|k| k.order.shard().to_i16()).collect();
    let fingerprints: Vec<Vec<u8>> = keys.iter().map(|k| k.fingerprint.to_vec()).collect();
    let orders: Vec<Uuid> = keys.iter().map(|k| k.order.as_uuid()).collect();
    let done = sqlx::query!(
        r#"
        INSERT INTO orders.idempotency_keys (key, shard, fingerprint, order_id, created_at)
        SELECT key, shard, fingerprint, order_id, $5
          FROM unnest($1::uuid[], $2::smallint[], $3::bytea[], $4::uuid[])
               AS new (key, shard, fingerprint, order_id)
         ORDER BY key
        ON CONFLICT DO NOTHING
        "#,
        &uuids,
        &shards,
        &fingerprints,
        &orders,
        at.to_sqlx(),
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|inserted| inserted == keys.len()))
}

pub(crate) async fn forget_keys(
    conn: &mut Connection,
    before: Timestamp,
    limit: i64,
) -> DbResult<u64> {
    let done = sqlx::query!(
        r#"
        DELETE FROM orders.idempotency_keys
         WHERE (key, shard) IN (SELECT key, shard FROM orders.idempotency_keys
                                 WHERE created_at < $1 LIMIT $2)
        "#,
        before.to_sqlx(),
        limit,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

fn money(amount: i64) -> DbResult<Money> {
    Money::twd(amount).map_err(|_| corrupt("orders", "amount", &amount))
}

fn corrupt(table: &'static str, column: &'static str, value: &impl std::fmt::Display) -> DbError {
    DbError::Corrupt { table, column, value: value.to_string() }
}
