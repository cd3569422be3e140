//! The edges of every rule of stock, over HTTP: zero, exact, one too many, overflow, unknown, frozen,
//! at once. What is refused has changed nothing.

use axum::http::Method;
use futures::future::join_all;
use identity::Role;
use kernel::id::VariantId;
use serde_json::{Value, json};
use testkit::seed;

use crate::{
    app::{Answer, TestApp},
    orders::order,
    stocktakes::{act, open, place, reason, row},
};

fn path(variant: VariantId, what: &str) -> String {
    format!("/api/admin/inventory/{variant}/{what}")
}

fn goods(app: &TestApp, quantity: i64) -> Value {
    json!({"warehouse_id": app.shop.taipei, "quantity": quantity, "reason": "PO-1"})
}

async fn receive(app: &TestApp, variant: VariantId, quantity: i64) -> Answer {
    app.staff(Role::Warehouse).post(&path(variant, "receive"), goods(app, quantity)).await
}

async fn adjust(app: &TestApp, variant: VariantId, seen: u32, by: i64) -> Answer {
    let body = json!({"warehouse_id": app.shop.taipei, "by": by, "reason": "breakage"});
    let warehouse = app.staff(Role::Warehouse).with("if-match", format!("\"{seen}\""));
    { warehouse }.post(&path(variant, "adjust"), body).await
}

async fn import(app: &TestApp, text: &str) -> Answer {
    let path = "/api/admin/inventory/import?reason=count";
    app.staff(Role::Warehouse).post_text(path, "text/csv", text).await
}

/// The large tote: as many as a balance can hold, less a million. The ledger is not asked here.
const NEARLY_FULL: &str =
    "UPDATE inventory.stock SET total = 2146483647, available = 2146483647 WHERE total = 100";

const MOVEMENTS: &str = "SELECT count(*) FROM inventory.movements";

#[tokio::test]
async fn a_balance_holds_so_many_and_not_one_more() {
    let app = TestApp::new().await;
    let large = app.shop.tote_large;
    app.execute(NEARLY_FULL).await;
    let full = receive(&app, large, 1_000_000).await.ok(200);
    assert_eq!((&full["total"], &full["version"]), (&json!(i32::MAX), &json!(2)));
    let before = app.count(MOVEMENTS).await;
    for (refused, pointer) in
        [(receive(&app, large, 1).await, "/quantity"), (adjust(&app, large, 2, 1).await, "/by")]
    {
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(
            refused.body["errors"],
            json!([{"pointer": pointer, "detail": "the balance would be too large"}])
        );
    }
    let refused = import(&app, "sku,warehouse,by\nTOTE-L,TPE,1\n").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let told = json!([{"line": 2, "column": 3, "detail": "the balance would be too large"}]);
    assert_eq!(refused.body["rows"], told);
    assert_eq!(app.count(MOVEMENTS).await, before);
    // One fewer, and one more: exactly full again.
    adjust(&app, large, 2, -1).await.ok(200);
    assert_eq!(receive(&app, large, 1).await.ok(200)["total"], i32::MAX);
}

#[tokio::test]
async fn what_cannot_arrive_stays_on_the_way() {
    let app = TestApp::new().await;
    let large = app.shop.tote_large;
    let plan = json!({
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
        "lines": [{"variant_id": large, "quantity": 2}],
    });
    let mut warehouse = app.staff(Role::Warehouse);
    let transfer = warehouse.post("/api/admin/transfers", plan).await.ok(201);
    let path = format!("/api/admin/transfers/{}", transfer["id"].as_str().unwrap());
    warehouse.post(&format!("{path}/dispatch"), json!({})).await.ok(200);
    let arrived = |units: i64| json!({"lines": [{"variant_id": large, "quantity": units}]});
    warehouse.post(&format!("{path}/receive"), arrived(1)).await.ok(200);
    app.execute(
        "UPDATE inventory.stock SET total = 2147483647, available = 2147483647 WHERE total = 1
            AND warehouse_id = (SELECT id FROM inventory.warehouses WHERE code = 'KHH')",
    )
    .await;
    let before = app.count(MOVEMENTS).await;
    let refused = warehouse.post(&format!("{path}/receive"), arrived(1)).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["detail"], "the balance would be too large");
    assert_eq!(app.count(MOVEMENTS).await, before);
    let still = warehouse.get(&path).await.ok(200);
    assert_eq!((&still["status"], &still["in_transit"]), (&json!("in_transit"), &json!(1)));
    // It can go back.
    warehouse.post(&format!("{path}/cancel"), reason()).await.ok(200);
    assert_eq!(row(&app, large, app.shop.taipei).await, ([99, 99, 0, 0], false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goods_that_arrive_at_once_all_arrive() {
    let app = TestApp::new().await;
    let (white, small) = (app.shop.mug_white, app.shop.tote_small);
    // Also where there was no row yet, or an empty one.
    let receipts = (0..8).map(|n| receive(&app, if n % 2 == 0 { white } else { small }, n + 1));
    for answer in join_all(receipts).await {
        answer.ok(200);
    }
    assert_eq!(row(&app, white, app.shop.taipei).await, ([26, 26, 0, 0], false));
    assert_eq!(row(&app, small, app.shop.taipei).await, ([20, 20, 0, 0], false));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_correct_what_they_saw_one_is_told() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let (one, other) = tokio::join!(adjust(&app, white, 1, -10), adjust(&app, white, 1, -10));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([0, 0, 0, 0], false));
    let unknown = adjust(&app, seed::id(0xee, 5), 1, 1).await;
    assert_eq!(unknown.problem(404), "PRODUCT_NOT_FOUND");
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_bundle_is_brought_no_stock_on_any_way() {
    let app = TestApp::new().await;
    let small = app.shop.tote_small;
    let parts = json!({"components": [{"variant_id": app.shop.mug_white, "quantity": 1}]});
    let bundle = format!("/api/admin/bundles/{small}");
    app.staff(Role::Ops).send(Method::PUT, &bundle, Some(parts)).await.ok(200);
    assert_eq!(receive(&app, small, 1).await.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(adjust(&app, small, 0, 1).await.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(adjust(&app, small, 0, -1).await.problem(409), "INVENTORY_SHORTAGE");
    let level = json!({"warehouse_id": app.shop.taipei, "safety_stock": 1});
    let mut warehouse = app.staff(Role::Warehouse);
    let refused = warehouse.send(Method::PUT, &path(small, "safety-stock"), Some(level)).await;
    assert_eq!(refused.problem(409), "BUNDLE_HAS_NO_STOCK");
    let refused = import(&app, "sku,warehouse,total\nTOTE-S,TPE,5\n").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let told = "TOTE-S is a bundle and has no stock of its own";
    assert_eq!(refused.body["rows"], json!([{"line": 2, "column": 1, "detail": told}]));
    let plan = json!({
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
        "lines": [{"variant_id": small, "quantity": 1}],
    });
    let refused = warehouse.post("/api/admin/transfers", plan).await;
    assert_eq!(refused.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/0/variant_id");
    let count = json!({"warehouse_id": app.shop.taipei, "variant_ids": [small]});
    let refused = warehouse.post("/api/admin/stocktakes", count).await;
    assert_eq!(refused.problem(409), "BUNDLE_HAS_NO_STOCK");
    assert_eq!(row(&app, small, app.shop.taipei).await, ([0, 0, 0, 0], false));
    // The six receipts of the set-up, less that of the empty row.
    assert_eq!(app.count(MOVEMENTS).await, 5);
}

#[tokio::test]
async fn a_file_takes_no_promised_and_no_frozen_units() {
    let app = TestApp::new().await;
    let (white, taipei) = (app.shop.mug_white, app.shop.taipei);
    place(&app, "promised", &[(white, 4)]).await.ok(201);
    // Exactly what is promised, and one fewer.
    import(&app, "sku,warehouse,total\nMUG-WHITE,TPE,4\n").await.ok(200);
    assert_eq!(row(&app, white, taipei).await, ([4, 0, 4, 0], false));
    let refused = import(&app, "sku,warehouse,total\nMUG-WHITE,TPE,3\n").await;
    let told = "only 0 are available to be taken; the rest is promised";
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["rows"], json!([{"line": 2, "column": 3, "detail": told}]));
    let stocktake = open(&app, &[white], json!({})).await;
    let refused = import(&app, "sku,warehouse,total\nMUG-WHITE,TPE,9\nMUG-BLACK,TPE,9\n").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let told = json!([{"line": 2, "column": 3, "detail": "a stocktake holds the stock"}]);
    assert_eq!(refused.body["rows"], told);
    assert_eq!(row(&app, white, taipei).await, ([4, 0, 4, 0], true));
    assert_eq!(row(&app, app.shop.mug_black, taipei).await, ([1, 1, 0, 0], false));
    // The level is no matter of counting, and neither is a row that changes nothing.
    let level = import(&app, "sku,warehouse,total,safety_stock\nMUG-WHITE,TPE,4,7\n").await;
    assert_eq!(level.ok(200)["changed"], 1);
    act(&mut app.staff(Role::Warehouse), &stocktake, "cancel", reason()).await.ok(200);
    import(&app, "sku,warehouse,total\nMUG-WHITE,TPE,9\n").await.ok(200);
    assert_eq!(row(&app, white, taipei).await, ([9, 5, 4, 0], false));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_moment_is_explained_before_the_first_movement_and_while_it_was_counted() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let why =
        |more: &str| format!("{}?warehouse_id={}{more}", path(white, "explain"), app.shop.taipei);
    let mut ops = app.staff(Role::Ops);
    let nothing = ops.get(&why("&at=2026-05-31T00:00:00Z")).await.ok(200);
    let zero = json!({"total": 0, "available": 0, "reserved": 0, "sold": 0});
    assert_eq!((&nothing["balance"], &nothing["version"]), (&zero, &json!(0)));
    assert_eq!((&nothing["kinds"], &nothing["last_movements"]), (&json!([]), &json!([])));
    assert_eq!((&nothing["now"]["total"], &nothing["ledger_agrees"]), (&json!(10), &json!(true)));
    app.pass(60);
    let stocktake = open(&app, &[white], json!({})).await;
    let then = app.db.shared_clock().now();
    app.pass(60);
    act(&mut app.staff(Role::Warehouse), &stocktake, "cancel", reason()).await.ok(200);
    let counted = ops.get(&why(&format!("&at={then}"))).await.ok(200);
    assert_eq!((&counted["frozen"], &counted["version"]), (&json!(true), &json!(2)));
    assert_eq!(
        (&counted["balance"]["total"], &counted["now"]["frozen"]),
        (&json!(10), &json!(false))
    );
    let now = ops.get(&why("")).await.ok(200);
    assert_eq!((&now["frozen"], &now["version"]), (&json!(false), &json!(3)));
    let unknown: VariantId = seed::id(0xee, 5);
    for what in [format!("explain?warehouse_id={}", app.shop.taipei), "movements".to_owned()] {
        assert_eq!(ops.get(&path(unknown, &what)).await.problem(404), "PRODUCT_NOT_FOUND");
    }
    assert_eq!(ops.get(&why("&at=yesterday")).await.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_dry_run_tells_what_is_counted_from_what_is_gone() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    open(&app, &[white], json!({})).await;
    let explain = "/api/admin/sourcing/explain";
    let ask = |quantity: u32| json!({"postal_code": "100", "items": [{"variant_id": white, "quantity": quantity}]});
    let mut ops = app.staff(Role::Ops);
    let verdicts = |answer: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = answer["warehouses"].as_array().unwrap().iter();
        rows.map(|it| (text(&it["code"]), text(&it["verdict"]))).collect()
    };
    let some = ops.post(explain, ask(5)).await.ok(200);
    assert_eq!(verdicts(&some), [("TPE".into(), "frozen".into()), ("KHH".into(), "chosen".into())]);
    // One more than is free; one more than there is at all.
    let counted = ops.post(explain, ask(6)).await.ok(200);
    assert_eq!((&counted["fillable"], &counted["frozen"]), (&json!(false), &json!([white])));
    assert_eq!(counted["shortages"], json!([]));
    let gone = ops.post(explain, ask(16)).await.ok(200);
    assert_eq!((&gone["fillable"], &gone["frozen"]), (&json!(false), &json!([])));
    assert_eq!(
        (&gone["shortages"][0]["requested"], &gone["shortages"][0]["available"]),
        (&json!(16), &json!(5))
    );
    app.execute("UPDATE inventory.warehouses SET active = false WHERE code = 'KHH'").await;
    let closed = ops.post(explain, ask(1)).await.ok(200);
    assert_eq!(closed["fillable"], false);
    let last = closed["warehouses"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["code"], &last["verdict"]), (&json!("KHH"), &json!("closed")));
    assert_eq!(last["rank"], Value::Null);
}

#[tokio::test]
async fn demand_for_bundles_and_their_parts_adds_up_to_what_is_there() {
    let app = TestApp::new().await;
    let (white, large, set) = (app.shop.mug_white, app.shop.tote_large, seed::id(0x50, 7));
    seed::variant(&app.db, set, app.shop.mug, "SET", 2500).await;
    seed::bundle(&app.db, set, &[(large, 1), (white, 2)]).await;
    // Fifteen mugs are seven sets and one more mug.
    for (key, lines, asked, left) in [
        ("sets", vec![(set, 8)], 8, 7),
        ("both", vec![(set, 7), (white, 2)], 7, 6),
        ("parts", vec![(white, 16)], 16, 15),
    ] {
        let refused = place(&app, key, &lines).await;
        assert_eq!(refused.problem(409), "INVENTORY_SHORTAGE", "{key}");
        let short = &refused.body["shortages"][0];
        assert_eq!((&short["requested"], &short["available"]), (&json!(asked), &json!(left)));
    }
    let stocktake = open(&app, &[large], json!({})).await;
    let refused = place(&app, "counted", &[(set, 1)]).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    assert_eq!(refused.body["variant_ids"], json!([set]));
    act(&mut app.staff(Role::Warehouse), &stocktake, "cancel", reason()).await.ok(200);
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 0);
    place(&app, "exact", &[(set, 7), (white, 1)]).await.ok(201);
    let refused = place(&app, "late", &[(white, 1)]).await;
    assert_eq!(refused.problem(409), "INVENTORY_SHORTAGE");
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn so_many_may_wait_and_not_one_more() {
    let app = TestApp::new().await;
    let (small, black) = (app.shop.tote_small, app.shop.mug_black);
    let limit = async |variant: VariantId, limit: u32| {
        let rule = json!({"limit": limit});
        let mut ops = app.staff(Role::Ops);
        ops.send(Method::PUT, &path(variant, "backorders"), Some(rule)).await.ok(200);
    };
    let left = async |key: &str, units: u32| {
        let refused = place(&app, key, &[(small, units)]).await;
        assert_eq!(refused.problem(409), "INVENTORY_SHORTAGE", "{key}");
        refused.body["shortages"][0]["available"].clone()
    };
    assert_eq!(left("off", 1).await, 0);
    limit(small, 2).await;
    assert_eq!(left("too-many", 3).await, 2);
    let placed = place(&app, "exact", &[(small, 2)]).await.ok(201);
    assert_eq!(placed["items"][0]["backordered"], 2);
    assert_eq!(left("full", 1).await, 0);
    limit(small, 0).await;
    assert_eq!(left("off-again", 1).await, 0);
    // Who waited goes on waiting; what comes in is theirs.
    let received = receive(&app, small, 1).await.ok(200);
    assert_eq!((&received["available"], &received["reserved"]), (&json!(0), &json!(1)));

    // What is counted is not there: it is waited for, and given when it thaws.
    limit(black, 5).await;
    let stocktake = open(&app, &[black], json!({})).await;
    let mut buyer = app.visitor().with("idempotency-key", "counted");
    let placed = buyer.post("/api/orders", order(&[(black, 2)])).await.ok(201);
    assert_eq!(placed["items"][0]["backordered"], 2);
    assert_eq!(row(&app, black, app.shop.taipei).await, ([1, 1, 0, 0], true));
    act(&mut app.staff(Role::Warehouse), &stocktake, "cancel", reason()).await.ok(200);
    assert_eq!(row(&app, black, app.shop.taipei).await, ([1, 0, 1, 0], false));
    app.db.assert_ledger_balanced().await;
}
