//! Back-orders over HTTP: the switch, the queue, and what buyers see.

use axum::http::Method;
use identity::Role;
use kernel::id::VariantId;
use serde_json::{Value, json};
use testkit::seed;

use crate::{
    app::{Answer, TestApp},
    orders::order,
};

fn path(variant: VariantId) -> String {
    format!("/api/admin/inventory/{variant}/backorders")
}

async fn put(app: &TestApp, role: Role, variant: VariantId, body: Value) -> Answer {
    app.staff(role).send(Method::PUT, &path(variant), Some(body)).await
}

#[tokio::test]
async fn the_switch_is_the_operations_and_the_audit_log_tells() {
    let app = TestApp::new().await;
    let small = app.shop.tote_small;
    let rule = json!({"limit": 5, "available_from": "2026-12-24"});
    assert_eq!(put(&app, Role::Ops, small, rule.clone()).await.ok(200), rule);
    let seen = app.staff(Role::Warehouse).get(&path(small)).await.ok(200);
    assert_eq!(
        seen,
        json!({"limit": 5, "available_from": "2026-12-24", "waiting": 0, "items": [],
               "next_cursor": null})
    );
    let told = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Product'";
    assert_eq!(app.count(told).await, 1);
    for (body, code, status) in [
        (json!({"limit": 1_000_001}), "VALIDATION_FAILED", 422),
        (json!({"limit": -1}), "VALIDATION_FAILED", 422),
        (json!({"limit": 1, "available_from": "soon"}), "VALIDATION_FAILED", 422),
        (json!({}), "VALIDATION_FAILED", 422),
    ] {
        assert_eq!(put(&app, Role::Ops, small, body).await.problem(status), code);
    }
    let body = json!({"limit": 1});
    assert_eq!(put(&app, Role::Warehouse, small, body.clone()).await.problem(403), "FORBIDDEN");
    let unknown = seed::id(0xee, 5);
    assert_eq!(put(&app, Role::Ops, unknown, body.clone()).await.problem(404), "PRODUCT_NOT_FOUND");
    assert_eq!(app.staff(Role::Ops).get(&path(unknown)).await.problem(404), "PRODUCT_NOT_FOUND");
    let set: VariantId = seed::id(0x50, 7);
    seed::variant(&app.db, set, app.shop.mug, "SET", 2500).await;
    seed::bundle(&app.db, set, &[(app.shop.mug_white, 2)]).await;
    assert_eq!(put(&app, Role::Ops, set, body).await.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(app.count("SELECT sum(backorder_limit) FROM catalog.variants").await, 5);
}

#[tokio::test]
async fn buyers_see_what_they_order_ahead_and_the_warehouse_sees_who_waits() {
    let app = TestApp::new().await;
    let small = app.shop.tote_small;
    let variant = async || {
        let product = app.visitor().get("/api/products/tote").await.ok(200);
        let variants = product["variants"].as_array().unwrap().clone();
        variants.into_iter().find(|it| it["sku"] == "TOTE-S").unwrap()
    };
    assert_eq!(variant().await["availability"], "sold_out");
    assert_eq!(variant().await.get("backorder"), None);
    let rule = json!({"limit": 3, "available_from": "2026-12-24"});
    put(&app, Role::Ops, small, rule).await.ok(200);
    assert_eq!(variant().await["availability"], "backorder");
    assert_eq!(variant().await["backorder"], json!({"available_from": "2026-12-24"}));

    let mut visitor = app.visitor();
    let cart = visitor.post("/api/cart/items", json!({"variant_id": small, "quantity": 2})).await;
    let item = cart.ok(200)["items"][0].clone();
    assert_eq!((&item["available"], &item["backordered"]), (&json!(3), &json!(2)));
    assert_eq!(item["available_from"], "2026-12-24");

    let placing = app.visitor().with("idempotency-key", "k");
    let placed = { placing }.post("/api/orders", order(&[(small, 2)])).await.ok(201);
    assert_eq!(placed["items"][0]["backordered"], 2);
    assert_eq!(placed["inventory_deduction_results"], json!([]));
    let seen = app.staff(Role::Ops).get(&path(small)).await.ok(200);
    assert_eq!(seen["waiting"], 2);
    let item = &seen["items"][0];
    assert_eq!((&item["number"], &item["waiting"]), (&placed["number"], &json!(2)));
    // It waits, so it cannot become a bundle.
    let bundle = format!("/api/admin/bundles/{small}");
    let parts = json!({"components": [{"variant_id": app.shop.mug_white, "quantity": 1}]});
    let refused = app.staff(Role::Ops).send(Method::PUT, &bundle, Some(parts)).await;
    assert_eq!(refused.problem(409), "VARIANT_HAS_STOCK");

    let id = placed["id"].as_str().unwrap();
    let read =
        format!("/api/orders/{id}?access_token={}", placed["access_token"].as_str().unwrap());
    assert_eq!(app.visitor().get(&read).await.ok(200)["items"][0]["backordered"], 2);
    let receive = format!("/api/admin/inventory/{small}/receive");
    let body = json!({"warehouse_id": app.shop.taipei, "quantity": 3, "reason": "PO-1"});
    let balance = app.staff(Role::Warehouse).post(&receive, body).await.ok(200);
    assert_eq!((&balance["available"], &balance["reserved"]), (&json!(1), &json!(2)));
    assert_eq!(app.visitor().get(&read).await.ok(200)["items"][0].get("backordered"), None);
    assert_eq!(app.staff(Role::Ops).get(&path(small)).await.ok(200)["items"], json!([]));
    assert_eq!(variant().await["availability"], "low_stock");
}
