//! Parcels over HTTP: planned, packed, sent, followed, told about by carriers.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::Role;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    app::{Answer, CARRIER_SECRET, TestApp},
    buying::{change, paid, placed, taipei, three_mugs_and_a_tote},
};

#[tokio::test]
async fn two_parcels_leave_and_arrive_and_the_order_follows() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    assert_eq!(taipei(&app, app.shop.mug_white).await, [10, 7, 3]);
    let first = bought
        .plan(json!({
            "warehouse_id": app.shop.taipei, "lines": [{"line_no": 1, "quantity": 2}],
            "carrier": "tcat", "tracking_number": "9012345678",
        }))
        .await;
    assert_eq!(first.headers["etag"], "\"1\"");
    let first = first.ok(201);
    assert_eq!((&first["status"], &first["parcel"]), (&json!("pending"), &json!(1)));
    assert_eq!(first["carrier"]["name"]["zh_tw"], "黑貓宅急便");
    assert!(first["tracking_url"].as_str().unwrap().ends_with("BillID=9012345678"));
    assert_eq!(
        first["lines"],
        json!([{"line_no": 1, "variant_id": app.shop.mug_white, "quantity": 2}])
    );
    assert_eq!(bought.status().await, "preparing_shipment");

    // Who has not looked, or looked too early, changes nothing.
    let path = format!("/api/admin/shipments/{}", first["id"].as_str().unwrap());
    let blind = app.staff(Role::Warehouse).patch(&path, json!({"status": "ready_to_ship"})).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    let stale = change(&app, &first, 9, json!({"status": "ready_to_ship"})).await;
    assert_eq!((stale.problem(412), &stale.body["version"]), ("VERSION_CONFLICT", &json!(1)));

    let packed = change(&app, &first, 1, json!({"status": "ready_to_ship"})).await;
    assert_eq!(packed.headers["etag"], "\"2\"");
    let told = json!({"status": "shipped", "reason": "the last van of the day"});
    let sent = change(&app, &first, 2, told).await.ok(200);
    assert_eq!((&sent["status"], &sent["version"]), (&json!("shipped"), &json!(3)));
    assert_eq!(taipei(&app, app.shop.mug_white).await, [8, 7, 1]);
    assert_eq!(bought.status().await, "preparing_shipment");

    // The rest, without naming it.
    let second = bought.plan(json!({"warehouse_id": app.shop.taipei})).await.ok(201);
    assert_eq!(second["parcel"], 2);
    assert_eq!(second["lines"].as_array().unwrap().len(), 2);
    for (seen, status) in [(1, "ready_to_ship"), (2, "shipped")] {
        change(&app, &second, seen, json!({"status": status})).await.ok(200);
    }
    assert_eq!(taipei(&app, app.shop.mug_white).await, [7, 7, 0]);
    assert_eq!(taipei(&app, app.shop.tote_large).await, [99, 99, 0]);
    assert_eq!(bought.status().await, "shipped");

    let future = json!({"status": "delivered", "happened_at": "2099-01-01T00:00:00Z"});
    let refused = change(&app, &first, 3, future).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/happened_at");
    app.pass(86_400);
    change(&app, &first, 3, json!({"status": "delivered"})).await.ok(200);
    assert_eq!(bought.inside().await["completes_at"], Value::Null);
    change(&app, &second, 3, json!({"status": "delivered"})).await.ok(200);
    assert_ne!(bought.inside().await["completes_at"], Value::Null);

    let recorded = "SELECT count(*) FROM audit.entries WHERE action = 'shipment_write'";
    assert_eq!(app.count(recorded).await, 8);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn buyers_see_their_parcels_but_not_what_the_house_says_to_itself() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let parcel = bought
        .plan(
            json!({"warehouse_id": app.shop.taipei, "carrier": "post", "tracking_number": "12-3"}),
        )
        .await
        .ok(201);
    let why = json!({"status": "ready_to_ship", "reason": "packed by the new one"});
    change(&app, &parcel, 1, why).await.ok(200);
    let seen = bought.seen().await;
    assert_eq!(seen["shipments"][0]["tracking_number"], "12-3");
    let steps = |order: &Value, list: &str| -> Vec<Value> {
        let of_parcels = |step: &&Value| step["kind"] == "shipment";
        order[list].as_array().unwrap().iter().filter(of_parcels).cloned().collect()
    };
    let told = steps(&seen, "timeline");
    let ways: Vec<_> = told.iter().map(|it| (it["from"].clone(), it["to"].clone())).collect();
    assert_eq!(ways, [(Value::Null, json!("pending")), (json!("pending"), json!("ready_to_ship"))]);
    for step in &told {
        assert_eq!((&step["actor"], &step["reason"]), (&json!("staff"), &Value::Null));
        assert_eq!(step.get("actor_id"), None);
    }
    assert!(!seen.to_string().contains("the new one"));
    let inside = steps(&bought.inside().await, "history");
    assert_eq!(inside[1]["reason"], "packed by the new one");
    assert_ne!(inside[1]["actor_id"], Value::Null);
}

#[tokio::test]
async fn what_is_not_there_is_not_sent() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let taipei = json!(app.shop.taipei);
    let line = |line_no: i64, quantity: i64| json!({"warehouse_id": taipei, "lines": [{"line_no": line_no, "quantity": quantity}]});
    let much = bought.plan(line(1, 4)).await;
    assert_eq!(much.problem(409), "UNITS_EXCEEDED");
    assert_eq!((&much.body["line_no"], &much.body["left"]), (&json!(1), &json!(3)));
    let elsewhere = bought.plan(json!({"warehouse_id": app.shop.kaohsiung})).await;
    assert_eq!(elsewhere.problem(409), "UNITS_EXCEEDED");
    let nowhere = bought.plan(json!({"warehouse_id": app.shop.category})).await;
    assert_eq!(nowhere.problem(404), "WAREHOUSE_NOT_FOUND");
    for (form, pointer) in [
        (line(9, 1), "/lines/0/line_no"),
        (json!({"warehouse_id": taipei, "carrier": "dhl"}), "/carrier"),
        (json!({"warehouse_id": taipei, "tracking_number": "1"}), "/carrier"),
        (
            json!({"warehouse_id": taipei, "carrier": "tcat", "tracking_number": "a/b"}),
            "/tracking_number",
        ),
    ] {
        let refused = bought.plan(form).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(app.count("SELECT count(*) FROM shipping.shipments").await, 0);
    assert_eq!(bought.status().await, "paid");

    let unpaid = placed(&app, three_mugs_and_a_tote(&app)).await;
    let early = unpaid.plan(json!({"warehouse_id": app.shop.taipei})).await;
    assert_eq!(early.problem(409), "INVALID_TRANSITION");
    assert_eq!(early.body["current_status"], "pending_payment");

    // The parcel's own machine.
    let parcel = bought.plan(line(1, 1)).await.ok(201);
    let unpacked = change(&app, &parcel, 1, json!({"status": "shipped"})).await;
    assert_eq!(unpacked.problem(409), "INVALID_TRANSITION");
    assert_eq!(unpacked.body["shipment_status"], "pending");
    let back = change(&app, &parcel, 1, json!({"status": "pending"})).await;
    assert_eq!(back.problem(422), "VALIDATION_FAILED");
    let nothing = change(&app, &parcel, 1, json!({"reason": "x"})).await;
    assert_eq!(nothing.problem(422), "VALIDATION_FAILED");

    // Counted stock stays where it is.
    change(&app, &parcel, 1, json!({"status": "ready_to_ship"})).await.ok(200);
    app.execute("UPDATE inventory.stock SET frozen_by = gen_random_uuid()").await;
    let counted = change(&app, &parcel, 2, json!({"status": "shipped"})).await;
    assert_eq!(counted.problem(409), "STOCK_FROZEN");
    let kept = app.staff(Role::Ops).get("/api/admin/shipments").await.ok(200);
    assert_eq!(kept["items"][0]["status"], "ready_to_ship");
}

#[tokio::test]
async fn parcels_are_found_by_number_warehouse_and_status() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let form = |line_no: i64, number: &str| {
        json!({
            "warehouse_id": app.shop.taipei, "lines": [{"line_no": line_no, "quantity": 1}],
            "carrier": "hct", "tracking_number": number,
        })
    };
    let one = bought.plan(form(1, "A-1")).await.ok(201);
    let two = bought.plan(form(2, "A-2")).await.ok(201);
    change(&app, &one, 1, json!({"status": "cancelled"})).await.ok(200);
    let found = async |query: &str| -> Vec<Value> {
        let path = format!("/api/admin/shipments?{query}");
        let page = app.staff(Role::Warehouse).get(&path).await.ok(200);
        page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
    };
    let (first, second) = (one["id"].clone(), two["id"].clone());
    assert_eq!(found("").await, [second.clone(), first.clone()]);
    assert_eq!(found("tracking_number=A-2").await, std::slice::from_ref(&second));
    assert_eq!(found("status=cancelled").await, [first]);
    assert_eq!(found(&format!("warehouse_id={}", app.shop.taipei)).await.len(), 2);
    assert_eq!(found(&format!("warehouse_id={}", app.shop.kaohsiung)).await, Vec::<Value>::new());
    let bad = app.staff(Role::Ops).get("/api/admin/shipments?tracking_number=a%20b").await;
    assert_eq!(bad.problem(422), "VALIDATION_FAILED");
    let page = app.staff(Role::Ops).get("/api/admin/shipments?limit=1").await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = found(&format!("limit=1&cursor={cursor}")).await;
    assert_eq!(rest, [one["id"].clone()]);
    let carriers = app.staff(Role::Warehouse).get("/api/admin/carriers").await.ok(200);
    let codes: Vec<&Value> = carriers.as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!((codes.len(), codes[0]), (11, &json!("tcat")));
}

/// What a carrier's system sends, signed so many seconds ago.
async fn told(app: &TestApp, secret: &str, age: i64, body: &str) -> Answer {
    let key = BASE64.decode(secret.trim_start_matches("whsec_").as_bytes()).unwrap();
    let sent = (app.db.shared_clock().now().as_second() - age).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("msg_1.{sent}.{body}").as_bytes());
    let signature = format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()));
    app.visitor()
        .with("sec-fetch-site", "cross-site")
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", sent)
        .with("webhook-signature", signature)
        .post_text("/api/carriers/events", "application/json", body)
        .await
}

fn arrived(number: &str) -> String {
    json!({"type": "shipment.delivered", "data": {"carrier": "tcat", "tracking_number": number}})
        .to_string()
}

#[tokio::test]
async fn a_carrier_is_believed_when_it_signs() {
    let app = TestApp::new().await;
    let bought = paid(&app, three_mugs_and_a_tote(&app)).await;
    let parcel = bought
        .plan(json!({"warehouse_id": app.shop.taipei, "carrier": "tcat", "tracking_number": "77"}))
        .await
        .ok(201);
    let status = async || bought.seen().await["shipments"][0]["status"].clone();

    // It has not left, as far as anybody here knows.
    let early = told(&app, CARRIER_SECRET, 0, &arrived("77")).await;
    assert_eq!(
        (early.problem(409), early.body["shipment_status"].clone()),
        ("INVALID_TRANSITION", json!("pending"))
    );
    for (seen, status) in [(1, "ready_to_ship"), (2, "shipped")] {
        change(&app, &parcel, seen, json!({"status": status})).await.ok(200);
    }
    let unsigned = app.visitor().post("/api/carriers/events", json!({})).await;
    assert_eq!(unsigned.problem(401), "WEBHOOK_REJECTED");
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (secret, age) in [(stranger, 0), (CARRIER_SECRET, 301), (CARRIER_SECRET, -301)] {
        let refused = told(&app, secret, age, &arrived("77")).await;
        assert_eq!(refused.problem(401), "WEBHOOK_REJECTED", "{secret} {age}");
    }
    let other = r#"{"type": "shipment.delayed", "data": {"anything": true}}"#;
    assert_eq!(told(&app, CARRIER_SECRET, 0, other).await.status.as_u16(), 204);
    let unknown = told(&app, CARRIER_SECRET, 0, &arrived("78")).await;
    assert_eq!(unknown.problem(404), "SHIPMENT_NOT_FOUND");
    let torn = told(&app, CARRIER_SECRET, 0, "{\"type\": ").await;
    assert_eq!(torn.problem(400), "MALFORMED_REQUEST");
    let empty = told(&app, CARRIER_SECRET, 0, r#"{"type": "shipment.delivered"}"#).await;
    assert_eq!(empty.problem(422), "VALIDATION_FAILED");
    assert_eq!(status().await, "shipped");

    for _ in 0..2 {
        assert_eq!(told(&app, CARRIER_SECRET, 200, &arrived("77")).await.status.as_u16(), 204);
        assert_eq!(status().await, "delivered");
    }
    let moves = "SELECT count(*) FROM shipping.shipment_transitions WHERE to_status = 'delivered'";
    assert_eq!(app.count(moves).await, 1);
    let steps = bought.seen().await;
    let last = steps["timeline"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["to"], &last["actor"]), (&json!("delivered"), &json!("system")));
}
