//! What the function takes, who may call it, and what it leaves alone when it refuses.

use kernel::{Ids, Shard, SystemClock, id::OrderId};
use orders::OrderNumber;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _};
use testkit::{TestDb, seed::Shop};
use uuid::Uuid;

use crate::client::{call, call_on};

pub fn customer() -> Value {
    json!({
        "contact": {"email": "a@example.com", "phone": "0912345678"},
        "shipping_address": {
            "name": "王小明", "phone": "0912345678", "postal_code": "100", "city": "臺北市",
            "district": "中正區", "address1": "重慶南路一段 122 號",
        },
        "shipping_method": "home_delivery",
        "payment_method": "ecpay_credit",
    })
}

/// A shop whose products are on sale whatever the machine's clock says.
pub async fn shop(test: &TestDb) -> Shop {
    let shop = Shop::small(test).await;
    owner(test, "UPDATE catalog.products SET published_at = '2020-01-01'").await;
    shop
}

pub async fn owner(test: &TestDb, sql: &str) {
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *conn).await.unwrap();
}

pub async fn count(test: &TestDb, sql: &'static str) -> i64 {
    let mut conn = test.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut *conn).await.unwrap()
}

/// `value` with what lies at `pointer` replaced; null takes it away.
fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if new.is_null() {
        parent.remove(name);
    } else {
        parent.insert(name.to_owned(), new);
    }
    value
}

#[tokio::test]
async fn every_field_is_checked_and_named_and_nothing_is_written() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let item = json!({"variant_id": shop.mug_white, "quantity": 1});
    let long = "字".repeat(121);
    for (pointer, bad) in [
        ("/contact", json!(null)),
        ("/contact/email", json!("a@example..com")),
        ("/contact/email", json!("a b@example.com")),
        ("/contact/email", json!(7)),
        ("/contact/phone", json!("12345")),
        ("/contact/phone", json!("call me")),
        ("/contact/fax", json!("0212345678")),
        ("/shipping_address", json!([])),
        ("/shipping_address/name", json!(null)),
        ("/shipping_address/name", json!("\u{3000} ")),
        ("/shipping_address/name", json!("a\nb")),
        ("/shipping_address/name", json!("a\u{85}b")),
        ("/shipping_address/postal_code", json!("10")),
        ("/shipping_address/postal_code", json!("１００")),
        ("/shipping_address/city", json!("")),
        ("/shipping_address/address1", json!(long)),
        ("/shipping_address/address2", json!("  ")),
        ("/shipping_method", json!(null)),
        ("/payment_method", json!("gold")),
        ("/idempotency_key", json!("")),
        ("/idempotency_key", json!("鑰匙")),
        ("/customer_id", json!("me")),
        ("/customer_id", json!("01990000-0000-7000-8000-00000000e000")),
        ("/locale", json!("fr")),
        ("/note", json!("a\u{7}b")),
        ("/vip", json!(true)),
    ] {
        let refused =
            call(test.db(), &with(customer(), pointer, bad.clone()), &json!([item])).await;
        let (code, detail) = refused.unwrap_err();
        assert_eq!(code, "VALIDATION_FAILED", "{pointer} {bad}");
        for error in detail["errors"].as_array().unwrap() {
            let named = error["pointer"].as_str().unwrap();
            assert!(named.starts_with(&format!("/customer{pointer}")), "{pointer} {bad}: {detail}");
        }
    }
    let other = |field: &str, value: Value| {
        let mut item = item.clone();
        item[field] = value;
        json!([item])
    };
    for (items, pointer) in [
        (json!(null), "/items"),
        (json!({}), "/items"),
        (json!([]), "/items"),
        (Value::Array(vec![item.clone(); 51]), "/items"),
        (json!([7]), "/items/0"),
        (other("variant_id", json!("mug")), "/items/0/variant_id"),
        (other("quantity", json!(0)), "/items/0/quantity"),
        (other("quantity", json!(1000)), "/items/0/quantity"),
        (other("quantity", json!(1.5)), "/items/0/quantity"),
        (other("quantity", json!("1")), "/items/0/quantity"),
        (other("quantity", json!(-1)), "/items/0/quantity"),
        (other("unit_price", json!(390)), "/items/0/unit_price"),
        (other("unit_price", json!({"amount": 390})), "/items/0/unit_price"),
        (other("unit_price", json!({"amount": 390, "currency": "USD"})), "/items/0/unit_price"),
        (other("unit_price", json!({"amount": -1, "currency": "TWD"})), "/items/0/unit_price"),
        (other("colour", json!("red")), "/items/0"),
    ] {
        let (code, detail) = call(test.db(), &customer(), &items).await.unwrap_err();
        assert_eq!(code, "VALIDATION_FAILED", "{items}");
        let pointers = detail["errors"].as_array().unwrap();
        assert!(pointers.iter().any(|error| error["pointer"] == pointer), "{items}: {detail}");
    }
    for nobody in [json!(null), json!("me"), json!([1])] {
        let (code, _) = call(test.db(), &nobody, &json!([item])).await.unwrap_err();
        assert_eq!(code, "VALIDATION_FAILED");
    }
    let coupon = with(customer(), "/coupon_code", json!("SAVE10"));
    assert_eq!(call(test.db(), &coupon, &json!([item])).await.unwrap_err().0, "COUPON_INVALID");
    assert_eq!(count(&test, "SELECT count(*) FROM orders.orders").await, 0);
    assert_eq!(count(&test, "SELECT count(*) FROM orders.idempotency_keys").await, 0);
    assert_eq!(count(&test, "SELECT count(*) FROM outbox.events").await, 0);
    assert!(call(test.db(), &customer(), &json!([item])).await.is_ok());
}

#[tokio::test]
async fn what_the_caller_rolls_back_never_was() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let items = json!([{"variant_id": shop.mug_black, "quantity": 1}]);
    let mut tx = test.db().begin().await.unwrap();
    call_on(&mut tx, &customer(), &items).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(count(&test, "SELECT count(*) FROM orders.orders").await, 0);
    test.assert_ledger_balanced().await;
    let answer = call(test.db(), &customer(), &items).await.unwrap();
    assert_eq!(answer["inventory_deduction_results"][0]["available_after"], 0);
}

#[tokio::test]
async fn without_a_key_two_calls_are_two_orders() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let items = json!([{"variant_id": shop.tote_large, "quantity": 1}]);
    let first = call(test.db(), &customer(), &items).await.unwrap();
    let second = call(test.db(), &customer(), &items).await.unwrap();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(count(&test, "SELECT count(*) FROM orders.idempotency_keys").await, 0);
}

#[tokio::test]
async fn how_long_stock_is_held_is_the_owners_to_say() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let items = json!([{"variant_id": shop.tote_large, "quantity": 1}]);
    owner(
        &test,
        "ALTER FUNCTION public.create_order_with_inventory_deduction(jsonb, jsonb)
                      SET oxcart.reservation = '45 minutes'",
    )
    .await;
    let mut tx = test.db().begin().await.unwrap();
    // The caller's own word does not count.
    sqlx::raw_sql("SET LOCAL oxcart.reservation = '10 years'").execute(&mut *tx).await.unwrap();
    call_on(&mut tx, &customer(), &items).await.unwrap();
    tx.commit().await.unwrap();
    let held = "SELECT extract(epoch FROM reserved_until - created_at)::bigint FROM orders.orders";
    assert_eq!(count(&test, held).await, 45 * 60);
}

/// A role that may call the function, and nothing else, can order; others cannot even call it.
#[tokio::test]
async fn the_right_to_call_is_all_a_caller_needs() {
    let test = TestDb::new().await;
    let shop = shop(&test).await;
    let items = json!([{"variant_id": shop.tote_large, "quantity": 1}]);
    let role = format!("oxcart_test_web_{}", std::process::id());
    owner(&test, &format!("CREATE ROLE {role}")).await;
    let mut conn = sqlx::PgConnection::connect(test.owner_url()).await.unwrap();
    let run = async |conn: &mut pg::Connection, sql: String| {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop)
    };
    run(&mut conn, format!("CREATE SCHEMA trap AUTHORIZATION {role}; SET ROLE {role}"))
        .await
        .unwrap();
    let refused = sqlx::query("SELECT public.create_order_with_inventory_deduction($1, $2)")
        .bind(customer())
        .bind(&items)
        .execute(&mut conn)
        .await;
    let refused = refused.unwrap_err().into_database_error().unwrap();
    assert_eq!(refused.code().unwrap(), "42501", "{refused}");
    run(
        &mut conn,
        format!(
            "RESET ROLE; GRANT EXECUTE ON FUNCTION
             public.create_order_with_inventory_deduction(jsonb, jsonb) TO {role}; SET ROLE {role}"
        ),
    )
    .await
    .unwrap();
    // Its own idea of what functions and operators mean does not get inside.
    run(
        &mut conn,
        "CREATE FUNCTION trap.jsonb_typeof(jsonb) RETURNS text LANGUAGE sql AS 'SELECT (1 / 0)::text';
         CREATE FUNCTION trap.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
         CREATE TEMP TABLE orders (id uuid);
         SET search_path = trap, pg_temp, pg_catalog"
            .into(),
    )
    .await
    .unwrap();
    call_on(&mut conn, &customer(), &items).await.unwrap();
    for table in ["orders.orders", "inventory.stock", "identity.users"] {
        let seen = run(&mut conn, format!("SELECT 1 FROM {table}")).await;
        assert!(seen.unwrap_err().to_string().contains("permission denied"), "{table}");
    }
    let inside = run(&mut conn, "SELECT intake.place('{}', '[]', now(), '1 day')".into()).await;
    assert!(inside.unwrap_err().to_string().contains("permission denied"));
    conn.close().await.unwrap();
    owner(&test, &format!("DROP SCHEMA trap CASCADE; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
    assert_eq!(count(&test, "SELECT count(*) FROM orders.orders").await, 1);
    // It runs as the server does, which owns no table.
    let owner_is = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'create_order_with%'
                       AND proowner = 'oxcart_app'::regrole AND prosecdef";
    assert_eq!(count(&test, owner_is).await, 1);
}

#[tokio::test]
async fn ids_and_numbers_are_those_of_the_program() {
    let test = TestDb::new().await;
    let ids = Ids::from_seed(5);
    let known: Vec<Uuid> = (0..64_u8)
        .map(|shard| ids.next_on::<OrderId>(&SystemClock, Shard::new(shard)).as_uuid())
        .chain((0..200).map(|_| {
            // Any time, any bits below it.
            let bits = u128::from_le_bytes(ids.bytes()) >> 4 << 4;
            let time = (bits >> 80) % 4_000_000_000_000;
            Uuid::from_u128((time << 80) | (bits & ((1 << 80) - 1)))
        }))
        .collect();
    let mut conn = test.owner().acquire().await.unwrap();
    let numbers: Vec<String> = sqlx::query_scalar(
        "SELECT orders.number_of(id) FROM unnest($1::uuid[]) WITH ORDINALITY AS a (id, n) ORDER BY n",
    )
    .bind(&known)
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for (id, number) in known.iter().zip(&numbers) {
        assert_eq!(&OrderNumber::of((*id).into()).to_string(), number, "{id}");
    }
    let made: Vec<Uuid> = sqlx::query_scalar(
        "SELECT orders.new_id('2026-06-01T02:00:00.123987Z', n % 64) FROM generate_series(0, 255) n",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    for (n, id) in made.iter().enumerate() {
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122), "{id}");
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_780_279_200, 123_000_000), "{id}");
        assert_eq!(usize::from(OrderId::from(*id).shard().number()), n % 64);
    }
    let different: std::collections::HashSet<_> = made.iter().collect();
    assert_eq!(different.len(), made.len());
}
