//! The auditor's own SQL: it makes the shop of a scenario, and looks at everything in it. It reads
//! tables and calls no function of the product.

use std::collections::BTreeMap;

use inventory::StockKey;
use kernel::id::{VariantId, WarehouseId};
use pg::{Db, DbResult};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::{
    commands::{coupon_code, house_id, house_of, variant_id, variant_of},
    witness::NOTE,
};
use crate::simulation::{
    answer::{AttemptSeen, Observed, OrderSeen, StockSeen},
    models::PLACES,
    scenario::{Attempt, Coupon, Key, Off, World},
};

/// What a new shop has cleared away.
const CLEAR: &str = "
    TRUNCATE orders.orders, orders.lines, orders.transitions, orders.idempotency_keys,
        orders.purchases, orders.adjustments, inventory.stock, inventory.movements, inventory.reservations,
        inventory.fulfilments, payments.attempts, payments.transitions, payments.notices,
        payments.refunds, payments.refund_transitions, payments.refund_lines,
        outbox.events, outbox.deferred, outbox.jobs, pricing.redemptions, pricing.coupons";

/// Makes the shop of a world, in place of the one before.
pub async fn open(conn: &mut PgConnection, world: &World) -> sqlx::Result<()> {
    sqlx::raw_sql(CLEAR).execute(&mut *conn).await?;
    let houses: Vec<Uuid> = (0..world.houses).map(|house| house_id(house).as_uuid()).collect();
    sqlx::query("UPDATE inventory.warehouses SET active = id = ANY($1)")
        .bind(houses)
        .execute(&mut *conn)
        .await?;
    for (variant, (price, limit)) in (0_u8..).zip(world.prices.iter().zip(&world.limits)) {
        sqlx::query(
            "UPDATE catalog.variants SET price = $2, purchase_limit = $3
                  , purchase_limit_since = '2026-01-01' WHERE id = $1",
        )
        .bind(variant_id(variant).as_uuid())
        .bind(price)
        .bind(limit.map(u32::cast_signed))
        .execute(&mut *conn)
        .await?;
    }
    for (coupon, terms) in (0_u8..).zip(&world.coupons) {
        let (kind, value) = match terms.off {
            Off::Percent(percent) => ("percentage", i64::from(percent)),
            Off::Dollars(dollars) => ("amount", dollars),
            Off::Shipping => ("free_shipping", 0),
        };
        sqlx::query(
            "INSERT INTO pricing.coupons (code, kind, value, minimum_spend, total_limit
                  , per_customer_limit, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, '2026-01-01', '2026-01-01')",
        )
        .bind(coupon_code(coupon))
        .bind(kind)
        .bind(value)
        .bind(terms.minimum)
        .bind(terms.total.map(u32::cast_signed))
        .bind(terms.each.map(u32::cast_signed))
        .execute(&mut *conn)
        .await?;
    }
    let row = |(variant, house, units): &(u8, u8, u32)| {
        let variant = variant_id(*variant);
        let units = i32::try_from(*units).unwrap_or(i32::MAX);
        (variant.shard().to_i16(), variant.as_uuid(), house_id(*house).as_uuid(), units)
    };
    for (shard, variant, house, units) in world.stock.iter().map(row) {
        sqlx::query(
            "WITH stock AS (
                 INSERT INTO inventory.stock (shard, variant_id, warehouse_id, total, available, version)
                 VALUES ($1, $2, $3, $4, $4, least($4, 1)))
             INSERT INTO inventory.movements (shard, variant_id, warehouse_id, seq, kind, d_total,
                 d_available, d_reserved, d_sold, available_after, actor_kind, occurred_at)
             SELECT $1, $2, $3, 1, 'receive', $4, $4, 0, 0, $4, 'system', '2026-06-01T02:00:00Z'
              WHERE $4 > 0",
        )
        .bind(shard)
        .bind(variant)
        .bind(house)
        .bind(units)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Puts the warehouses where they are.
pub async fn place_houses(conn: &mut PgConnection) -> sqlx::Result<()> {
    for (code, latitude, longitude) in PLACES {
        sqlx::query(
            "UPDATE inventory.warehouses SET latitude = $2, longitude = $3 WHERE code = $1",
        )
        .bind(code)
        .bind(latitude)
        .bind(longitude)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// What is wrong with the notes the witness has taken of events.
pub async fn mistold(conn: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "WITH notes AS (
             SELECT (payload ->> 'event')::uuid AS event, (payload ->> 'number')::bigint AS number
               FROM outbox.jobs WHERE kind = $1),
         told AS (
             SELECT e.id, e.type, e.subject, e.position, count(n.event) AS times
                  , max(n.number) AS number
               FROM outbox.events e LEFT JOIN notes n ON n.event = e.id
              GROUP BY e.id, e.type, e.subject, e.position)
         SELECT format('event %s (%s) was handed over %s times', id, type, times)
           FROM told WHERE times <> 1
         UNION ALL
         SELECT format('%s was handed over after %s of the same subject', a.type, b.type)
           FROM told a JOIN told b USING (subject)
          WHERE a.position < b.position AND a.number > b.number",
    )
    .bind(NOTE)
    .fetch_all(conn)
    .await
}

/// Which of these processes wait for a lock.
pub async fn blocked(conn: &mut PgConnection, pids: &[i32]) -> sqlx::Result<Vec<i32>> {
    sqlx::query_scalar(
        "SELECT pid FROM unnest($1::int[]) AS pid WHERE cardinality(pg_blocking_pids(pid)) > 0",
    )
    .bind(pids)
    .fetch_all(conn)
    .await
}

/// Processes of the program that are still at work in this database.
pub async fn others(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'oxcart'",
    )
    .fetch_one(conn)
    .await
}

/// A stocktake takes hold of a row, or lets go of it: what the back office will do.
pub async fn freeze(db: &Db, row: StockKey, frozen: bool) -> DbResult<()> {
    let mut tx = db.begin().await?;
    sqlx::query(
        "UPDATE inventory.stock SET frozen_by = $4
          WHERE shard = $1 AND variant_id = $2 AND warehouse_id = $3",
    )
    .bind(row.variant.shard().to_i16())
    .bind(row.variant.as_uuid())
    .bind(row.warehouse.as_uuid())
    .bind(frozen.then(|| Uuid::from_u128(0xc0)))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Everything there is to see.
pub async fn observe(conn: &mut PgConnection) -> sqlx::Result<Observed> {
    let mut seen = Observed::default();
    stock(conn, &mut seen).await?;
    let keys = orders(conn, &mut seen).await?;
    holds(conn, &keys, &mut seen).await?;
    limits(conn, &keys, &mut seen).await?;
    payments(conn, &keys, &mut seen).await?;
    events(conn, &keys, &mut seen).await?;
    Ok(seen)
}

async fn stock(conn: &mut PgConnection, seen: &mut Observed) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "SELECT variant_id, warehouse_id, total, available, reserved, sold
              , frozen_by IS NOT NULL, safety_stock, version FROM inventory.stock",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let key =
            (variant_of(row.get::<Uuid, _>(0).into()), house_of(row.get::<Uuid, _>(1).into()));
        let stock = StockSeen {
            balance: [row.get(2), row.get(3), row.get(4), row.get(5)],
            frozen: row.get(6),
            safety: row.get(7),
            version: row.get(8),
        };
        seen.stock.insert(key, stock);
    }
    Ok(())
}

/// Orders by their keys.
type Keys = BTreeMap<Uuid, Key>;

async fn orders(conn: &mut PgConnection, seen: &mut Observed) -> sqlx::Result<Keys> {
    let rows = sqlx::query(
        "SELECT o.id, o.status, o.total, o.paid_at IS NOT NULL, k.key
              , (SELECT array_agg(l.variant_id ORDER BY l.line_no) FROM orders.lines l
                  WHERE l.shard = o.shard AND l.order_id = o.id)
              , (SELECT array_agg(l.quantity ORDER BY l.line_no) FROM orders.lines l
                  WHERE l.shard = o.shard AND l.order_id = o.id)
           FROM orders.orders o
           FULL JOIN orders.idempotency_keys k ON k.shard = o.shard AND k.order_id = o.id",
    )
    .fetch_all(conn)
    .await?;
    let mut keys = Keys::new();
    for row in rows {
        let (Some(id), Some(key)) = (row.get::<Option<Uuid>, _>(0), row.get::<Option<Uuid>, _>(4))
        else {
            seen.strays.push("an order without a key, or a key without an order".into());
            continue;
        };
        let key = key_of(key);
        let variants: Vec<Uuid> = row.get::<Option<Vec<Uuid>>, _>(5).unwrap_or_default();
        let units: Vec<i32> = row.get::<Option<Vec<i32>>, _>(6).unwrap_or_default();
        let lines = variants.into_iter().zip(units);
        seen.orders.entry(key).or_default().push(OrderSeen {
            id: id.as_u128(),
            status: row.get(1),
            total: row.get(2),
            lines: lines.map(|(v, n)| (variant_of(v.into()), i64::from(n))).collect(),
            paid: row.get(3),
        });
        keys.insert(id, key);
    }
    Ok(keys)
}

fn key_of(id: Uuid) -> Key {
    Key::try_from(id.as_u128().saturating_sub(0xa000)).unwrap_or(Key::MAX)
}

fn attempt_of(id: Uuid) -> Attempt {
    Attempt::try_from(id.as_u128().saturating_sub(0xb000)).unwrap_or(Attempt::MAX)
}

async fn holds(conn: &mut PgConnection, keys: &Keys, seen: &mut Observed) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "SELECT order_id, line_no, warehouse_id, variant_id, quantity, status = 'confirmed'
           FROM inventory.reservations WHERE status IN ('active', 'confirmed')",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let Some(key) = keys.get(&row.get::<Uuid, _>(0)) else {
            seen.strays.push("a reservation of no order".into());
            continue;
        };
        let line = u8::try_from(row.get::<i16, _>(1)).unwrap_or(u8::MAX);
        let house = house_of(WarehouseId::from(row.get::<Uuid, _>(2)));
        let variant = variant_of(VariantId::from(row.get::<Uuid, _>(3)));
        let hold = (variant, i64::from(row.get::<i32, _>(4)), row.get(5));
        seen.holds.insert((*key, line, house), hold);
    }
    Ok(())
}

async fn limits(conn: &mut PgConnection, keys: &Keys, seen: &mut Observed) -> sqlx::Result<()> {
    let rows = sqlx::query("SELECT variant_id, order_id, quantity FROM orders.purchases")
        .fetch_all(&mut *conn)
        .await?;
    for row in rows {
        let Some(key) = keys.get(&row.get::<Uuid, _>(1)) else {
            seen.strays.push("a purchase of no order".into());
            continue;
        };
        let variant = variant_of(row.get::<Uuid, _>(0).into());
        *seen.purchases.entry((variant, *key)).or_default() += i64::from(row.get::<i32, _>(2));
    }
    let rows = sqlx::query(
        "SELECT order_id, coupon, amount FROM pricing.redemptions WHERE released_at IS NULL",
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let Some(key) = keys.get(&row.get::<Uuid, _>(0)) else {
            seen.strays.push("a redemption of no order".into());
            continue;
        };
        seen.redemptions.insert(*key, (coupon_of(row.get(1)), row.get(2)));
    }
    let rows = sqlx::query("SELECT code, redeemed FROM pricing.coupons WHERE redeemed > 0")
        .fetch_all(conn)
        .await?;
    for row in rows {
        seen.redeemed.insert(coupon_of(row.get(0)), i64::from(row.get::<i32, _>(1)));
    }
    Ok(())
}

fn coupon_of(code: &str) -> Coupon {
    code.strip_prefix('C').and_then(|number| number.parse().ok()).unwrap_or(Coupon::MAX)
}

async fn payments(conn: &mut PgConnection, keys: &Keys, seen: &mut Observed) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "SELECT p.order_id, p.idempotency_key, p.merchant_trade_no, p.status, p.amount, p.kept
              , (SELECT array_agg(r.reason ORDER BY r.id) FROM payments.refunds r
                  WHERE r.shard = p.shard AND r.payment_id = p.id)
              , (SELECT array_agg(r.amount ORDER BY r.id) FROM payments.refunds r
                  WHERE r.shard = p.shard AND r.payment_id = p.id)
           FROM payments.attempts p",
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let Some(key) = keys.get(&row.get::<Uuid, _>(0)) else {
            seen.strays.push("a payment of no order".into());
            continue;
        };
        let reasons: Vec<String> = row.get::<Option<Vec<String>>, _>(6).unwrap_or_default();
        let amounts: Vec<i64> = row.get::<Option<Vec<i64>>, _>(7).unwrap_or_default();
        let attempt = AttemptSeen {
            trade_no: row.get(2),
            status: row.get(3),
            amount: row.get(4),
            kept: row.get(5),
            refunds: reasons.into_iter().zip(amounts).collect(),
        };
        seen.attempts.insert((*key, attempt_of(row.get(1))), attempt);
    }
    Ok(())
}

/// The events about orders, their payments, and stock that is low.
const COUNTED: [&str; 7] = [
    "order.created",
    "order.paid",
    "order.cancelled",
    "payment.succeeded",
    "payment.failed",
    "refund.requested",
    "inventory.low_stock",
];

async fn events(conn: &mut PgConnection, keys: &Keys, seen: &mut Observed) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "SELECT e.type, d ->> 'order_id', d ->> 'variant_id', d ->> 'warehouse_id'
           FROM outbox.events e, CAST(e.data AS jsonb) d WHERE e.type = ANY($1)",
    )
    .bind(&COUNTED[..])
    .fetch_all(conn)
    .await?;
    let mut events = BTreeMap::new();
    for row in rows {
        let kind: String = row.get(0);
        let id = |column: usize| {
            let text: Option<String> = row.get(column);
            text.and_then(|text| text.parse::<Uuid>().ok())
        };
        let name = match (id(1), id(2), id(3)) {
            (_, Some(variant), Some(house)) => {
                format!("{kind} v{} w{}", variant_of(variant.into()), house_of(house.into()))
            }
            (Some(order), ..) if keys.contains_key(&order) => format!("{kind} {}", keys[&order]),
            _ => format!("{kind} of nobody"),
        };
        *events.entry(name).or_default() += 1;
    }
    seen.events = Some(events);
    Ok(())
}
