//! Stock over HTTP: receiving goods, and who may.

use identity::Role;
use serde_json::json;

use crate::{app::TestApp, orders::stock};

#[tokio::test]
async fn goods_are_received_with_a_movement_that_says_by_whom_and_why() {
    let app = TestApp::new().await;
    let path = format!("/api/admin/inventory/{}/receive", app.shop.tote_small);
    let body = json!({"warehouse_id": app.shop.kaohsiung, "quantity": 12, "reason": "PO-2026-001"});
    let balance = app.staff(Role::Warehouse).post(&path, body).await.ok(200);
    assert_eq!(
        balance,
        json!({
            "warehouse_id": app.shop.kaohsiung, "total": 12, "available": 12, "reserved": 0, "sold": 0,
            "safety_stock": 0, "frozen": false, "version": 1
        })
    );
    assert_eq!(
        app.count(
            "SELECT count(*) FROM inventory.movements WHERE reason = 'PO-2026-001'
                AND actor_kind = 'staff' AND actor_id IS NOT NULL AND d_total = 12"
        )
        .await,
        1
    );
    let balances = stock(&app, app.shop.tote_small).await;
    assert_eq!(balances.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn unknown_goods_and_places_are_refused() {
    let app = TestApp::new().await;
    let unknown = "01990000-0000-7000-8000-0000000000ff";
    let mut warehouse = app.staff(Role::Warehouse);
    let body = json!({"warehouse_id": app.shop.taipei, "quantity": 1, "reason": "x"});
    let path = format!("/api/admin/inventory/{unknown}/receive");
    assert_eq!(warehouse.post(&path, body).await.problem(404), "PRODUCT_NOT_FOUND");
    let path = format!("/api/admin/inventory/{unknown}");
    assert_eq!(warehouse.get(&path).await.problem(404), "PRODUCT_NOT_FOUND");
    let body = json!({"warehouse_id": unknown, "quantity": 1, "reason": "x"});
    let path = format!("/api/admin/inventory/{}/receive", app.shop.mug_white);
    assert_eq!(warehouse.post(&path, body).await.problem(404), "WAREHOUSE_NOT_FOUND");
    assert_eq!(app.count("SELECT count(*) FROM outbox.events").await, 0);
}

#[tokio::test]
async fn only_the_warehouse_moves_stock() {
    let app = TestApp::new().await;
    let path = format!("/api/admin/inventory/{}/receive", app.shop.mug_white);
    let body = json!({"warehouse_id": app.shop.taipei, "quantity": 1, "reason": "x"});
    assert_eq!(app.visitor().post(&path, body.clone()).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.customer().post(&path, body.clone()).await.problem(403), "FORBIDDEN");
    assert_eq!(app.staff(Role::Ops).post(&path, body.clone()).await.problem(403), "FORBIDDEN");
    let read = format!("/api/admin/inventory/{}", app.shop.mug_white);
    assert_eq!(app.customer().get(&read).await.problem(403), "FORBIDDEN");
    let forged = app.visitor().with("authorization", "Bearer e30.e30.e30");
    let refused = { forged }.get(&read).await;
    assert_eq!(refused.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(stock(&app, app.shop.mug_white).await[0]["version"], 1);
    app.staff(Role::Admin).post(&path, body).await.ok(200);
    let warehouses = app.staff(Role::Ops).get("/api/admin/warehouses").await.ok(200);
    assert_eq!(warehouses["items"][0]["code"], "TPE");
}
