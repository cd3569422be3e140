//! Bundles over HTTP: making them, what they cannot be, and how shoppers see and buy them.

use axum::http::Method;
use identity::Role;
use kernel::id::VariantId;
use serde_json::{Value, json};
use testkit::seed;

use crate::{
    app::{Answer, TestApp},
    orders::{order, stock},
};

fn path(variant: VariantId) -> String {
    format!("/api/admin/bundles/{variant}")
}

async fn put(app: &TestApp, role: Role, variant: VariantId, body: Value) -> Answer {
    app.staff(role).send(Method::PUT, &path(variant), Some(body)).await
}

fn parts(parts: &[(VariantId, i64)]) -> Value {
    let part = |(variant, quantity): &(VariantId, i64)| json!({"variant_id": variant, "quantity": quantity});
    json!({"components": parts.iter().map(part).collect::<Vec<_>>()})
}

/// `SET`, NT$ 2,500: two white mugs and a large tote.
async fn set(app: &TestApp) -> VariantId {
    let (shop, set) = (app.shop, seed::id(0x50, 7));
    seed::variant(&app.db, set, shop.mug, "SET", 2500).await;
    let body = parts(&[(shop.tote_large, 1), (shop.mug_white, 2)]);
    put(app, Role::Ops, set, body).await.ok(200);
    set
}

#[tokio::test]
async fn a_bundle_is_made_seen_and_unmade_and_the_audit_log_tells() {
    let app = TestApp::new().await;
    let (shop, set) = (app.shop, seed::id(0x50, 7));
    seed::variant(&app.db, set, shop.mug, "SET", 2500).await;
    let mut body = parts(&[(shop.tote_large, 1), (shop.mug_white, 2)]);
    body["reason"] = json!("for Christmas");
    let made = put(&app, Role::Ops, set, body).await.ok(200);
    let name = |zh: &str, en: &str| json!({"zh_tw": zh, "en": en});
    assert_eq!(
        made,
        json!({"variant_id": set, "components": [
            {"variant_id": shop.mug_white, "sku": "MUG-WHITE", "name": name("馬克杯", "Mug"),
             "variant_name": name("MUG-WHITE", "MUG-WHITE"), "quantity": 2},
            {"variant_id": shop.tote_large, "sku": "TOTE-L", "name": name("托特包", "Tote"),
             "variant_name": name("TOTE-L", "TOTE-L"), "quantity": 1},
        ]})
    );
    assert_eq!(app.staff(Role::Ops).get(&path(set)).await.ok(200), made);
    let unmade = put(&app, Role::Ops, set, parts(&[])).await.ok(200);
    assert_eq!(unmade["components"], json!([]));
    let ordinary = app.staff(Role::Ops).get(&path(shop.mug_white)).await.ok(200);
    assert_eq!(ordinary["components"], json!([]));
    let told = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Product'";
    assert_eq!(app.count(told).await, 2);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let app = TestApp::new().await;
    let (shop, set) = (app.shop, set(&app).await);
    let unknown: VariantId = seed::id(0xee, 5);
    for (variant, body, pointer) in [
        (shop.tote_small, parts(&[(unknown, 1)]), "/components/0/variant_id"),
        (shop.tote_small, parts(&[(shop.tote_small, 1)]), "/components/0/variant_id"),
        (shop.tote_small, parts(&[(shop.mug_white, 1), (set, 1)]), "/components/1/variant_id"),
        (
            shop.tote_small,
            parts(&[(shop.mug_white, 1), (shop.mug_white, 1)]),
            "/components/1/variant_id",
        ),
        (shop.tote_small, parts(&[(shop.mug_white, 0)]), "/components/0/quantity"),
        (shop.tote_small, parts(&[(shop.mug_white, 1001)]), "/components/0/quantity"),
        (shop.mug_white, parts(&[(shop.mug_black, 1)]), "/components"),
    ] {
        let answer = put(&app, Role::Ops, variant, body).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    let answer = put(&app, Role::Ops, unknown, parts(&[(shop.mug_white, 1)])).await;
    assert_eq!(answer.problem(404), "PRODUCT_NOT_FOUND");
    assert_eq!(app.staff(Role::Ops).get(&path(unknown)).await.problem(404), "PRODUCT_NOT_FOUND");
    // It has units of its own: available, and then only promised.
    let single = parts(&[(shop.tote_large, 1)]);
    for sql in ["SELECT 1", "UPDATE inventory.stock SET reserved = available, available = 0"] {
        app.execute(sql).await;
        let answer = put(&app, Role::Ops, shop.mug_black, single.clone()).await;
        assert_eq!(answer.problem(409), "VARIANT_HAS_STOCK");
    }
    let body = || parts(&[(shop.mug_white, 1)]);
    assert_eq!(put(&app, Role::Warehouse, shop.tote_small, body()).await.problem(403), "FORBIDDEN");
    let anonymous = app.visitor().send(Method::PUT, &path(shop.tote_small), Some(body())).await;
    assert_eq!(anonymous.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.count("SELECT count(*) FROM catalog.bundle_components").await, 2);
}

#[tokio::test]
async fn a_bundle_takes_in_no_stock() {
    let app = TestApp::new().await;
    let set = set(&app).await;
    let receive = format!("/api/admin/inventory/{set}/receive");
    let body = json!({"warehouse_id": app.shop.taipei, "quantity": 5, "reason": "PO-1"});
    let refused = app.staff(Role::Warehouse).post(&receive, body.clone()).await;
    assert_eq!(refused.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(stock(&app, set).await, json!([]));
    put(&app, Role::Ops, set, parts(&[])).await.ok(200);
    app.staff(Role::Warehouse).post(&receive, body).await.ok(200);
}

#[tokio::test]
async fn shoppers_see_what_the_scarcest_component_makes() {
    let app = TestApp::new().await;
    let (shop, set) = (app.shop, set(&app).await);
    let seen = async || {
        let product = app.visitor().get("/api/products/mug").await.ok(200);
        let variants = product["variants"].as_array().unwrap().clone();
        variants.into_iter().find(|it| it["sku"] == "SET").unwrap()
    };
    // Fifteen mugs make seven sets.
    let variant = seen().await;
    assert_eq!(variant["available_display"], 7);
    assert_eq!(variant["availability"], "in_stock");
    let parts = variant["components"].as_array().unwrap();
    let told: Vec<_> =
        parts.iter().map(|it| (it["sku"].as_str(), it["quantity"].as_u64())).collect();
    assert_eq!(told, [(Some("MUG-WHITE"), Some(2)), (Some("TOTE-L"), Some(1))]);

    let mut visitor = app.visitor();
    let line = json!({"variant_id": set, "quantity": 3});
    let cart = visitor.post("/api/cart/items", line).await.ok(200);
    assert_eq!(cart["items"][0]["available"], 7);
    let line = json!({"variant_id": shop.mug_white, "quantity": 9});
    visitor.post("/api/cart/items", line).await.ok(200);

    let placing = app.visitor().with("idempotency-key", "k");
    let placed = { placing }.post("/api/orders", order(&[(set, 7)])).await.ok(201);
    assert_eq!(placed["items"][0]["components"].as_array().unwrap().len(), 2);
    let told: Vec<_> = placed["inventory_deduction_results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["sku"].as_str().unwrap(), it["quantity"].as_i64().unwrap()))
        .collect();
    assert_eq!(told, [("MUG-WHITE", 10), ("MUG-WHITE", 4), ("TOTE-L", 7)]);
    let variant = seen().await;
    assert_eq!(
        (&variant["available_display"], &variant["availability"]),
        (&json!(0), &json!("sold_out"))
    );
    let listed = async |query: &str| {
        let page = app.visitor().get(&format!("/api/products?in_stock=true&{query}")).await.ok(200);
        page["items"].as_array().unwrap().len()
    };
    // The mug's other variants are cheaper than 2,000; the set is not.
    assert_eq!(listed("min_price=2000").await, 0);
    let id = placed["id"].as_str().unwrap();
    let token = placed["access_token"].as_str().unwrap();
    let read = app.visitor().get(&format!("/api/orders/{id}?access_token={token}")).await.ok(200);
    let parts = read["items"][0]["components"].as_array().unwrap();
    assert_eq!(parts.len(), 2);
    assert_eq!((&parts[0]["sku"], &parts[0]["quantity"]), (&json!("MUG-WHITE"), &json!(2)));
    app.visitor().post(&format!("/api/orders/{id}/cancel?access_token={token}"), json!({})).await;
    assert_eq!(seen().await["available_display"], 7);
    assert_eq!(listed("min_price=2000").await, 1);
}
