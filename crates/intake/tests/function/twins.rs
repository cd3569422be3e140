//! Two databases with the same shop: one is served by the engine, the other by the function.

use std::{fmt::Write as _, sync::Arc};

use intake::{PlaceOrder, RequestedLine};
use kernel::{Locale, Money, Quantity};
use orders::{Address, Contact};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use testkit::TestDb;
use uuid::Uuid;

use crate::world::{Ask, World, account, warehouse};

const EMPTY: &str = "
    TRUNCATE catalog.categories, catalog.products, catalog.variants, catalog.images,
        inventory.warehouses, inventory.stock, inventory.movements, inventory.reservations,
        orders.orders, orders.lines, orders.line_components, orders.adjustments, orders.transitions, orders.idempotency_keys, orders.purchases,
        outbox.events, shipping.methods, identity.users CASCADE;
    INSERT INTO shipping.methods (code, name_zh, name_en, description_zh, description_en, fee,
        free_from, position, active)
    VALUES ('home_delivery', '', '', '', '', 80, 1000, 1, true),
           ('pickup', '', '', '', '', 0, NULL, 2, true), ('closed', '', '', '', '', 0, 0, 3, false);
    INSERT INTO catalog.categories (id, slug, name_zh, name_en, position)
    VALUES ('01990000-0000-7000-8000-00000000c000', 'all', '', '', 1);";

/// One open stocktake a warehouse, of its frozen rows.
const COUNTED: &str = "
    INSERT INTO inventory.stocktakes (id, warehouse_id, status, counts_required, note, version,
        opened_by, opened_at, expires_at)
    SELECT DISTINCT frozen_by, warehouse_id, 'open', 1, '', 1, warehouse_id, now(),
           now() + interval '1 day'
      FROM inventory.stock WHERE frozen_by IS NOT NULL;
    INSERT INTO inventory.stocktake_lines (stocktake_id, variant_id, expected, promised)
    SELECT frozen_by, variant_id, total, 0 FROM inventory.stock WHERE frozen_by IS NOT NULL;";

/// Everything an order leaves behind, one text a row, without times. What is ordered by the run of
/// things (events, the ledger) stays in that order; the rest is sorted after ids were named.
const TRACES: &[(&str, bool, &str)] = &[
    ("stock", true, "SELECT to_jsonb(s)::text FROM inventory.stock s ORDER BY variant_id, warehouse_id"),
    ("movements", true, "SELECT (to_jsonb(m) - 'occurred_at')::text FROM inventory.movements m
      ORDER BY variant_id, warehouse_id, seq"),
    ("events", true, "SELECT (to_jsonb(e) - '{id,tx,occurred_at,position}'::text[]
          || jsonb_build_object('data', data::jsonb - 'reserved_until', 'until', (
              SELECT intake.rfc3339(o.reserved_until) = data::jsonb ->> 'reserved_until'
                FROM orders.orders o WHERE o.id = e.subject)))::text
      FROM outbox.events e ORDER BY position"),
    ("orders", false, "SELECT (to_jsonb(o) - '{created_at,reserved_until}'::text[]
          || jsonb_build_object('held', o.reserved_until - o.created_at))::text FROM orders.orders o"),
    ("lines", false, "SELECT to_jsonb(l)::text FROM orders.lines l"),
    ("components", false, "SELECT to_jsonb(c)::text FROM orders.line_components c"),
    ("reservations", false, "SELECT (to_jsonb(r) - '{created_at,expires_at}'::text[]
          || jsonb_build_object('held', r.expires_at - r.created_at))::text
      FROM inventory.reservations r"),
    ("purchases", false, "SELECT to_jsonb(p)::text FROM orders.purchases p"),
    ("keys", false, "SELECT json_build_array(shard, order_id)::text FROM orders.idempotency_keys"),
    ("transitions", false, "SELECT to_jsonb(t)::text FROM orders.transitions t"),
];

pub struct Twins {
    pub engine: TestDb,
    pub function: TestDb,
}

impl Twins {
    pub async fn new() -> Self {
        Self { engine: TestDb::new().await, function: TestDb::new().await }
    }

    /// Empties both and opens the shop in each.
    pub async fn open(&self, world: &World) {
        let sql = format!("{EMPTY}{}", furnish(world));
        for test in [&self.engine, &self.function] {
            let mut conn = test.owner().acquire().await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut *conn).await.unwrap();
        }
    }
}

fn furnish(world: &World) -> String {
    let mut sql = String::new();
    for number in 0..2 {
        let id = account(number);
        writeln!(
            sql,
            "INSERT INTO identity.users (id, email, name, password_hash, created_at, updated_at)
            VALUES ('{id}', '{number}@example.com', '', '', now(), now());"
        )
        .unwrap();
    }
    for (number, house) in world.warehouses.iter().enumerate() {
        let (id, (latitude, longitude)) = (warehouse(number), house.place);
        writeln!(
            sql,
            "INSERT INTO inventory.warehouses VALUES ('{id}', 'W{number}', '', '', '', '', '', '',
            {latitude}, {longitude}, {}, {});",
            house.priority, house.active
        )
        .unwrap();
    }
    for (number, item) in world.variants.iter().enumerate() {
        let id = world.variant(number);
        let published =
            if item.product == "later" { "now() + interval '1 year'" } else { "'2020-01-01'" };
        let status = if item.product == "draft" { "draft" } else { "published" };
        let number_or_null = |it: Option<i32>| it.map_or("NULL".to_owned(), |it| it.to_string());
        let (limit, minutes) = (number_or_null(item.limit), number_or_null(item.minutes));
        writeln!(sql, "INSERT INTO catalog.products (id, slug, category_id, name_zh, name_en, status,
                published_at, created_at, updated_at)
            VALUES ('{id}', 'p{number}', '01990000-0000-7000-8000-00000000c000', '商品 {number}',
                'Product {number}', '{status}', {published}, now(), now());
            INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, price, position, active,
                purchase_limit, reservation_minutes)
            VALUES ('{id}', '{id}', 'SKU-{number}', '款 {number}', 'V {number}', {}, 1, {}, {limit},
                {minutes});",
            item.price, item.active).unwrap();
        for (place, cell) in item.stock.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let (house, units, version) = (warehouse(place), cell.units, cell.units.min(1));
            let frozen = if cell.frozen { format!("'{house}'") } else { "NULL".to_owned() };
            writeln!(
                sql,
                "INSERT INTO inventory.stock VALUES ({}, '{id}', '{house}', {units}, {units}, 0, 0,
                    {}, {frozen}, {version});
                INSERT INTO inventory.movements SELECT {}, '{id}', '{house}', 1, 'receive', {units},
                    {units}, 0, 0, {units}, NULL, 'system', NULL, NULL, now() WHERE {units} > 0;",
                item.shard, cell.safety, item.shard
            )
            .unwrap();
        }
        for (part, quantity) in &item.parts {
            let part = world.variant(*part);
            writeln!(
                sql,
                "INSERT INTO catalog.bundle_components VALUES ('{id}', '{part}', {quantity});"
            )
            .unwrap();
        }
    }
    sql.push_str(COUNTED);
    sql
}

/// The request in the engine's form.
pub fn to_engine(world: &World, ask: &Ask, key: Uuid, body: u8) -> PlaceOrder {
    let line = |wish: &crate::world::Wish| RequestedLine {
        variant: world.wanted(wish),
        quantity: Quantity::new(i64::from(wish.quantity)).unwrap(),
        unit_price: seen(world, wish).map(|amount| Money::twd(amount).unwrap()),
    };
    PlaceOrder {
        // Two buyers may choose the same key: callers of the engine tell them apart, the function
        // does it itself.
        key: Uuid::from_u128(
            key.as_u128() ^ ask.account.map_or(0, |number| 1 + u128::from(number)),
        ),
        fingerprint: [body; 32],
        customer: ask.account.map(account),
        locale: if ask.locale == "en" { Locale::En } else { Locale::ZhTw },
        contact: Arc::new(Contact { email: ask.email.into(), phone: "0912345678".into() }),
        shipping_address: Arc::new(Address {
            name: "王小明".into(),
            phone: "0912345678".into(),
            postal_code: ask.postal_code.into(),
            city: "臺北市".into(),
            district: "中正區".into(),
            address1: "重慶南路一段 122 號".into(),
            // The form drops an empty one before the engine sees it.
            address2: ask.address2.filter(|text| !text.is_empty()).map(Into::into),
        }),
        shipping_method: ask.method.into(),
        payment_method: ask.paying.into(),
        coupon_code: None,
        note: ask.note.map(Into::into),
        lines: ask.lines.iter().map(line).collect(),
        expected_total: None,
        spared: false,
    }
}

/// The same request in the function's form.
pub fn to_function(world: &World, ask: &Ask, key: Uuid) -> (Value, Value) {
    let customer = json!({
        "idempotency_key": key.to_string(),
        "customer_id": ask.account.map(account),
        "locale": ask.locale,
        "contact": {"email": ask.email, "phone": "0912345678"},
        "shipping_address": {
            "name": " 王小明\u{3000}", "phone": "0912345678", "postal_code": ask.postal_code,
            "city": "臺北市", "district": "中正區", "address1": "重慶南路一段 122 號 ",
            "address2": ask.address2,
        },
        "shipping_method": ask.method,
        "payment_method": ask.paying,
        "note": ask.note,
    });
    let line = |wish: &crate::world::Wish| {
        let seen = seen(world, wish).map(|amount| json!({"amount": amount, "currency": "TWD"}));
        json!({
            "variant_id": world.wanted(wish), "quantity": wish.quantity,
            "unit_price": seen,
        })
    };
    (customer, ask.lines.iter().map(line).collect())
}

fn seen(world: &World, wish: &crate::world::Wish) -> Option<i64> {
    let price = world.item(wish).map_or(1, |(_, item)| item.price);
    wish.seen.map(|off| (price + off).clamp(0, Money::MAX_AMOUNT))
}

/// What lies in a database, with the orders named by their turn.
pub async fn traces(test: &TestDb, orders: &[(String, String)]) -> Vec<String> {
    let mut conn = test.owner().acquire().await.unwrap();
    let mut all = Vec::new();
    for (what, ordered, sql) in TRACES {
        let rows: Vec<String> = sqlx::query_scalar(*sql).fetch_all(&mut *conn).await.unwrap();
        let named = rows.into_iter().map(|mut row| {
            for (turn, (id, number)) in orders.iter().enumerate() {
                row = row.replace(id, &format!("order {turn}"));
                row = row.replace(number, &format!("number {turn}"));
            }
            format!("{what}: {row}")
        });
        if *ordered {
            all.extend(named);
        } else {
            let mut named: Vec<_> = named.collect();
            named.sort_unstable();
            all.extend(named);
        }
    }
    all
}
