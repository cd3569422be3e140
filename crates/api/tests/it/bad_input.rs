//! Whatever is sent: a 4xx problem that says where, never a 5xx, and nothing written.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    orders::{order, stock},
};

/// The order with one place of it changed.
fn with(base: &Value, pointer: &str, value: Value) -> Value {
    let mut body = base.clone();
    *body.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
    body
}

#[tokio::test]
async fn every_wrong_field_of_an_order_is_named() {
    let app = TestApp::new().await;
    let good = order(&[(app.shop.mug_white, 1)]);
    let long = "長".repeat(501);
    let cases = [
        ("/items", json!([]), "/items"),
        ("/items", json!({}), "/items"),
        ("/items", json!(null), "/items"),
        ("/items", Value::Array(vec![good["items"][0].clone(); 51]), "/items"),
        ("/items/0", json!("x"), "/items/0"),
        ("/items/0/quantity", json!(0), "/items/0/quantity"),
        ("/items/0/quantity", json!(-1), "/items/0/quantity"),
        ("/items/0/quantity", json!(1000), "/items/0/quantity"),
        ("/items/0/quantity", json!(4_294_967_296_u64), "/items/0/quantity"),
        ("/items/0/quantity", json!(1e30), "/items/0/quantity"),
        ("/items/0/quantity", json!(1.5), "/items/0/quantity"),
        ("/items/0/quantity", json!("1"), "/items/0/quantity"),
        ("/items/0/quantity", json!(true), "/items/0/quantity"),
        ("/items/0/variant_id", json!("x"), "/items/0/variant_id"),
        ("/items/0/variant_id", json!(7), "/items/0/variant_id"),
        ("/contact/email", json!("not an address"), "/contact/email"),
        ("/contact/email", json!("a@example.com\r\nBcc: b@example.com"), "/contact/email"),
        ("/contact/email", json!(null), "/contact/email"),
        ("/contact/phone", json!("call me"), "/contact/phone"),
        ("/contact", json!([]), "/contact"),
        ("/shipping_address/name", json!(""), "/shipping_address/name"),
        ("/shipping_address/name", json!("   "), "/shipping_address/name"),
        ("/shipping_address/name", json!("a\u{0}b"), "/shipping_address/name"),
        ("/shipping_address/postal_code", json!("1"), "/shipping_address/postal_code"),
        ("/shipping_address/postal_code", json!("１００"), "/shipping_address/postal_code"),
        ("/shipping_address/address1", json!("x".repeat(121)), "/shipping_address/address1"),
        ("/shipping_method", json!("rocket"), "/shipping_method"),
        ("/payment_method", json!("cowries"), "/payment_method"),
        ("/coupon_code", json!("x".repeat(61)), "/coupon_code"),
        ("/note", json!(long), "/note"),
        ("/note", json!("a\u{0}b"), "/note"),
    ];
    for (pointer, value, place) in cases {
        let body = with(&good, pointer, value.clone());
        let mut visitor = app.visitor().with("idempotency-key", "k");
        let answer = visitor.post("/api/orders", body).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{pointer} = {value}");
        let named = answer.body["errors"].as_array().unwrap();
        assert!(
            named.iter().any(|error| error["pointer"] == place),
            "{pointer} = {value}: {named:?}"
        );
    }
    let unknown = with(&good, "/items/0/variant_id", json!("01990000-0000-7000-8000-0000000000ff"));
    let answer = app.visitor().with("idempotency-key", "k").post("/api/orders", unknown).await;
    assert_eq!(answer.problem(404), "PRODUCT_NOT_FOUND");
    assert_eq!(answer.body["errors"][0]["pointer"], "/items/0/variant_id");
    let mut extra = good.clone();
    extra["price"] = json!(1);
    let answer = app.visitor().with("idempotency-key", "k").post("/api/orders", extra).await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
    assert_eq!(answer.body["errors"][0]["pointer"], "/price");
    let mut missing = good.clone();
    missing.as_object_mut().unwrap().remove("contact");
    let answer = app.visitor().with("idempotency-key", "k").post("/api/orders", missing).await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
    assert_nothing_was_written(&app).await;
}

#[tokio::test]
async fn broken_bodies_and_headers_are_refused_by_what_is_wrong_with_them() {
    let app = TestApp::new().await;
    let good = order(&[(app.shop.mug_white, 1)]).to_string();
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let huge = format!(r#"{{"note": "{}"}}"#, "x".repeat(70_000));
    for (body, content_type, key, status, code) in [
        (good.as_str(), json, None, 400, "IDEMPOTENCY_KEY_MISSING"),
        (&good, json, Some(""), 400, "IDEMPOTENCY_KEY_MISSING"),
        (&good, json, Some("with space"), 400, "IDEMPOTENCY_KEY_MISSING"),
        (&good, json, Some(&"k".repeat(256)), 400, "IDEMPOTENCY_KEY_MISSING"),
        (&good, "text/plain", Some("k"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (&good, "application/x-www-form-urlencoded", Some("k"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("", json, Some("k"), 400, "MALFORMED_REQUEST"),
        ("{", json, Some("k"), 400, "MALFORMED_REQUEST"),
        ("{\"items\": [}", json, Some("k"), 400, "MALFORMED_REQUEST"),
        (&format!("{good} x"), json, Some("k"), 400, "MALFORMED_REQUEST"),
        ("[]", json, Some("k"), 422, "VALIDATION_FAILED"),
        ("null", json, Some("k"), 422, "VALIDATION_FAILED"),
        (&huge, json, Some("k"), 413, "PAYLOAD_TOO_LARGE"),
        (&deep, json, Some("k"), 422, "VALIDATION_FAILED"),
    ] {
        let answer = app.raw(Method::POST, "/api/orders", body, content_type, key).await;
        let shown = &body[..body.len().min(40)];
        assert_eq!(answer.problem(status), code, "{shown} {content_type} {key:?}");
    }
    assert_nothing_was_written(&app).await;
}

#[tokio::test]
async fn strange_queries_and_notices_are_not_our_mistakes() {
    let app = TestApp::new().await;
    for path in [
        "/api/products?limit=x",
        "/api/products?cursor=%F0%9F%98%80",
        "/api/products?cursor=e30",
        "/api/products?min_price=-1",
        "/api/products?sort=by_magic",
        "/api/products/%00",
        "/api/products/%FF",
        "/api/categories/%00",
        "/api/orders/%FF",
        "/api/products?category=%25%27%3B--",
    ] {
        let status = app.visitor().get(path).await.status.as_u16();
        assert!((200..500).contains(&status), "{path}: {status}");
    }
    let too_many = vec!["a=1"; 5_000].join("&");
    for body in ["", "=", "%zz", "a=1&a=2", "MerchantTradeNo=%00", too_many.as_str()] {
        let answer = app.form("/api/payments/ecpay/notify", body).await;
        let status = answer.status.as_u16();
        assert!((400..500).contains(&status), "{body:.20}: {status}");
    }
    let mut warehouse = app.staff(identity::Role::Warehouse);
    let path = format!("/api/admin/inventory/{}/receive", app.shop.mug_white);
    for (quantity, reason) in
        [(json!(0), "x"), (json!(-5), "x"), (json!(1_000_001), "x"), (json!(1), "")]
    {
        let body = json!({"warehouse_id": app.shop.taipei, "quantity": quantity, "reason": reason});
        assert_eq!(warehouse.post(&path, body).await.problem(422), "VALIDATION_FAILED");
    }
    assert_nothing_was_written(&app).await;
}

async fn assert_nothing_was_written(app: &TestApp) {
    let balances = stock(app, app.shop.mug_white).await;
    assert_eq!(balances[0]["version"], 1, "only the receipt of the set-up");
    for table in [
        "SELECT count(*) FROM orders.orders",
        "SELECT count(*) FROM orders.idempotency_keys",
        "SELECT count(*) FROM inventory.reservations",
        "SELECT count(*) FROM payments.attempts",
        "SELECT count(*) FROM outbox.events",
    ] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
}
