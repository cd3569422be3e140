//! Returns over HTTP: asked for with pictures, decided, taken in, looked at.

use std::io::Cursor;

use identity::Role;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
    buying::{Bought, asked_back, delivered, paid, taipei, three_mugs_and_a_tote},
};

fn png() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(20, 10).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Somebody of the shop does something about a return.
async fn act(app: &TestApp, role: Role, back: &Value, verb: &str, body: Value) -> Answer {
    let path = format!("/api/admin/returns/{}/{verb}", back["id"].as_str().unwrap());
    app.staff(role).post(&path, body).await
}

async fn add_picture(bought: &Bought<'_>, back: &Value, kind: &str, file: Vec<u8>) -> Answer {
    let path = bought.path(&format!("/returns/{}/pictures", back["id"].as_str().unwrap()));
    bought.buyer.clone().post_bytes(&path, kind, file).await
}

#[tokio::test]
async fn goods_come_back_and_exactly_what_was_accepted_is_refunded() {
    let app = TestApp::new().await;
    let bought = delivered(&app).await;
    assert_eq!(taipei(&app, app.shop.mug_white).await, [7, 7, 0]);
    let back = bought.ask_return(json!([{"line_no": 1, "quantity": 3}])).await.ok(201);
    assert_eq!((&back["status"], &back["cause"]), (&json!("requested"), &json!("damaged")));
    assert_eq!(bought.status().await, "return_requested");
    let pictured = add_picture(&bought, &back, "image/png", png()).await.ok(201);
    assert_eq!(pictured["pictures"], 1);

    // Seen by the buyer and by the shop.
    let own = bought.path(&format!("/returns/{}/pictures/1", back["id"].as_str().unwrap()));
    let shown = bought.buyer.clone().get(&own).await;
    assert_eq!(shown.headers["content-type"], "image/jpeg");
    assert_eq!(shown.headers["cache-control"], "private, max-age=3600");
    assert_eq!(app.visitor().get(&own).await.problem(404), "ORDER_NOT_FOUND");
    let inside = format!("/api/admin/returns/{}/pictures/1", back["id"].as_str().unwrap());
    assert_eq!(app.staff(Role::Ops).get(&inside).await.status.as_u16(), 200);
    assert_eq!(app.customer().get(&inside).await.problem(403), "FORBIDDEN");

    let stale = app.staff(Role::Ops).with("if-match", "\"7\"");
    let path = format!("/api/admin/returns/{}/approve", back["id"].as_str().unwrap());
    assert_eq!({ stale }.post(&path, json!({})).await.problem(412), "VERSION_CONFLICT");
    let answer = json!({"answer": "請寄回臺北倉"});
    let approved = act(&app, Role::Ops, &back, "approve", answer).await.ok(200);
    assert_eq!(
        (&approved["status"], &approved["answer"]),
        (&json!("approved"), &json!("請寄回臺北倉"))
    );
    let came = json!({"lines": [{"line_no": 1, "received": 3}]});
    act(&app, Role::Warehouse, &back, "receive", came).await.ok(200);
    assert_eq!(taipei(&app, app.shop.mug_white).await, [7, 7, 0]);
    let found = json!({"lines": [{
        "line_no": 1, "restock": 1, "write_off": 1, "refuse": 1, "note": "one was used",
    }]});
    let done = act(&app, Role::Warehouse, &back, "inspect", found).await.ok(200);
    assert_eq!(done["status"], "inspected");
    assert_ne!(done["refund_id"], Value::Null);
    assert_eq!(asked_back(&app).await, 780);
    assert_eq!(taipei(&app, app.shop.mug_white).await, [8, 8, 0]);
    assert_eq!(bought.status().await, "shipped");
    let seen = bought.seen().await;
    assert_eq!(seen["returns"][0], done);
    let steps: Vec<&Value> = seen["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["kind"] == "return")
        .map(|step| &step["to"])
        .collect();
    assert_eq!(steps, ["requested", "approved", "received", "inspected"]);
    let recorded = "SELECT count(*) FROM audit.entries WHERE action LIKE 'return%'";
    assert_eq!(app.count(recorded).await, 3);
    app.db.assert_ledger_balanced().await;
}

#[tokio::test]
async fn too_early_too_much_twice_and_too_late() {
    let app = TestApp::new().await;
    let early = paid(&app, three_mugs_and_a_tote(&app)).await;
    let lines = json!([{"line_no": 1, "quantity": 1}]);
    assert_eq!(early.ask_return(lines.clone()).await.problem(409), "INVALID_TRANSITION");

    let bought = delivered(&app).await;
    let much = bought.ask_return(json!([{"line_no": 1, "quantity": 4}])).await;
    assert_eq!((much.problem(409), &much.body["left"]), ("UNITS_EXCEEDED", &json!(3)));
    for (wrong, pointer) in [
        (json!([]), "/lines"),
        (json!([{"line_no": 9, "quantity": 1}]), "/lines/0/line_no"),
        (json!([{"line_no": 1, "quantity": 1}, {"line_no": 1, "quantity": 1}]), "/lines/1/line_no"),
    ] {
        let refused = bought.ask_return(wrong).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(app.count("SELECT count(*) FROM shipping.returns").await, 0);

    let first = bought.ask_return(lines.clone()).await.ok(201);
    let twice = bought.ask_return(lines.clone()).await;
    assert_eq!(
        (twice.problem(409), &twice.body["current_status"]),
        ("INVALID_TRANSITION", &json!("return_requested"))
    );
    let given_up = bought.path(&format!("/returns/{}/cancel", first["id"].as_str().unwrap()));
    let done = bought.buyer.clone().post(&given_up, json!({})).await.ok(200);
    assert_eq!(done["status"], "cancelled");
    assert_eq!(bought.status().await, "shipped");
    let again = bought.buyer.clone().post(&given_up, json!({})).await;
    assert_eq!(
        (again.problem(409), &again.body["return_status"]),
        ("INVALID_TRANSITION", &json!("cancelled"))
    );

    app.pass(8 * 86_400);
    let late = bought.ask_return(lines.clone()).await;
    assert_eq!(late.problem(409), "RETURN_PERIOD_OVER");
    assert_ne!(late.body["until"], Value::Null);
    // Operations are not bound by it; and say no.
    let form = json!({"cause": "other", "reason": "kindness", "lines": lines});
    let kind = app.staff(Role::Ops).post(&bought.path("/returns"), form).await.ok(201);
    let no = json!({"answer": "已逾鑑賞期"});
    assert_eq!(
        act(&app, Role::Ops, &kind, "reject", json!({})).await.problem(422),
        "VALIDATION_FAILED"
    );
    let rejected = act(&app, Role::Ops, &kind, "reject", no).await.ok(200);
    assert_eq!(
        (&rejected["status"], &rejected["answer"]),
        (&json!("rejected"), &json!("已逾鑑賞期"))
    );
    assert_eq!(bought.status().await, "shipped");
    assert_eq!(asked_back(&app).await, 0);
}

#[tokio::test]
async fn what_came_is_accounted_for_to_the_last_unit() {
    let app = TestApp::new().await;
    let bought = delivered(&app).await;
    let back = bought.ask_return(json!([{"line_no": 1, "quantity": 2}])).await.ok(201);
    let came = |units: i64| json!({"lines": [{"line_no": 1, "received": units}]});
    let early = act(&app, Role::Warehouse, &back, "receive", came(2)).await;
    assert_eq!(
        (early.problem(409), &early.body["return_status"]),
        ("INVALID_TRANSITION", &json!("requested"))
    );
    act(&app, Role::Ops, &back, "approve", json!({})).await.ok(200);
    for units in [3, 0] {
        let wrong = act(&app, Role::Warehouse, &back, "receive", came(units)).await;
        assert_eq!(wrong.problem(422), "VALIDATION_FAILED", "{units}");
    }
    act(&app, Role::Warehouse, &back, "receive", came(2)).await.ok(200);
    let late = bought.path(&format!("/returns/{}/cancel", back["id"].as_str().unwrap()));
    let late = bought.buyer.clone().post(&late, json!({})).await;
    assert_eq!(late.problem(409), "INVALID_TRANSITION");
    for found in [
        json!({"line_no": 1, "restock": 1}),
        json!({"line_no": 1, "restock": 2, "refuse": 1}),
        json!({"line_no": 2, "restock": 2}),
        json!({"line_no": 1, "restock": 3, "write_off": -1}),
    ] {
        let wrong = act(&app, Role::Warehouse, &back, "inspect", json!({"lines": [found]})).await;
        assert_eq!(wrong.problem(422), "VALIDATION_FAILED");
    }
    assert_eq!((taipei(&app, app.shop.mug_white).await, asked_back(&app).await), ([7, 7, 0], 0));
    let all = json!({"lines": [{"line_no": 1, "refuse": 2}]});
    let none = act(&app, Role::Warehouse, &back, "inspect", all).await.ok(200);
    assert_eq!((&none["status"], &none["refund_id"]), (&json!("inspected"), &Value::Null));
    assert_eq!((taipei(&app, app.shop.mug_white).await, asked_back(&app).await), ([7, 7, 0], 0));
}

#[tokio::test]
async fn what_is_no_picture_is_not_kept() {
    let app = TestApp::new().await;
    let bought = delivered(&app).await;
    let back = bought.ask_return(json!([{"line_no": 1, "quantity": 1}])).await.ok(201);
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
    for (kind, file, status, code) in [
        ("text/plain", png(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("image/png", svg, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("image/png", png()[..40].to_vec(), 422, "VALIDATION_FAILED"),
        ("image/png", vec![0; 8 * 1024 * 1024 + 1], 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let refused = add_picture(&bought, &back, kind, file).await;
        assert_eq!(refused.problem(status), code, "{kind}");
    }
    let other = delivered(&app).await;
    let elsewhere = add_picture(&other, &back, "image/png", png()).await;
    assert_eq!(elsewhere.problem(404), "RETURN_NOT_FOUND");
    for number in 1..=6 {
        let added = add_picture(&bought, &back, "image/png", png()).await.ok(201);
        assert_eq!(added["pictures"], number);
    }
    let seventh = add_picture(&bought, &back, "image/png", png()).await;
    assert_eq!(seventh.problem(422), "VALIDATION_FAILED");
    act(&app, Role::Ops, &back, "approve", json!({})).await.ok(200);
    let decided = add_picture(&bought, &back, "image/png", png()).await;
    assert_eq!(decided.problem(409), "INVALID_TRANSITION");
    assert_eq!(app.count("SELECT count(*) FROM shipping.return_pictures").await, 6);
    let missing = bought.path(&format!("/returns/{}/pictures/7", back["id"].as_str().unwrap()));
    assert_eq!(bought.buyer.clone().get(&missing).await.problem(404), "RETURN_NOT_FOUND");
}
