//! Stocktakes over HTTP: what is frozen, who counts and who posts, and that stock always thaws.

use identity::Role;
use kernel::id::{VariantId, WarehouseId};
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::{order, stock},
};

pub const STOCKTAKES: &str = "/api/admin/stocktakes";

/// Opens a stocktake of these in Taipei; its address.
pub async fn open(app: &TestApp, variants: &[VariantId], more: Value) -> String {
    let mut form = json!({"warehouse_id": app.shop.taipei, "variant_ids": variants});
    for (name, value) in more.as_object().unwrap() {
        form[name] = value.clone();
    }
    let opened = app.staff(Role::Warehouse).post(STOCKTAKES, form).await.ok(201);
    format!("{STOCKTAKES}/{}", opened["id"].as_str().unwrap())
}

pub async fn count(who: &mut Visitor<'_>, path: &str, counts: &[(VariantId, i64)]) -> Answer {
    let counts: Vec<Value> =
        counts.iter().map(|(it, n)| json!({"variant_id": it, "counted": n})).collect();
    who.post(&format!("{path}/counts"), json!({"counts": counts})).await
}

pub async fn act(who: &mut Visitor<'_>, path: &str, verb: &str, body: Value) -> Answer {
    who.post(&format!("{path}/{verb}"), body).await
}

pub fn reason() -> Value {
    json!({"reason": "yearly count"})
}

/// Posts what is there now, as operations.
pub async fn post(app: &TestApp, path: &str) -> Answer {
    let mut ops = app.staff(Role::Ops);
    let found = ops.get(path).await;
    let etag = found.headers["etag"].to_str().unwrap().to_owned();
    ops.with("if-match", etag).post(&format!("{path}/post"), reason()).await
}

async fn line(app: &TestApp, path: &str, variant: VariantId) -> Value {
    let lines = app.staff(Role::Ops).get(&format!("{path}/lines")).await.ok(200);
    let items = lines["items"].as_array().unwrap();
    items.iter().find(|it| it["variant_id"] == json!(variant)).unwrap().clone()
}

/// `[total, available, reserved, sold]` and whether it is frozen.
pub async fn row(app: &TestApp, variant: VariantId, warehouse: WarehouseId) -> ([i64; 4], bool) {
    let balances = stock(app, variant).await;
    let rows = balances.as_array().unwrap();
    let row = rows.iter().find(|row| row["warehouse_id"] == json!(warehouse)).unwrap();
    let bucket = |name: &str| row[name].as_i64().unwrap();
    let buckets = ["total", "available", "reserved", "sold"].map(bucket);
    (buckets, row["frozen"].as_bool().unwrap())
}

pub async fn place(app: &TestApp, key: &str, lines: &[(VariantId, u32)]) -> Answer {
    app.visitor().with("idempotency-key", key).post("/api/orders", order(lines)).await
}

pub async fn adjustments(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM inventory.movements WHERE kind = 'adjust'").await
}

#[tokio::test]
async fn what_differs_is_counted_reviewed_posted_and_thawed() {
    let app = TestApp::new().await;
    let (white, black, small) = (app.shop.mug_white, app.shop.mug_black, app.shop.tote_small);
    place(&app, "before", &[(white, 2)]).await.ok(201);
    let path = open(&app, &[white, black, small], json!({"note": "shelf 3"})).await;
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 8, 2, 0], true));
    let mut warehouse = app.staff(Role::Warehouse);
    // One too few, as many as there should be, and two that nobody knew of.
    let counts = [(white, 9), (black, 1), (small, 2)];
    count(&mut warehouse, &path, &counts).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    let detail = app.staff(Role::Ops).get(&path).await.ok(200);
    assert_eq!((&detail["number"], &detail["status"]), (&json!("ST-000001"), &json!("review")));
    let summary = json!({"total": 3, "counted": 3, "missing": 0, "disagreed": 0, "skipped": 0,
        "differing": 2, "below_promised": 0});
    assert_eq!(detail["lines"], summary);
    let differing = app.staff(Role::Ops).get(&format!("{path}/lines?only=differing")).await.ok(200);
    let found: Vec<_> = differing["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["sku"].as_str().unwrap(), it["expected"].as_i64(), it["difference"].as_i64()))
        .collect();
    assert_eq!(found, [("MUG-WHITE", Some(10), Some(-1)), ("TOTE-S", Some(0), Some(2))]);

    let posted = post(&app, &path).await.ok(200);
    assert_eq!(
        (&posted["status"], &posted["close_reason"]),
        (&json!("posted"), &json!("yearly count"))
    );
    assert_eq!(row(&app, white, app.shop.taipei).await, ([9, 7, 2, 0], false));
    assert_eq!(row(&app, black, app.shop.taipei).await, ([1, 1, 0, 0], false));
    assert_eq!(row(&app, small, app.shop.taipei).await, ([2, 2, 0, 0], false));
    assert_eq!(line(&app, &path, white).await["posted"], 9);
    let explained = "SELECT count(*) FROM inventory.movements AS m
        JOIN inventory.stocktakes AS t ON t.id = m.reference_id
        WHERE m.kind = 'adjust' AND m.reason = 'yearly count' AND m.actor_kind = 'staff'";
    assert_eq!(app.count(explained).await, 2);
    let told = "SELECT count(*) FROM outbox.events WHERE type = 'inventory.adjusted'";
    assert_eq!(app.count(told).await, 2);
    let log = app.staff(Role::Admin).get("/api/admin/audit-log?action=stock_approve").await.ok(200);
    assert_eq!(log["items"][0]["after"]["adjusted"].as_array().unwrap().len(), 2);
    place(&app, "after", &[(small, 2)]).await.ok(201);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn orders_neither_take_what_is_counted_nor_are_sent_from_there() {
    let app = TestApp::new().await;
    let (white, large) = (app.shop.mug_white, app.shop.tote_large);
    let reserved = place(&app, "before", &[(large, 3)]).await.ok(201);
    let path = open(&app, &[white, large], json!({})).await;
    // Kaohsiung serves meanwhile, as far as it can.
    let created = place(&app, "elsewhere", &[(white, 2)]).await.ok(201);
    let from = &created["inventory_deduction_results"][0]["warehouse_id"];
    assert_eq!(*from, json!(app.shop.kaohsiung));
    for (key, lines) in [("much", [(white, 4)]), ("only-here", [(large, 1)])] {
        assert_eq!(place(&app, key, &lines).await.problem(409), "STOCK_FROZEN", "{key}");
    }
    let receive = format!("/api/admin/inventory/{white}/receive");
    let goods = json!({"warehouse_id": app.shop.taipei, "quantity": 1, "reason": "x"});
    let refused = app.staff(Role::Warehouse).post(&receive, goods).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 10, 0, 0], true));
    // Letting go is always possible.
    let token = reserved["access_token"].as_str().unwrap();
    let cancel = format!("/api/orders/{}/cancel", reserved["id"].as_str().unwrap());
    let mut buyer = app.visitor().with("x-order-token", token);
    buyer.post(&cancel, json!({})).await.ok(200);
    assert_eq!(row(&app, large, app.shop.taipei).await, ([100, 100, 0, 0], true));
    let mut warehouse = app.staff(Role::Warehouse);
    act(&mut warehouse, &path, "cancel", reason()).await.ok(200);
    place(&app, "again", &[(large, 1)]).await.ok(201);
    assert_eq!(adjustments(&app).await, 0);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_row_is_in_one_stocktake_at_a_time_and_the_other_one_is_named() {
    let app = TestApp::new().await;
    let path = open(&app, &[app.shop.mug_white], json!({})).await;
    let whole = json!({"warehouse_id": app.shop.taipei});
    let refused = app.staff(Role::Warehouse).post(STOCKTAKES, whole.clone()).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    let id = path.rsplit('/').next().unwrap();
    let held = json!([{"id": id, "number": "ST-000001", "variant_ids": [app.shop.mug_white]}]);
    assert_eq!(refused.body["stocktakes"], held);
    assert!(!row(&app, app.shop.tote_large, app.shop.taipei).await.1);
    assert_eq!(app.count("SELECT count(*) FROM inventory.stocktakes").await, 1);
    act(&mut app.staff(Role::Warehouse), &path, "cancel", reason()).await.ok(200);
    let opened = app.staff(Role::Warehouse).post(STOCKTAKES, whole).await.ok(201);
    let mut ops = app.staff(Role::Ops);
    let detail = ops.get(&format!("{STOCKTAKES}/{}", opened["id"].as_str().unwrap())).await;
    assert_eq!(detail.ok(200)["lines"]["total"], 5);
    let query = format!("{STOCKTAKES}?status=open&variant_id={}", app.shop.mug_white);
    let found = ops.get(&query).await.ok(200);
    assert_eq!(found["items"][0]["id"], opened["id"]);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn two_people_count_and_a_third_one_or_a_decision_settles_it() {
    let app = TestApp::new().await;
    let (white, large) = (app.shop.mug_white, app.shop.tote_large);
    let path = open(&app, &[white, large], json!({"counts_required": 2})).await;
    let (mut ann, mut bob, mut eve) =
        (app.staff(Role::Warehouse), app.staff(Role::Warehouse), app.staff(Role::Warehouse));
    count(&mut ann, &path, &[(white, 9), (large, 99)]).await.ok(200);
    // The same person again is not a second one.
    count(&mut ann, &path, &[(white, 8)]).await.ok(200);
    let early = act(&mut ann, &path, "review", json!({})).await;
    assert_eq!(early.problem(409), "STOCKTAKE_NOT_READY");
    assert_eq!(early.body["missing"], json!([white, large]));
    count(&mut bob, &path, &[(white, 9), (large, 100)]).await.ok(200);
    assert_eq!(line(&app, &path, white).await["verdict"], "disagreed");
    count(&mut eve, &path, &[(white, 9)]).await.ok(200);
    let settled = line(&app, &path, white).await;
    assert_eq!((&settled["verdict"], &settled["counted"]), (&json!("counted"), &json!(9)));
    assert_eq!(settled["counts"].as_array().unwrap().len(), 4);

    act(&mut ann, &path, "review", json!({})).await.ok(200);
    let refused = post(&app, &path).await;
    assert_eq!(refused.problem(409), "STOCKTAKE_NOT_READY");
    assert_eq!(
        (&refused.body["missing"], &refused.body["disagreed"]),
        (&json!([]), &json!([large]))
    );
    let decision = json!({"variant_id": large, "counted": 99, "reason": "I looked myself"});
    let mut ops = app.staff(Role::Ops);
    assert_eq!(act(&mut ann, &path, "decide", decision.clone()).await.problem(403), "FORBIDDEN");
    let agreed = json!({"variant_id": white, "counted": 1, "reason": "x"});
    assert_eq!(act(&mut ops, &path, "decide", agreed).await.problem(409), "INVALID_TRANSITION");
    act(&mut ops, &path, "decide", decision).await.ok(200);
    assert_eq!(row(&app, large, app.shop.taipei).await, ([100, 100, 0, 0], true));
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([9, 9, 0, 0], false));
    assert_eq!(row(&app, large, app.shop.taipei).await, ([99, 99, 0, 0], false));
}

#[tokio::test]
async fn a_count_below_what_is_promised_is_not_posted() {
    let app = TestApp::new().await;
    let (white, black) = (app.shop.mug_white, app.shop.mug_black);
    let promised = place(&app, "promised", &[(white, 4)]).await.ok(201);
    let path = open(&app, &[white, black], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 3), (black, 0)]).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    assert_eq!(line(&app, &path, white).await["below_promised"], true);
    let refused = post(&app, &path).await;
    assert_eq!(refused.problem(409), "COUNT_BELOW_PROMISED");
    let named = json!([{"variant_id": white, "sku": "MUG-WHITE", "counted": 3, "promised": 4,
        "missing": 1}]);
    assert_eq!(refused.body["lines"], named);
    // Not even the line that could be.
    assert_eq!(row(&app, black, app.shop.taipei).await, ([1, 1, 0, 0], true));
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 6, 4, 0], true));
    assert_eq!(adjustments(&app).await, 0);
    // The promise is taken back, and it goes.
    let token = promised["access_token"].as_str().unwrap();
    let cancel = format!("/api/orders/{}/cancel", promised["id"].as_str().unwrap());
    app.visitor().with("x-order-token", token).post(&cancel, json!({})).await.ok(200);
    assert_eq!(line(&app, &path, white).await["below_promised"], false);
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([3, 3, 0, 0], false));
    assert_eq!(row(&app, black, app.shop.taipei).await, ([0, 0, 0, 0], false));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn exactly_what_is_promised_can_be_posted() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    place(&app, "promised", &[(white, 4)]).await.ok(201);
    let path = open(&app, &[white], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 4)]).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([4, 0, 4, 0], false));
}

#[tokio::test]
async fn what_nobody_counted_is_skipped_for_a_reason_or_holds_everything_up() {
    let app = TestApp::new().await;
    let (white, large) = (app.shop.mug_white, app.shop.tote_large);
    let path = open(&app, &[white, large], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 7)]).await.ok(200);
    let early = act(&mut warehouse, &path, "review", json!({})).await;
    assert_eq!(
        (early.problem(409), &early.body["missing"]),
        ("STOCKTAKE_NOT_READY", &json!([large]))
    );
    let skip = json!({"variant_ids": [large], "reason": "on the top shelf"});
    act(&mut warehouse, &path, "skip", skip.clone()).await.ok(200);
    let line_large = line(&app, &path, large).await;
    assert_eq!(
        (&line_large["verdict"], &line_large["skipped_reason"]),
        (&json!("skipped"), &json!("on the top shelf"))
    );
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    // Counted again after all.
    act(&mut warehouse, &path, "recount", reason()).await.ok(200);
    count(&mut warehouse, &path, &[(large, 98)]).await.ok(200);
    assert_eq!(line(&app, &path, large).await["counted"], 98);
    act(&mut warehouse, &path, "skip", skip).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    post(&app, &path).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([7, 7, 0, 0], false));
    assert_eq!(row(&app, large, app.shop.taipei).await, ([100, 100, 0, 0], false));
    let unknown = json!({"variant_ids": [app.shop.mug_black], "reason": "x"});
    let other = open(&app, &[white], json!({})).await;
    let refused = act(&mut warehouse, &other, "skip", unknown).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/variant_ids/0");
}

#[tokio::test]
async fn a_sheet_is_entered_whole_or_every_bad_row_is_named() {
    let app = TestApp::new().await;
    let (white, large) = (app.shop.mug_white, app.shop.tote_large);
    let path = open(&app, &[white, large], json!({})).await;
    let csv = format!("{path}/counts/csv");
    let mut warehouse = app.staff(Role::Warehouse);
    let counted = "SELECT count(*) FROM inventory.stocktake_counts";
    for (sheet, rows) in [
        ("sku,counted\nMUG-WHITE,9\nTOTE-L,x\nNONE\n", json!([[3, 2], [4, 1]])),
        ("sku,counted\nMUG-WHITE,9\nNOTHING,1\n", json!([[3, 1]])),
        ("sku,counted\nMUG-WHITE,9\nMUG-BLACK,1\n", json!([[3, 1]])),
        ("sku,counted\nMUG-WHITE,9\nMUG-WHITE,9\n", json!([[3, 1]])),
        ("sku\nMUG-WHITE\n", json!([[1, 1]])),
        ("", json!([[1, 1]])),
    ] {
        let refused = warehouse.post_text(&csv, "text/csv", sheet).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{sheet}");
        let found: Vec<Value> = refused.body["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| json!([it["line"], it["column"]]))
            .collect();
        assert_eq!(json!(found), rows, "{sheet}");
        assert_eq!(app.count(counted).await, 0);
    }
    let json_type = warehouse.post_text(&csv, "application/json", "sku,counted\n").await;
    assert_eq!(json_type.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    let sheet = "\u{feff}sku,counted\r\nMUG-WHITE,9\r\nTOTE-L,100\r\n";
    let entered = warehouse.post_text(&csv, "text/csv; charset=utf-8", sheet).await;
    assert_eq!(entered.headers["etag"], "\"2\"");
    assert_eq!((entered.ok(200)["status"].clone(), app.count(counted).await), (json!("open"), 2));
    // A sheet of this size would be too large for other routes.
    let long = format!("sku,counted\n{}", "NO-SUCH-SKU-AT-ALL,1\n".repeat(5_000));
    let refused = warehouse.post_text(&csv, "text/csv", &long).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["rows"].as_array().unwrap().len(), 100);
    let endless = "x".repeat(4 * 1024 * 1024 + 1);
    let refused = warehouse.post_text(&csv, "text/csv", &endless).await;
    assert_eq!(refused.problem(413), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn what_was_reviewed_is_what_is_posted_by_whom_it_is_allowed() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let path = open(&app, &[white], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    count(&mut warehouse, &path, &[(white, 7)]).await.ok(200);
    assert_eq!(post(&app, &path).await.problem(409), "INVALID_TRANSITION");
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    for (who, status, code) in [
        (app.staff(Role::Warehouse), 403, "FORBIDDEN"),
        (app.customer(), 403, "FORBIDDEN"),
        (app.visitor(), 401, "AUTH_UNAUTHORIZED"),
    ] {
        let refused = who.with("if-match", "\"3\"").post(&format!("{path}/post"), reason()).await;
        assert_eq!(refused.problem(status), code);
        let refused = app.staff(Role::Warehouse).post(&format!("{path}/thaw"), reason()).await;
        assert_eq!(refused.problem(403), "FORBIDDEN");
    }
    let blind = app.staff(Role::Ops).post(&format!("{path}/post"), reason()).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    // Counted again between the review and the posting.
    act(&mut warehouse, &path, "recount", reason()).await.ok(200);
    count(&mut warehouse, &path, &[(white, 6)]).await.ok(200);
    act(&mut warehouse, &path, "review", json!({})).await.ok(200);
    let mut seen_before = app.staff(Role::Ops).with("if-match", "\"3\"");
    let stale = seen_before.post(&format!("{path}/post"), reason()).await;
    assert_eq!((stale.problem(412), &stale.body["version"]), ("VERSION_CONFLICT", &json!(6)));
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 10, 0, 0], true));
    let mut admin = app.staff(Role::Admin).with("if-match", "\"6\"");
    admin.post(&format!("{path}/post"), reason()).await.ok(200);
    assert_eq!(row(&app, white, app.shop.taipei).await, ([6, 6, 0, 0], false));
    for (verb, body) in [("review", json!({})), ("cancel", reason()), ("recount", reason())] {
        assert_eq!(act(&mut warehouse, &path, verb, body).await.problem(409), "INVALID_TRANSITION");
    }
    assert_eq!(
        count(&mut warehouse, &path, &[(white, 1)]).await.problem(409),
        "INVALID_TRANSITION"
    );
    let nothing = app.staff(Role::Ops).post(&format!("{path}/thaw"), reason()).await;
    assert_eq!(nothing.problem(409), "INVALID_TRANSITION");
    assert_eq!(adjustments(&app).await, 1);
}

#[tokio::test]
async fn an_abandoned_stocktake_is_thawed_by_force_or_given_more_time() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let path = open(&app, &[white], json!({"expires_in_minutes": 10})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    let extended = act(&mut warehouse, &path, "extend", json!({"expires_in_minutes": 4320})).await;
    assert_eq!(extended.ok(200)["expires_at"], "2026-06-04T02:00:00Z");
    for minutes in [json!(0), json!(4321), json!(-1)] {
        let refused =
            act(&mut warehouse, &path, "extend", json!({"expires_in_minutes": minutes})).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    }
    let mut ops = app.staff(Role::Ops);
    assert_eq!(act(&mut ops, &path, "thaw", json!({})).await.problem(422), "VALIDATION_FAILED");
    let ended = act(&mut ops, &path, "thaw", json!({"reason": "they went home"})).await.ok(200);
    assert_eq!(
        (&ended["status"], &ended["close_reason"]),
        (&json!("cancelled"), &json!("they went home"))
    );
    assert_eq!(row(&app, white, app.shop.taipei).await, ([10, 10, 0, 0], false));
    let log = app.staff(Role::Admin).get("/api/admin/audit-log?action=stock_approve").await.ok(200);
    assert_eq!(
        (&log["items"][0]["after"]["thawed"], &log["items"][0]["reason"]),
        (&json!(1), &json!("they went home"))
    );
    let late = act(&mut warehouse, &path, "extend", json!({"expires_in_minutes": 1})).await;
    assert_eq!(late.problem(409), "INVALID_TRANSITION");
    // One that ended and still holds a row, which must not be, lets go of it.
    app.execute(
        "UPDATE inventory.stock SET frozen_by = (SELECT id FROM inventory.stocktakes)
          WHERE variant_id IN (SELECT variant_id FROM inventory.stocktake_lines)
            AND warehouse_id IN (SELECT warehouse_id FROM inventory.stocktakes)",
    )
    .await;
    assert!(row(&app, white, app.shop.taipei).await.1);
    act(&mut ops, &path, "thaw", reason()).await.ok(200);
    assert!(!row(&app, white, app.shop.taipei).await.1);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn bad_openings_and_counts_are_refused_and_nothing_is_frozen() {
    let app = TestApp::new().await;
    let white = app.shop.mug_white;
    let good = json!({"warehouse_id": app.shop.taipei, "variant_ids": [white],
        "counts_required": 1, "expires_in_minutes": 60, "note": ""});
    let unknown = json!("01990000-0000-7000-8000-0000000000ff");
    for (pointer, value, status, code) in [
        ("/warehouse_id", unknown.clone(), 404, "WAREHOUSE_NOT_FOUND"),
        ("/variant_ids/0", unknown, 404, "PRODUCT_NOT_FOUND"),
        ("/variant_ids", json!([]), 422, "VALIDATION_FAILED"),
        ("/variant_ids", json!([white, white]), 422, "VALIDATION_FAILED"),
        ("/counts_required", json!(0), 422, "VALIDATION_FAILED"),
        ("/counts_required", json!(3), 422, "VALIDATION_FAILED"),
        ("/expires_in_minutes", json!(0), 422, "VALIDATION_FAILED"),
        ("/expires_in_minutes", json!(4321), 422, "VALIDATION_FAILED"),
        ("/note", json!("x".repeat(501)), 422, "VALIDATION_FAILED"),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let refused = app.staff(Role::Warehouse).post(STOCKTAKES, body).await;
        assert_eq!(refused.problem(status), code, "{pointer} = {value}");
    }
    assert_eq!(app.staff(Role::Ops).post(STOCKTAKES, good).await.problem(403), "FORBIDDEN");
    assert_eq!(app.count("SELECT count(*) FROM inventory.stocktakes").await, 0);
    assert_eq!(
        app.count("SELECT count(*) FROM inventory.stock WHERE frozen_by IS NOT NULL").await,
        0
    );

    let path = open(&app, &[white], json!({})).await;
    let mut warehouse = app.staff(Role::Warehouse);
    for (counts, pointer) in [
        (json!([]), "/counts"),
        (json!([{"variant_id": white, "counted": -1}]), "/counts/0/counted"),
        (json!([{"variant_id": white, "counted": 1_000_000_001}]), "/counts/0/counted"),
        (
            json!([{"variant_id": white, "counted": 1}, {"variant_id": white, "counted": 1}]),
            "/counts/1/variant_id",
        ),
        (
            json!([{"variant_id": white, "counted": 1}, {"variant_id": app.shop.mug_black, "counted": 1}]),
            "/counts/1/variant_id",
        ),
    ] {
        let refused = warehouse.post(&format!("{path}/counts"), json!({"counts": counts})).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{counts}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{counts}");
    }
    assert_eq!(app.count("SELECT count(*) FROM inventory.stocktake_counts").await, 0);
    let nowhere = format!("{STOCKTAKES}/01990000-0000-7000-8000-0000000000ff");
    assert_eq!(warehouse.get(&nowhere).await.problem(404), "STOCKTAKE_NOT_FOUND");
    assert_eq!(
        warehouse.get(&format!("{nowhere}/lines")).await.problem(404),
        "STOCKTAKE_NOT_FOUND"
    );
    let lines = warehouse.get(&format!("{path}/lines?only=everything")).await;
    assert_eq!(lines.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn an_empty_warehouse_has_nothing_to_count() {
    let app = TestApp::new().await;
    app.execute(
        "INSERT INTO inventory.warehouses (id, code, name_zh, name_en, postal_code, city, district,
             address1, latitude, longitude, priority)
         VALUES ('01990000-0000-7000-8000-00000000bbbb', 'NEW', 'x', 'x', '400', 'x', 'x', 'x', 24, 120, 9)",
    )
    .await;
    let form = json!({"warehouse_id": "01990000-0000-7000-8000-00000000bbbb"});
    let refused = app.staff(Role::Warehouse).post(STOCKTAKES, form.clone()).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    // Units may lie where the books know of none.
    let mut named = form;
    named["variant_ids"] = json!([app.shop.mug_white]);
    app.staff(Role::Warehouse).post(STOCKTAKES, named).await.ok(201);
}
