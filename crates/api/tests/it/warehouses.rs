//! Warehouses over HTTP: added, changed, closed; and the dry run of choosing among them.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
    orders::{order, stock},
};

fn taitung() -> Value {
    json!({
        "code": "TTT", "name": {"zh_tw": "臺東倉", "en": "Taitung"}, "postal_code": "95001",
        "city": "臺東縣", "district": "臺東市", "address1": "中華路一段 1 號", "priority": 5
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = taitung();
    body[field] = value;
    body
}

async fn put(app: &TestApp, id: &str, tag: &str, body: Value) -> Answer {
    let mut warehouse = app.staff(Role::Warehouse).with("if-match", tag);
    warehouse.send(Method::PUT, &format!("/api/admin/warehouses/{id}"), Some(body)).await
}

/// Adds one and answers with it.
async fn created(app: &TestApp) -> Value {
    app.staff(Role::Warehouse).post("/api/admin/warehouses", taitung()).await.ok(201)
}

const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Stock'";

#[tokio::test]
async fn a_warehouse_is_added_in_the_middle_of_its_district() {
    let app = TestApp::new().await;
    let answer = app.staff(Role::Warehouse).post("/api/admin/warehouses", taitung()).await;
    let (location, tag) = (answer.headers["location"].clone(), answer.headers["etag"].clone());
    let warehouse = answer.ok(201);
    let path = format!("/api/admin/warehouses/{}", warehouse["id"].as_str().unwrap());
    assert_eq!((location.to_str().unwrap(), tag.to_str().unwrap()), (path.as_str(), "\"1\""));
    assert_eq!(
        warehouse,
        json!({
            "id": warehouse["id"], "code": "TTT", "name": {"zh_tw": "臺東倉", "en": "Taitung"},
            "postal_code": "95001", "city": "臺東縣", "district": "臺東市",
            "address1": "中華路一段 1 號", "latitude": warehouse["latitude"],
            "longitude": warehouse["longitude"], "priority": 5, "active": true, "version": 1
        })
    );
    let near = |field: &str, degrees: f64| (warehouse[field].as_f64().unwrap() - degrees).abs();
    assert!(near("latitude", 22.76) < 0.05 && near("longitude", 121.11) < 0.05, "{warehouse}");
    let read = app.staff(Role::Ops).get(&path).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    assert_eq!(read.ok(200), warehouse);
    let list = app.staff(Role::Ops).get("/api/admin/warehouses").await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    assert_eq!(list["items"][2], warehouse);
    assert_eq!(app.count(AUDITED).await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_warehouse_is_told_and_nothing_is_added() {
    let app = TestApp::new().await;
    let mut warehouse = app.staff(Role::Warehouse);
    for (field, value, pointer) in [
        ("code", json!("ttt"), "/code"),
        ("code", json!(""), "/code"),
        ("code", json!("TPE"), "/code"),
        ("name", json!({"zh_tw": "臺東倉", "en": ""}), "/name/en"),
        ("name", json!({"zh_tw": " ", "en": "Taitung"}), "/name/zh_tw"),
        ("postal_code", json!("000"), "/postal_code"),
        ("postal_code", json!("95"), "/postal_code"),
        ("postal_code", json!("HK"), "/postal_code"),
        ("city", json!(""), "/city"),
        ("district", json!("x".repeat(31)), "/district"),
        ("address1", json!("1\u{7}"), "/address1"),
        ("latitude", json!(22.7), "/longitude"),
        ("longitude", json!(121.1), "/latitude"),
        ("priority", json!(-1), "/priority"),
        ("priority", json!(10_000), "/priority"),
        ("reason", json!(""), "/reason"),
        ("colour", json!("red"), "/colour"),
    ] {
        let refused = warehouse.post("/api/admin/warehouses", with(field, value.clone())).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{field}: {value}");
        let errors = refused.ok(422)["errors"].to_string();
        assert!(errors.contains(&format!("\"{pointer}")), "{field}: {value}: {errors}");
    }
    for (latitude, longitude) in [(35.68, 139.77), (121.1, 22.7), (0.0, 0.0)] {
        let mut body = with("latitude", json!(latitude));
        body["longitude"] = json!(longitude);
        let refused = warehouse.post("/api/admin/warehouses", body).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    }
    assert_eq!(app.count("SELECT count(*) FROM inventory.warehouses").await, 2);
    assert_eq!(app.count(AUDITED).await, 0);
}

#[tokio::test]
async fn who_changes_a_warehouse_has_to_have_seen_it() {
    let app = TestApp::new().await;
    let id = created(&app).await["id"].as_str().unwrap().to_owned();
    let moved = put(&app, &id, "\"1\"", {
        let mut body = with("latitude", json!(22.79));
        body["longitude"] = json!(121.12);
        body["reason"] = json!("the gate is at the back");
        body
    })
    .await;
    assert_eq!(moved.headers["etag"], "\"2\"");
    let moved = moved.ok(200);
    assert_eq!((&moved["latitude"], &moved["version"]), (&json!(22.79), &json!(2)));

    let late = put(&app, &id, "\"1\"", with("priority", json!(1))).await;
    assert_eq!(late.problem(412), "VERSION_CONFLICT");
    let early = put(&app, &id, "\"3\"", with("priority", json!(1))).await;
    assert_eq!(early.problem(412), "VERSION_CONFLICT");
    for tag in ["2", "*", "W/\"2\"", "\"two\""] {
        assert_eq!(put(&app, &id, tag, taitung()).await.problem(422), "VALIDATION_FAILED", "{tag}");
    }
    let path = format!("/api/admin/warehouses/{id}");
    let blind = app.staff(Role::Warehouse).send(Method::PUT, &path, Some(taitung())).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    let taken = put(&app, &id, "\"2\"", with("code", json!("KHH"))).await;
    assert_eq!(taken.problem(422), "VALIDATION_FAILED");
    assert_eq!(app.staff(Role::Warehouse).get(&path).await.ok(200), moved);

    // The same once more is no change.
    let mut same = with("latitude", json!(22.79));
    same["longitude"] = json!(121.12);
    assert_eq!(put(&app, &id, "\"2\"", same).await.ok(200), moved);
    assert_eq!(app.count(AUDITED).await, 2);
    assert_eq!(
        app.count(
            "SELECT count(*) FROM audit.entries WHERE reason = 'the gate is at the back'
                AND before -> 'version' = '1' AND after -> 'version' = '2'"
        )
        .await,
        1
    );
    let unknown = put(&app, "01990000-0000-7000-8000-0000000000ff", "\"1\"", taitung()).await;
    assert_eq!(unknown.problem(404), "WAREHOUSE_NOT_FOUND");
}

#[tokio::test]
async fn of_two_who_change_it_at_once_one_wins() {
    let app = TestApp::new().await;
    let id = created(&app).await["id"].as_str().unwrap().to_owned();
    let (one, other) = tokio::join!(
        put(&app, &id, "\"1\"", with("priority", json!(1))),
        put(&app, &id, "\"1\"", with("priority", json!(2))),
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[tokio::test]
async fn a_closed_warehouse_keeps_what_it_has_and_gives_and_takes_nothing() {
    let app = TestApp::new().await;
    let (mug, taipei) = (app.shop.mug_white, app.shop.taipei.to_string());
    let mut buyer = app.visitor().with("idempotency-key", "first");
    buyer.post("/api/orders", order(&[(mug, 1)])).await.ok(201);
    let path = format!("/api/admin/warehouses/{taipei}");
    let mut body = app.staff(Role::Warehouse).get(&path).await.ok(200);
    for field in ["id", "version"] {
        body.as_object_mut().unwrap().remove(field);
    }
    body["active"] = json!(false);
    let closed = put(&app, &taipei, "\"1\"", body.clone()).await.ok(200);
    assert_eq!((&closed["active"], &closed["version"]), (&json!(false), &json!(2)));

    let balances = stock(&app, mug).await;
    let there = |balances: &Value| {
        let rows = balances.as_array().unwrap().clone();
        rows.into_iter().find(|row| row["warehouse_id"] == json!(taipei)).unwrap()
    };
    assert_eq!(there(&balances)["reserved"], 1);
    let receipt = json!({"warehouse_id": taipei, "quantity": 1, "reason": "x"});
    let receive = format!("/api/admin/inventory/{mug}/receive");
    let refused = app.staff(Role::Warehouse).post(&receive, receipt).await;
    assert_eq!(refused.problem(404), "WAREHOUSE_NOT_FOUND");
    let mut buyer = app.visitor().with("idempotency-key", "second");
    let placed = buyer.post("/api/orders", order(&[(mug, 1)])).await.ok(201);
    let from = &placed["inventory_deduction_results"][0]["warehouse_id"];
    assert_eq!(from, &json!(app.shop.kaohsiung));
    assert_eq!(there(&stock(&app, mug).await), there(&balances));

    body["active"] = json!(true);
    assert_eq!(put(&app, &taipei, "\"2\"", body).await.ok(200)["version"], 3);
}

#[tokio::test]
async fn a_warehouse_opened_again_first_serves_who_waits_for_what_lies_there() {
    let app = TestApp::new().await;
    let (black, taipei) = (app.shop.mug_black, app.shop.taipei.to_string());
    let path = format!("/api/admin/warehouses/{taipei}");
    let mut body = app.staff(Role::Warehouse).get(&path).await.ok(200);
    for field in ["id", "version"] {
        body.as_object_mut().unwrap().remove(field);
    }
    body["active"] = json!(false);
    put(&app, &taipei, "\"1\"", body.clone()).await.ok(200);
    let queue = format!("/api/admin/inventory/{black}/backorders");
    let rule = json!({"limit": 5});
    app.staff(Role::Ops).send(Method::PUT, &queue, Some(rule)).await.ok(200);
    let mut buyer = app.visitor().with("idempotency-key", "first");
    let placed = buyer.post("/api/orders", order(&[(black, 2)])).await.ok(201);
    assert_eq!(placed["items"][0]["backordered"], 2);
    // Who has not seen it does not open it, and nothing is given.
    body["active"] = json!(true);
    assert_eq!(put(&app, &taipei, "\"1\"", body.clone()).await.problem(412), "VERSION_CONFLICT");
    assert_eq!(app.staff(Role::Ops).get(&queue).await.ok(200)["waiting"], 2);

    put(&app, &taipei, "\"2\"", body).await.ok(200);
    let seen = app.staff(Role::Ops).get(&queue).await.ok(200);
    assert_eq!((&seen["waiting"], &seen["items"][0]["waiting"]), (&json!(1), &json!(1)));
    let row = &stock(&app, black).await[0];
    assert_eq!((&row["available"], &row["reserved"]), (&json!(0), &json!(1)));
    let mut late = app.visitor().with("idempotency-key", "second");
    let placed = late.post("/api/orders", order(&[(black, 1)])).await.ok(201);
    assert_eq!(placed["items"][0]["backordered"], 1);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn only_the_warehouse_changes_warehouses() {
    let app = TestApp::new().await;
    let path = "/api/admin/warehouses";
    assert_eq!(app.visitor().post(path, taitung()).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.customer().post(path, taitung()).await.problem(403), "FORBIDDEN");
    assert_eq!(app.staff(Role::Ops).post(path, taitung()).await.problem(403), "FORBIDDEN");
    assert_eq!(app.customer().get(path).await.problem(403), "FORBIDDEN");
    let question = json!({"postal_code": "100", "items": [
        {"variant_id": app.shop.mug_white, "quantity": 1}]});
    let explain = "/api/admin/sourcing/explain";
    assert_eq!(app.customer().post(explain, question).await.problem(403), "FORBIDDEN");
    assert_eq!(app.count("SELECT count(*) FROM inventory.warehouses").await, 2);
}

#[tokio::test]
async fn a_dry_run_explains_the_choice_and_reserves_nothing() {
    let app = TestApp::new().await;
    let (mug, explain) = (app.shop.mug_white, "/api/admin/sourcing/explain");
    let mut ops = app.staff(Role::Ops);
    let ask = |postal_code: &str, quantity: u32| json!({"postal_code": postal_code, "items": [{"variant_id": mug, "quantity": quantity}]});
    let north = ops.post(explain, ask("100", 1)).await.ok(200);
    assert_eq!((&north["strategy"], &north["fillable"]), (&json!("nearest_whole"), &json!(true)));
    assert_eq!(
        north["district"]["district"],
        json!({"zh_tw": "中正區", "en": "Zhongzheng District"})
    );
    let told = |answer: &Value| -> Vec<(String, Value, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows = answer["warehouses"].as_array().unwrap();
        rows.iter()
            .map(|it| (text(&it["code"]), it["rank"].clone(), text(&it["verdict"])))
            .collect()
    };
    assert_eq!(told(&north)[0], ("TPE".into(), json!(1), "chosen".into()));
    assert_eq!(told(&north)[1].1, json!(2));
    assert!(north["warehouses"][0]["distance_km"].as_u64().unwrap() < 20);
    assert_eq!(
        north["allocation"],
        json!([{"index": 0, "variant_id": mug, "warehouse_id": app.shop.taipei, "quantity": 1}])
    );
    let south = ops.post(explain, ask("80660", 1)).await.ok(200);
    assert_eq!(told(&south)[0], ("KHH".into(), json!(1), "chosen".into()));

    let mut abroad = ask("100", 1);
    abroad["country"] = json!("JP");
    let abroad = ops.post(explain, abroad).await.ok(200);
    assert_eq!((&abroad["district"], &told(&abroad)[0].0), (&Value::Null, &"TPE".to_owned()));
    assert_eq!(abroad["warehouses"][0]["distance_km"], Value::Null);

    let short = ops.post(explain, ask("100", 10_000)).await.ok(200);
    assert_eq!((&short["fillable"], &short["allocation"]), (&json!(false), &json!([])));
    assert_eq!(short["shortages"][0]["requested"], 10_000);
    assert!(told(&short).iter().all(|(_, _, verdict)| verdict == "unfillable"));
    assert_eq!(app.count("SELECT count(*) FROM inventory.reservations").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox.events").await, 0);
}

#[tokio::test]
async fn a_dry_run_of_nonsense_is_refused() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let explain = "/api/admin/sourcing/explain";
    let unknown = json!({"postal_code": "100", "items": [
        {"variant_id": "01990000-0000-7000-8000-0000000000ff", "quantity": 1}]});
    assert_eq!(ops.post(explain, unknown).await.problem(404), "PRODUCT_NOT_FOUND");
    let item = json!({"variant_id": app.shop.mug_white, "quantity": 1});
    for body in [
        json!({"postal_code": "100", "items": []}),
        json!({"postal_code": "", "items": [item]}),
        json!({"postal_code": "100", "country": "Taiwan", "items": [item]}),
        json!({"postal_code": "100", "items": [{"variant_id": app.shop.mug_white, "quantity": 0}]}),
        json!({"postal_code": "100", "items": vec![item.clone(); 51]}),
        json!({"items": [item]}),
    ] {
        assert_eq!(
            ops.post(explain, body.clone()).await.problem(422),
            "VALIDATION_FAILED",
            "{body}"
        );
    }
}
