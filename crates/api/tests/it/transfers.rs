//! Transfers over HTTP: what moves when, what is refused, and that nothing vanishes on the way.

use identity::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const TRANSFERS: &str = "/api/admin/transfers";

/// A draft of so many white mugs from Taipei to Kaohsiung; its address.
async fn draft(app: &TestApp, quantity: i64) -> String {
    let created = app.staff(Role::Warehouse).post(TRANSFERS, form(app, quantity)).await.ok(201);
    format!("{TRANSFERS}/{}", created["id"].as_str().unwrap())
}

fn form(app: &TestApp, quantity: i64) -> Value {
    json!({
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
        "lines": [{"variant_id": app.shop.mug_white, "quantity": quantity}], "note": "two boxes",
    })
}

fn arrival(app: &TestApp, quantity: i64) -> Value {
    json!({"lines": [{"variant_id": app.shop.mug_white, "quantity": quantity}]})
}

async fn act(app: &TestApp, path: &str, verb: &str, body: Value) -> Answer {
    app.staff(Role::Warehouse).post(&format!("{path}/{verb}"), body).await
}

/// Totals of the white mug in Taipei and Kaohsiung, and what is on its way to Kaohsiung.
async fn mugs(app: &TestApp) -> (i64, i64, i64) {
    let path = format!("/api/admin/inventory/{}", app.shop.mug_white);
    let stock = app.staff(Role::Warehouse).get(&path).await.ok(200);
    let total = |at: kernel::id::WarehouseId| {
        let rows = stock["balances"].as_array().unwrap();
        let row = rows.iter().find(|row| row["warehouse_id"] == json!(at));
        row.map_or(0, |row| {
            assert_eq!(row["total"], row["available"]);
            row["total"].as_i64().unwrap()
        })
    };
    let on_the_way = stock["in_transit"].as_array().unwrap();
    assert!(on_the_way.iter().all(|it| it["warehouse_id"] == json!(app.shop.kaohsiung)));
    let on_the_way = on_the_way.iter().map(|it| it["quantity"].as_i64().unwrap()).sum();
    (total(app.shop.taipei), total(app.shop.kaohsiung), on_the_way)
}

async fn movements(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM inventory.movements WHERE kind LIKE 'transfer%'").await
}

#[tokio::test]
async fn goods_leave_are_on_the_way_and_arrive_in_parts() {
    let app = TestApp::new().await;
    let path = draft(&app, 4).await;
    assert_eq!(mugs(&app).await, (10, 5, 0));
    let sent = act(&app, &path, "dispatch", json!({})).await;
    assert_eq!(sent.headers["etag"], "\"2\"");
    let sent = sent.ok(200);
    assert_eq!((&sent["status"], &sent["number"]), (&json!("in_transit"), &json!("TR-000001")));
    assert_eq!((&sent["quantity"], &sent["in_transit"]), (&json!(4), &json!(4)));
    assert_eq!(sent["lines"][0]["sku"], "MUG-WHITE");
    assert_eq!(mugs(&app).await, (6, 5, 4));

    let some = act(&app, &path, "receive", arrival(&app, 1)).await.ok(200);
    assert_eq!((&some["status"], &some["lines"][0]["received"]), (&json!("in_transit"), &json!(1)));
    assert_eq!(mugs(&app).await, (6, 6, 3));
    let all = act(&app, &path, "receive", arrival(&app, 3)).await.ok(200);
    assert_eq!((&all["status"], &all["in_transit"]), (&json!("received"), &json!(0)));
    assert_eq!(mugs(&app).await, (6, 9, 0));
    app.db.assert_ledger_balanced().await;

    let explained = "SELECT count(*) FROM inventory.movements AS m
        JOIN inventory.transfers AS t ON t.id = m.reference_id WHERE m.actor_kind = 'staff'";
    assert_eq!(app.count(explained).await, 3);
    let log = app.staff(Role::Admin).get("/api/admin/audit-log?action=stock_write").await.ok(200);
    let states: Vec<&str> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["after"]["status"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["received", "in_transit", "in_transit", "draft"]);
}

#[tokio::test]
async fn what_never_arrives_is_lost_with_a_reason_and_what_is_cancelled_goes_back() {
    let app = TestApp::new().await;
    let lost = draft(&app, 3).await;
    act(&app, &lost, "dispatch", json!({})).await.ok(200);
    act(&app, &lost, "receive", arrival(&app, 2)).await.ok(200);
    assert_eq!(
        act(&app, &lost, "close", json!({"reason": ""})).await.problem(422),
        "VALIDATION_FAILED"
    );
    let closed = act(&app, &lost, "close", json!({"reason": "fell off the lorry"})).await.ok(200);
    let line = &closed["lines"][0];
    assert_eq!((&line["received"], &line["lost"]), (&json!(2), &json!(1)));
    assert_eq!(line["lost_reason"], "fell off the lorry");
    assert_eq!((&closed["status"], mugs(&app).await), (&json!("received"), (7, 7, 0)));

    let undone = draft(&app, 3).await;
    act(&app, &undone, "dispatch", json!({})).await.ok(200);
    act(&app, &undone, "receive", arrival(&app, 1)).await.ok(200);
    assert_eq!(mugs(&app).await, (4, 8, 2));
    let back = act(&app, &undone, "cancel", json!({"reason": "the road is closed"})).await.ok(200);
    assert_eq!((&back["status"], &back["lines"][0]["returned"]), (&json!("cancelled"), &json!(2)));
    assert_eq!(mugs(&app).await, (6, 8, 0));

    let before = movements(&app).await;
    let never = draft(&app, 3).await;
    act(&app, &never, "cancel", json!({"reason": "not needed"})).await.ok(200);
    assert_eq!((movements(&app).await, mugs(&app).await), (before, (6, 8, 0)));
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn a_move_that_the_machine_does_not_have_changes_nothing() {
    let app = TestApp::new().await;
    let path = draft(&app, 1).await;
    let reason = json!({"reason": "x"});
    for (verb, body) in [("receive", arrival(&app, 1)), ("close", reason.clone())] {
        assert_eq!(act(&app, &path, verb, body).await.problem(409), "INVALID_TRANSITION");
    }
    act(&app, &path, "dispatch", json!({})).await.ok(200);
    let again = act(&app, &path, "dispatch", json!({})).await;
    assert_eq!(
        (again.problem(409), &again.body["current_status"]),
        ("INVALID_TRANSITION", &json!("in_transit"))
    );
    act(&app, &path, "receive", arrival(&app, 1)).await.ok(200);
    for (verb, body) in
        [("receive", arrival(&app, 1)), ("close", reason.clone()), ("cancel", reason.clone())]
    {
        assert_eq!(act(&app, &path, verb, body).await.problem(409), "INVALID_TRANSITION");
    }
    let edit =
        app.staff(Role::Warehouse).with("if-match", "\"3\"").patch(&path, form(&app, 2)).await;
    assert_eq!(edit.problem(409), "INVALID_TRANSITION");
    assert_eq!((mugs(&app).await, movements(&app).await), ((9, 6, 0), 2));
    let unknown = format!("{TRANSFERS}/01990000-0000-7000-8000-0000000000ff");
    let found = app.staff(Role::Ops).get(&unknown).await;
    assert_eq!(found.problem(404), "TRANSFER_NOT_FOUND");
    assert_eq!(act(&app, &unknown, "dispatch", json!({})).await.problem(404), "TRANSFER_NOT_FOUND");
}

#[tokio::test]
async fn all_lines_are_sent_or_none_and_what_is_short_is_named() {
    let app = TestApp::new().await;
    let form = json!({
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
        "lines": [
            {"variant_id": app.shop.mug_white, "quantity": 10},
            {"variant_id": app.shop.mug_black, "quantity": 2},
            {"variant_id": app.shop.tote_small, "quantity": 1},
        ],
    });
    let created = app.staff(Role::Warehouse).post(TRANSFERS, form).await.ok(201);
    let path = format!("{TRANSFERS}/{}", created["id"].as_str().unwrap());
    let refused = act(&app, &path, "dispatch", json!({})).await;
    assert_eq!(refused.problem(409), "INVENTORY_SHORTAGE");
    assert_eq!(
        refused.body["shortages"],
        json!([
            {"variant_id": app.shop.mug_black, "sku": "MUG-BLACK", "requested": 2, "available": 1},
            {"variant_id": app.shop.tote_small, "sku": "TOTE-S", "requested": 1, "available": 0},
        ])
    );
    assert_eq!((mugs(&app).await, movements(&app).await), ((10, 5, 0), 0));
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200)["status"], "draft");

    // Exactly what is there can be sent; one more cannot.
    let path = draft(&app, 11).await;
    assert_eq!(act(&app, &path, "dispatch", json!({})).await.problem(409), "INVENTORY_SHORTAGE");
    let path = draft(&app, 10).await;
    act(&app, &path, "dispatch", json!({})).await.ok(200);
    let refused = act(&app, &path, "receive", arrival(&app, 11)).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(refused.body["errors"][0]["detail"], "10 on the way");
    assert_eq!(mugs(&app).await, (0, 5, 10));
}

#[tokio::test]
async fn a_draft_is_changed_by_who_has_seen_it() {
    let app = TestApp::new().await;
    let path = draft(&app, 1).await;
    let blind = app.staff(Role::Warehouse).patch(&path, form(&app, 2)).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    let edited =
        app.staff(Role::Warehouse).with("if-match", "\"1\"").patch(&path, form(&app, 2)).await;
    assert_eq!(edited.headers["etag"], "\"2\"");
    assert_eq!(edited.ok(200)["lines"][0]["quantity"], 2);
    let late =
        app.staff(Role::Warehouse).with("if-match", "\"1\"").patch(&path, form(&app, 3)).await;
    assert_eq!((late.problem(412), &late.body["version"]), ("VERSION_CONFLICT", &json!(2)));
    let mut stale = app.staff(Role::Warehouse).with("if-match", "\"1\"");
    let refused = stale.post(&format!("{path}/dispatch"), json!({})).await;
    assert_eq!(refused.problem(412), "VERSION_CONFLICT");
    assert_eq!((mugs(&app).await, movements(&app).await), ((10, 5, 0), 0));
    let found = app.staff(Role::Ops).get(&path).await;
    assert_eq!(found.headers["etag"], "\"2\"");
    assert_eq!(found.ok(200)["lines"][0]["quantity"], 2);
}

#[tokio::test]
async fn bad_plans_are_refused_with_their_place() {
    let app = TestApp::new().await;
    let good = form(&app, 1);
    let unknown = json!("01990000-0000-7000-8000-0000000000ff");
    for (pointer, value, status, code) in [
        ("/to_warehouse_id", json!(app.shop.taipei), 422, "VALIDATION_FAILED"),
        ("/to_warehouse_id", unknown.clone(), 404, "WAREHOUSE_NOT_FOUND"),
        ("/from_warehouse_id", unknown.clone(), 404, "WAREHOUSE_NOT_FOUND"),
        ("/lines/0/variant_id", unknown, 404, "PRODUCT_NOT_FOUND"),
        ("/lines", json!([]), 422, "VALIDATION_FAILED"),
        ("/lines/0/quantity", json!(0), 422, "VALIDATION_FAILED"),
        ("/lines/0/quantity", json!(-1), 422, "VALIDATION_FAILED"),
        ("/lines/0/quantity", json!(1_000_001), 422, "VALIDATION_FAILED"),
        ("/note", json!("x".repeat(501)), 422, "VALIDATION_FAILED"),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let refused = app.staff(Role::Warehouse).post(TRANSFERS, body).await;
        assert_eq!(refused.problem(status), code, "{pointer} = {value}");
    }
    let mut twice = good;
    let line = twice["lines"][0].clone();
    twice["lines"].as_array_mut().unwrap().push(line);
    let refused = app.staff(Role::Warehouse).post(TRANSFERS, twice).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/lines/1/variant_id");
    assert_eq!(app.count("SELECT count(*) FROM inventory.transfers").await, 0);

    app.execute("UPDATE inventory.warehouses SET active = false WHERE code = 'KHH'").await;
    let closed = app.staff(Role::Warehouse).post(TRANSFERS, form(&app, 1)).await;
    assert_eq!(closed.problem(404), "WAREHOUSE_NOT_FOUND");
    let ops = app.staff(Role::Ops).post(TRANSFERS, form(&app, 1)).await;
    assert_eq!(ops.problem(403), "FORBIDDEN");
}

#[tokio::test]
async fn stock_that_is_being_counted_neither_leaves_nor_takes_in() {
    let app = TestApp::new().await;
    let path = draft(&app, 2).await;
    let taipei = count(&app, app.shop.taipei).await;
    let refused = act(&app, &path, "dispatch", json!({})).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    assert_eq!(refused.body["variant_ids"], json!([app.shop.mug_white]));
    act(&app, &taipei, "cancel", json!({"reason": "x"})).await.ok(200);
    act(&app, &path, "dispatch", json!({})).await.ok(200);
    count(&app, app.shop.kaohsiung).await;
    let refused = act(&app, &path, "receive", arrival(&app, 2)).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    let taipei = count(&app, app.shop.taipei).await;
    let refused = act(&app, &path, "cancel", json!({"reason": "x"})).await;
    assert_eq!(refused.problem(409), "STOCK_FROZEN");
    assert_eq!((mugs(&app).await, movements(&app).await), ((8, 5, 2), 1));
    act(&app, &taipei, "cancel", json!({"reason": "x"})).await.ok(200);
    act(&app, &path, "cancel", json!({"reason": "x"})).await.ok(200);
    assert_eq!(mugs(&app).await, (10, 5, 0));
}

/// Opens a stocktake of the white mug; its address.
async fn count(app: &TestApp, warehouse: kernel::id::WarehouseId) -> String {
    let form = json!({"warehouse_id": warehouse, "variant_ids": [app.shop.mug_white]});
    let opened = app.staff(Role::Warehouse).post("/api/admin/stocktakes", form).await.ok(201);
    format!("/api/admin/stocktakes/{}", opened["id"].as_str().unwrap())
}

#[tokio::test]
async fn goods_arrive_where_they_never_were() {
    let app = TestApp::new().await;
    let form = json!({
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
        "lines": [{"variant_id": app.shop.tote_large, "quantity": 40}],
    });
    let created = app.staff(Role::Warehouse).post(TRANSFERS, form).await.ok(201);
    let path = format!("{TRANSFERS}/{}", created["id"].as_str().unwrap());
    act(&app, &path, "dispatch", json!({})).await.ok(200);
    let arrived = json!({"lines": [{"variant_id": app.shop.tote_large, "quantity": 40}]});
    act(&app, &path, "receive", arrived).await.ok(200);
    let stock = crate::orders::stock(&app, app.shop.tote_large).await;
    let totals: Vec<_> = stock.as_array().unwrap().iter().map(|row| &row["total"]).collect();
    assert_eq!(totals, [60, 40]);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn transfers_are_found_page_by_page() {
    let app = TestApp::new().await;
    for _ in 0..3 {
        draft(&app, 1).await;
        app.pass(1);
    }
    let mut ops = app.staff(Role::Ops);
    let first = ops.get(&format!("{TRANSFERS}?limit=2&status=draft")).await.ok(200);
    let numbers = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|it| it["number"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(numbers(&first), ["TR-000003", "TR-000002"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ops.get(&format!("{TRANSFERS}?limit=2&cursor={cursor}")).await.ok(200);
    assert_eq!(
        (numbers(&second), &second["next_cursor"]),
        (vec!["TR-000001".into()], &Value::Null)
    );
    for (query, found) in [
        ("status=received".to_owned(), 0),
        (format!("warehouse_id={}", app.shop.kaohsiung), 3),
        (format!("variant_id={}", app.shop.mug_white), 3),
        (format!("variant_id={}", app.shop.mug_black), 0),
    ] {
        let page = ops.get(&format!("{TRANSFERS}?{query}")).await.ok(200);
        assert_eq!(numbers(&page).len(), found, "{query}");
    }
    for query in ["status=lost", "cursor=x", "warehouse_id=x"] {
        let refused = ops.get(&format!("{TRANSFERS}?{query}")).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{query}");
    }
}

#[tokio::test]
async fn moves_to_the_safety_stock_and_for_one_parcel_are_suggested() {
    let app = TestApp::new().await;
    app.execute(
        "UPDATE inventory.stock SET safety_stock = 8 FROM inventory.warehouses AS w
          WHERE w.id = warehouse_id AND w.code = 'KHH'",
    )
    .await;
    let mut ops = app.staff(Role::Ops);
    let suggestions = format!("{TRANSFERS}/suggestions");
    let found = ops.get(&suggestions).await.ok(200);
    let expected = json!({
        "variant_id": app.shop.mug_white, "sku": "MUG-WHITE", "quantity": 3,
        "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
    });
    assert_eq!((&found["items"], &found["next_cursor"]), (&json!([expected]), &Value::Null));
    draft(&app, 3).await;
    assert_eq!(ops.get(&suggestions).await.ok(200)["items"], json!([]));

    let ask = |quantity: i64| {
        json!({
            "warehouse_id": app.shop.kaohsiung, "items": [
                {"variant_id": app.shop.mug_white, "quantity": quantity},
                {"variant_id": app.shop.tote_large, "quantity": 1},
            ],
        })
    };
    let suggest = format!("{TRANSFERS}/suggest");
    let plan = ops.post(&suggest, ask(12)).await.ok(200);
    assert_eq!(
        plan,
        json!({
            "fills_now": [], "shortages": [],
            "transfers": [{
                "from_warehouse_id": app.shop.taipei, "to_warehouse_id": app.shop.kaohsiung,
                "lines": [
                    {"variant_id": app.shop.mug_white, "quantity": 7},
                    {"variant_id": app.shop.tote_large, "quantity": 1},
                ],
            }],
        })
    );
    assert_eq!(ops.post(&suggest, ask(10)).await.ok(200)["fills_now"], json!([app.shop.taipei]));
    let short = ops.post(&suggest, ask(16)).await.ok(200);
    assert_eq!(short["shortages"][0]["available"], 15);
    assert_eq!(short["transfers"], json!([]));
    let mut unknown = ask(1);
    unknown["warehouse_id"] = json!("01990000-0000-7000-8000-0000000000ff");
    assert_eq!(ops.post(&suggest, unknown).await.problem(404), "WAREHOUSE_NOT_FOUND");
    assert_eq!(movements(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_or_received_twice_at_once_moves_once() {
    let app = TestApp::new().await;
    let path = draft(&app, 6).await;
    let other = draft(&app, 6).await;
    // The same one twice, and another one that wants what is left: ten mugs, six of them once.
    let (a, b, c) = tokio::join!(
        act(&app, &path, "dispatch", json!({})),
        act(&app, &path, "dispatch", json!({})),
        act(&app, &other, "dispatch", json!({})),
    );
    let statuses = [a, b, c].map(|answer| answer.status.as_u16());
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(mugs(&app).await, (4, 5, 6));
    let sent = if statuses[2] == 200 { other } else { path };
    let receive = || act(&app, &sent, "receive", arrival(&app, 4));
    let cancel = || act(&app, &sent, "cancel", json!({"reason": "x"}));
    let answers = tokio::join!(receive(), receive(), cancel());
    let received = [&answers.0, &answers.1].iter().filter(|it| it.status.as_u16() == 200).count();
    let back =
        if answers.2.status.as_u16() == 200 { 6 - 4 * i64::try_from(received).unwrap() } else { 0 };
    assert!(received <= 1);
    let arrived = 4 * i64::try_from(received).unwrap();
    assert_eq!(mugs(&app).await, (4 + back, 5 + arrived, 6 - arrived - back));
    app.db.assert_ledger_balanced().await;
}
