//! The back office's stock: corrected, explained, replenished, exported and imported.

use axum::http::Method;
use identity::Role;
use kernel::id::VariantId;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, Visitor};

fn path(variant: VariantId, what: &str) -> String {
    format!("/api/admin/inventory/{variant}/{what}")
}

async fn adjust(app: &TestApp, seen: Option<&str>, body: Value) -> Answer {
    let mut warehouse = app.staff(Role::Warehouse);
    if let Some(tag) = seen {
        warehouse = warehouse.with("if-match", tag);
    }
    warehouse.post(&path(app.shop.mug_white, "adjust"), body).await
}

#[tokio::test]
async fn the_books_are_set_right_by_whoever_has_seen_them() {
    let app = TestApp::new().await;
    let by = |by: i64| json!({"warehouse_id": app.shop.taipei, "by": by, "reason": "breakage"});
    let done = adjust(&app, Some("\"1\""), by(-4)).await;
    assert_eq!(done.headers["etag"], "\"2\"");
    assert_eq!(
        done.ok(200),
        json!({"warehouse_id": app.shop.taipei, "total": 6, "available": 6, "reserved": 0,
            "sold": 0, "safety_stock": 0, "frozen": false, "version": 2})
    );
    // Who has not seen that is told, and so is who has seen nothing.
    let late = adjust(&app, Some("\"1\""), by(1)).await;
    assert_eq!(late.problem(412), "VERSION_CONFLICT");
    assert_eq!(late.body["version"], 2);
    assert_eq!(adjust(&app, None, by(1)).await.problem(422), "VALIDATION_FAILED");
    // Exactly all of it, and one too many.
    assert_eq!(adjust(&app, Some("\"2\""), by(-7)).await.problem(409), "INVENTORY_SHORTAGE");
    adjust(&app, Some("\"2\""), by(-6)).await.ok(200);
    for (body, status, code) in [
        (by(0), 422, "VALIDATION_FAILED"),
        (by(1_000_001), 422, "VALIDATION_FAILED"),
        (json!({"warehouse_id": app.shop.taipei, "by": 1, "reason": ""}), 422, "VALIDATION_FAILED"),
        (
            json!({"warehouse_id": app.shop.category, "by": 1, "reason": "x"}),
            404,
            "WAREHOUSE_NOT_FOUND",
        ),
    ] {
        assert_eq!(adjust(&app, Some("\"3\""), body).await.problem(status), code);
    }
    app.execute("UPDATE inventory.stock SET frozen_by = gen_random_uuid()").await;
    assert_eq!(adjust(&app, Some("\"3\""), by(1)).await.problem(409), "STOCK_FROZEN");
    let adjusted = "SELECT count(*) FROM inventory.movements WHERE kind = 'adjust'
         AND reason = 'breakage' AND actor_kind = 'staff'";
    assert_eq!(app.count(adjusted).await, 2);
    let recorded = "SELECT count(*) FROM audit.entries WHERE action = 'stock_write'
         AND reason = 'breakage'";
    assert_eq!(app.count(recorded).await, 2);
}

#[tokio::test]
async fn the_safety_stock_is_set_once_however_often_it_is_sent() {
    let app = TestApp::new().await;
    let body = |level: i64| json!({"warehouse_id": app.shop.taipei, "safety_stock": level});
    let mut warehouse = app.staff(Role::Warehouse);
    let put = path(app.shop.mug_white, "safety-stock");
    for _ in 0..2 {
        let answer = warehouse.send(Method::PUT, &put, Some(body(12))).await;
        assert_eq!(answer.headers["etag"], "\"2\"");
        assert_eq!(answer.ok(200)["safety_stock"], 12);
    }
    for (variant, body, status, code) in [
        (app.shop.mug_white, body(-1), 422, "VALIDATION_FAILED"),
        (app.shop.mug_white, body(1_000_001), 422, "VALIDATION_FAILED"),
        (
            app.shop.mug_white,
            json!({"warehouse_id": app.shop.category, "safety_stock": 1}),
            404,
            "WAREHOUSE_NOT_FOUND",
        ),
        (app.shop.category.as_uuid().into(), body(1), 404, "PRODUCT_NOT_FOUND"),
    ] {
        let answer = warehouse.send(Method::PUT, &path(variant, "safety-stock"), Some(body)).await;
        assert_eq!(answer.problem(status), code);
    }
    let low = "SELECT count(*) FROM outbox.events WHERE type = 'inventory.low_stock'";
    assert_eq!(app.count(low).await, 1);
    let recorded = "SELECT count(*) FROM audit.entries WHERE action = 'stock_write'";
    assert_eq!(app.count(recorded).await, 1);
    assert_eq!(
        app.staff(Role::Ops).send(Method::PUT, &put, Some(body(1))).await.problem(403),
        "FORBIDDEN"
    );
}

#[tokio::test]
async fn the_ledger_is_listed_and_explains_a_balance_at_any_moment() {
    let app = TestApp::new().await;
    let start = app.db.shared_clock().now();
    app.pass(60);
    let body = json!({"warehouse_id": app.shop.taipei, "by": -4, "reason": "breakage"});
    adjust(&app, Some("\"1\""), body).await.ok(200);
    let mut ops = app.staff(Role::Ops);
    let list = path(app.shop.mug_white, "movements");
    let page = ops.get(&format!("{list}?limit=1")).await.ok(200);
    let first = &page["items"][0];
    assert_eq!(first["kind"], "adjust");
    assert_eq!((&first["total"], &first["available_after"]), (&json!(-4), &json!(6)));
    assert_eq!((&first["seq"], &first["actor_kind"]), (&json!(2), &json!("staff")));
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = ops.get(&format!("{list}?cursor={cursor}")).await.ok(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["next_cursor"], Value::Null);
    let only = ops.get(&format!("{list}?kind=adjust")).await.ok(200);
    assert_eq!(only["items"].as_array().unwrap().len(), 1);
    let other = ops.get(&format!("{list}?warehouse_id={}", app.shop.kaohsiung)).await.ok(200);
    assert_eq!(other["items"].as_array().unwrap().len(), 1);
    assert_eq!(ops.get(&format!("{list}?cursor=x")).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(ops.get(&format!("{list}?kind=gift")).await.problem(422), "VALIDATION_FAILED");

    let why = path(app.shop.mug_white, "explain");
    let now = ops.get(&format!("{why}?warehouse_id={}", app.shop.taipei)).await.ok(200);
    assert_eq!(now["balance"], json!({"total": 6, "available": 6, "reserved": 0, "sold": 0}));
    assert_eq!((&now["ledger_agrees"], &now["version"]), (&json!(true), &json!(2)));
    let kinds: Vec<_> = now["kinds"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["receive", "adjust"]);
    assert_eq!(now["last_movements"].as_array().unwrap().len(), 2);
    let then = ops.get(&format!("{why}?warehouse_id={}&at={start}", app.shop.taipei)).await.ok(200);
    assert_eq!(then["balance"]["total"], 10);
    assert_eq!(then["last_movements"].as_array().unwrap().len(), 1);
    assert_eq!(then["now"]["total"], 6);
    let nowhere = ops.get(&format!("{why}?warehouse_id={}", app.shop.category)).await;
    assert_eq!(nowhere.problem(404), "WAREHOUSE_NOT_FOUND");
    assert_eq!(ops.get(&why).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(app.customer().get(&list).await.problem(403), "FORBIDDEN");
}

#[tokio::test]
async fn what_is_low_is_listed_the_most_urgent_first() {
    let app = TestApp::new().await;
    // White: 10 of 20 and 5 of 6; black: 1 of 2 (as urgent, fewer missing); small: none of 1.
    app.execute(
        "UPDATE inventory.stock SET safety_stock = CASE total WHEN 10 THEN 20 WHEN 1 THEN 2
             WHEN 0 THEN 1 WHEN 100 THEN 100 ELSE 6 END",
    )
    .await;
    let mut ops = app.staff(Role::Ops);
    let list = "/api/admin/inventory/replenishment";
    let page = ops.get(list).await.ok(200);
    let told = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|it| format!("{} {} {}", it["sku"], it["warehouse"], it["missing"])).collect()
    };
    let expected = [
        r#""TOTE-S" "TPE" 1"#,
        r#""MUG-WHITE" "TPE" 10"#,
        r#""MUG-BLACK" "TPE" 1"#,
        r#""MUG-WHITE" "KHH" 1"#,
        r#""TOTE-OLD" "TPE" 1"#,
    ];
    assert_eq!(told(&page), expected);
    let (mut read, mut query) = (Vec::new(), String::new());
    loop {
        let page = ops.get(&format!("{list}?limit=2{query}")).await.ok(200);
        read.extend(told(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("&cursor={cursor}");
    }
    assert_eq!(read, expected);
    let there = ops.get(&format!("{list}?warehouse_id={}", app.shop.kaohsiung)).await.ok(200);
    assert_eq!(told(&there), expected[3..4]);
    assert_eq!(ops.get(&format!("{list}?cursor=x")).await.problem(422), "VALIDATION_FAILED");
}

async fn import(who: &mut Visitor<'_>, query: &str, text: &str) -> Answer {
    who.post_text(&format!("/api/admin/inventory/import{query}"), "text/csv", text).await
}

#[tokio::test]
async fn a_file_is_taken_whole_or_not_at_all_unless_asked_for() {
    let app = TestApp::new().await;
    let mut warehouse = app.staff(Role::Warehouse);
    let text = "sku,warehouse,total,safety_stock,reason\n\
                MUG-WHITE,TPE,12,3,count\n\
                MUG-PINK,TPE,1,,count\n\
                MUG-BLACK,HUA,1,,count\n\
                MUG-WHITE,TPE,11,,count\n\
                TOTE-L,TPE,100,,count\n\
                TOTE-S,KHH,7,,\n";
    let refused = import(&mut warehouse, "", text).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let wrong = json!([
        {"line": 3, "column": 1, "detail": "there is no SKU MUG-PINK"},
        {"line": 4, "column": 2, "detail": "there is no warehouse HUA"},
        {"line": 5, "column": 1, "detail": "is in line 2 already"},
        {"line": 7, "column": 3,
         "detail": "has no reason: give one in a column `reason`, or for the file"},
    ]);
    assert_eq!((&refused.body["rows"], &refused.body["rejected"]), (&wrong, &json!(4)));
    let trial = import(&mut warehouse, "?dry_run=true", text).await.ok(200);
    assert_eq!((&trial["errors"], &trial["accepted"]), (&wrong, &json!(false)));
    let movements = "SELECT count(*) FROM inventory.movements WHERE kind <> 'receive'";
    assert_eq!(app.count(movements).await, 0);
    assert_eq!(app.count("SELECT count(*) FROM inventory.stock").await, 6);

    let report = import(&mut warehouse, "?partial=true", text).await.ok(200);
    assert_eq!((&report["changed"], &report["unchanged"]), (&json!(1), &json!(1)));
    assert_eq!((&report["rejected"], &report["rows"]), (&json!(4), &json!(6)));
    assert_eq!(app.count(movements).await, 2);
    let nonsense = import(&mut warehouse, "?partial=true&dry_run=true", "{}").await;
    assert_eq!(nonsense.problem(422), "VALIDATION_FAILED");
    let good = "sku,warehouse,by\nTOTE-S,KHH,7\nMUG-WHITE,TPE,-12\n";
    let trial = import(&mut warehouse, "?dry_run=true&reason=move", good).await.ok(200);
    assert_eq!((&trial["changed"], &trial["dry_run"]), (&json!(2), &json!(true)));
    assert_eq!(app.count(movements).await, 2);
    import(&mut warehouse, "?reason=move", good).await.ok(200);
    let again = import(&mut warehouse, "?reason=move", good).await;
    assert_eq!(again.problem(422), "VALIDATION_FAILED");
    let short = "only 0 are available to be taken; the rest is promised";
    assert_eq!(again.body["rows"], json!([{"line": 3, "column": 3, "detail": short}]));
    let units = "SELECT sum(total)::bigint FROM inventory.stock";
    assert_eq!(app.count(units).await, 5 + 1 + 100 + 5 + 7);
    let recorded = "SELECT count(*) FROM audit.entries WHERE action = 'stock_write'";
    assert_eq!(app.count(recorded).await, 2);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_file_that_is_none_or_too_large_is_refused_and_what_goes_out_comes_back() {
    let app = TestApp::new().await;
    let mut warehouse = app.staff(Role::Warehouse);
    let out = warehouse.get("/api/admin/inventory/export").await;
    assert_eq!(out.headers["content-type"], "text/csv; charset=utf-8");
    let text = out.ok(200).as_str().unwrap().to_owned();
    let report = import(&mut warehouse, "?reason=round", &text).await.ok(200);
    assert_eq!((&report["changed"], &report["unchanged"]), (&json!(0), &json!(6)));
    let json = warehouse.post("/api/admin/inventory/import", json!({})).await;
    assert_eq!(json.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(import(&mut warehouse, "", "").await.problem(422), "VALIDATION_FAILED");
    // Larger than what other routes take, and then larger than what this one takes.
    let long = format!("{text}{}", "\n".repeat(100_000));
    import(&mut warehouse, "?reason=round", &long).await.ok(200);
    let endless = format!("{text}{}", "\n".repeat(16 * 1024 * 1024));
    assert_eq!(import(&mut warehouse, "", &endless).await.problem(413), "PAYLOAD_TOO_LARGE");
    let mut ops = app.staff(Role::Ops);
    assert_eq!(import(&mut ops, "", &text).await.problem(403), "FORBIDDEN");
    ops.get("/api/admin/inventory/export").await.ok(200);
}
