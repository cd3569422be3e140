//! Promotions and coupons as operations work on them, and what buyers see of them.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const PROMOTIONS: &str = "/api/admin/promotions";
const COUPONS: &str = "/api/admin/coupons";
const AUDITED: &str = "SELECT count(*) FROM audit.entries
     WHERE target_id LIKE 'promotion:%' OR target_id LIKE 'coupon:%'";

fn twd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "TWD"})
}

fn tenth_off(app: &TestApp) -> Value {
    json!({
        "name": {"zh_tw": "杯子九折", "en": "10 % off mugs"},
        "rule": {"kind": "percentage", "percent": 10},
        "product_ids": [app.shop.mug], "active": true, "reason": "autumn"
    })
}

async fn send(app: &TestApp, method: Method, path: &str, seen: i64, body: Option<Value>) -> Answer {
    let mut ops = app.staff(Role::Ops).with("if-match", format!("\"{seen}\""));
    ops.send(method, path, body).await
}

#[tokio::test]
async fn a_promotion_is_added_shown_in_carts_changed_and_taken_away() {
    let app = TestApp::new().await;
    let answer = app.staff(Role::Ops).post(PROMOTIONS, tenth_off(&app)).await;
    let (location, tag) = (answer.headers["location"].clone(), answer.headers["etag"].clone());
    let made = answer.ok(201);
    let path = format!("{PROMOTIONS}/{}", made["id"].as_str().unwrap());
    assert_eq!((location.to_str().unwrap(), tag.to_str().unwrap()), (path.as_str(), "\"1\""));
    assert_eq!(made["rule"], json!({"kind": "percentage", "percent": 10}));
    assert_eq!((&made["stackable"], &made["priority"]), (&json!(false), &json!(0)));
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), made);
    assert_eq!(app.staff(Role::Ops).get(PROMOTIONS).await.ok(200), json!({"items": [made]}));

    let mut guest = app.visitor();
    let line = json!({"variant_id": app.shop.mug_white, "quantity": 2});
    let cart = guest.post("/api/cart/items", line).await.ok(200);
    assert_eq!((&cart["subtotal"], &cart["total"]), (&twd(780), &twd(702)));
    assert_eq!(
        cart["adjustments"],
        json!([{
            "kind": "promotion", "target": "lines", "code": null, "name": made["name"],
            "amount": twd(78), "shares": [{"line_no": 1, "amount": twd(78)}],
        }])
    );

    let mut wish = tenth_off(&app);
    wish["rule"] = json!({"kind": "tiered", "tiers": [
        {"spend": twd(500), "amount": twd(50)}, {"spend": twd(780), "percent": 20},
    ]});
    assert_eq!(
        send(&app, Method::PUT, &path, 7, Some(wish.clone())).await.problem(412),
        "VERSION_CONFLICT"
    );
    let changed = send(&app, Method::PUT, &path, 1, Some(wish.clone())).await.ok(200);
    assert_eq!(
        (&changed["version"], &changed["rule"]["tiers"][1]["percent"]),
        (&json!(2), &json!(20))
    );
    // The same again is nothing.
    assert_eq!(send(&app, Method::PUT, &path, 2, Some(wish)).await.ok(200), changed);
    assert_eq!(guest.get("/api/cart").await.ok(200)["total"], twd(624));
    assert_eq!(app.count(AUDITED).await, 2);

    let gone = send(&app, Method::DELETE, &path, 2, None).await;
    assert_eq!(gone.status, 204);
    assert_eq!(app.staff(Role::Ops).get(&path).await.problem(404), "NOT_FOUND");
    assert_eq!(guest.get("/api/cart").await.ok(200)["total"], twd(780));
    assert_eq!(app.count(AUDITED).await, 3);
}

#[tokio::test]
async fn a_set_is_shown_in_carts_that_have_all_of_it() {
    let app = TestApp::new().await;
    let part = |product| json!({"product_id": product, "units": 1});
    let mut rule = json!({
        "kind": "set", "parts": [part(app.shop.mug), part(app.shop.tote)], "price": twd(1980)
    });
    let form = json!({
        "name": {"zh_tw": "杯子配提袋", "en": "Mug and bag"}, "rule": rule, "active": true
    });
    let made = app.staff(Role::Ops).post(PROMOTIONS, form).await.ok(201);
    rule["percent"] = Value::Null;
    assert_eq!(made["rule"], rule);

    let mut guest = app.visitor();
    let line = json!({"variant_id": app.shop.mug_white, "quantity": 2});
    let cart = guest.post("/api/cart/items", line).await.ok(200);
    assert_eq!((&cart["total"], &cart["adjustments"]), (&twd(780), &json!([])));
    let line = json!({"variant_id": app.shop.tote_large, "quantity": 1});
    let cart = guest.post("/api/cart/items", line).await.ok(200);
    assert_eq!((&cart["discount"], &cart["total"]), (&twd(400), &twd(2370)));
    let shares = json!([{"line_no": 1, "amount": twd(66)}, {"line_no": 2, "amount": twd(334)}]);
    assert_eq!(cart["adjustments"][0]["shares"], shares);
    assert_eq!(cart["adjustments"][0]["name"], made["name"]);
}

#[tokio::test]
async fn promotions_that_make_no_sense_are_refused_by_their_field() {
    let app = TestApp::new().await;
    let two_mugs = json!({"product_id": app.shop.mug, "units": 2});
    for (field, value, pointer) in [
        ("name", json!({"zh_tw": "有", "en": ""}), "/name"),
        ("rule", json!({"kind": "percentage", "percent": 101}), "/rule"),
        ("rule", json!({"kind": "buy_get", "buy": 0, "free": 1}), "/rule"),
        ("rule", json!({"kind": "tiered", "tiers": []}), "/rule"),
        ("rule", json!({"kind": "tiered", "tiers": [{"spend": twd(5)}]}), "/rule/tiers/0"),
        // Neither a price nor a percentage; and what it is for is said by its parts.
        ("rule", json!({"kind": "set", "parts": [two_mugs]}), "/rule"),
        ("rule", json!({"kind": "set", "parts": [two_mugs], "percent": 10}), "/product_ids"),
        ("valid_until", json!("2020-01-01T00:00:00Z"), "/valid_until"),
        ("priority", json!(1001), "/priority"),
    ] {
        let mut form = tenth_off(&app);
        form["valid_from"] = json!("2021-01-01T00:00:00Z");
        form[field] = value;
        let answer = app.staff(Role::Ops).post(PROMOTIONS, form).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{pointer}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    let answer = app.staff(Role::Warehouse).post(PROMOTIONS, tenth_off(&app)).await;
    assert_eq!(answer.problem(403), "FORBIDDEN");
    assert_eq!(app.count("SELECT count(*) FROM pricing.promotions").await, 0);
}

#[tokio::test]
async fn a_coupon_is_added_used_changed_and_switched_off_once_it_was_used() {
    let app = TestApp::new().await;
    let form = json!({
        "code": "mugs10", "benefit": {"kind": "percentage", "percent": 10},
        "product_ids": [app.shop.mug], "minimum_spend": twd(500), "active": true
    });
    let made = app.staff(Role::Ops).post(COUPONS, form.clone()).await.ok(201);
    assert_eq!((&made["code"], &made["redeemed"]), (&json!("MUGS10"), &json!(0)));
    let twice = app.staff(Role::Ops).post(COUPONS, form.clone()).await;
    assert_eq!(twice.problem(422), "VALIDATION_FAILED");
    assert_eq!(twice.body["errors"][0]["pointer"], "/code");
    let path = format!("{COUPONS}/mugs10");
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), made);
    let list = app.staff(Role::Ops).get(COUPONS).await.ok(200);
    assert_eq!(list, json!({"items": [made], "next_cursor": null}));

    // For mugs only.
    let mut guest = app.visitor();
    let line = json!({"variant_id": app.shop.tote_large, "quantity": 1});
    guest.post("/api/cart/items", line).await.ok(200);
    let refused = guest.post("/api/cart/coupon", json!({"code": "mugs10"})).await;
    assert_eq!(refused.problem(422), "COUPON_INVALID");
    assert_eq!(refused.body["reason"], "nothing_covered");

    let mut order = super::orders::order(&[(app.shop.tote_large, 1), (app.shop.mug_white, 2)]);
    order["coupon_code"] = json!("MUGS10");
    let placed =
        app.visitor().with("idempotency-key", "o1").post("/api/orders", order).await.ok(201);
    assert_eq!((&placed["discount"], &placed["total"]), (&twd(78), &twd(2692)));
    assert_eq!(placed["adjustments"][0]["shares"], json!([{"line_no": 2, "amount": twd(78)}]));
    assert_eq!(placed["vat_included"], twd(128));

    let mut other = form.clone();
    other["code"] = json!("OTHER");
    assert_eq!(
        send(&app, Method::PUT, &path, 1, Some(other)).await.problem(422),
        "VALIDATION_FAILED"
    );
    let mut more = form;
    more["benefit"] = json!({"kind": "free_shipping"});
    let changed = send(&app, Method::PUT, &path, 1, Some(more)).await.ok(200);
    assert_eq!(
        (&changed["version"], &changed["redeemed"], &changed["benefit"]),
        (&json!(2), &json!(1), &json!({"kind": "free_shipping"}))
    );
    assert_eq!(send(&app, Method::DELETE, &path, 2, None).await.status, 204);
    let off = app.staff(Role::Ops).get(&path).await.ok(200);
    assert_eq!((&off["active"], &off["version"]), (&json!(false), &json!(3)));
    assert_eq!(app.count(AUDITED).await, 3);

    // One that nobody has used is gone.
    let unused = json!({
        "code": "UNUSED", "benefit": {"kind": "amount", "amount": twd(50)}, "active": true
    });
    app.staff(Role::Ops).post(COUPONS, unused).await.ok(201);
    let path = format!("{COUPONS}/UNUSED");
    assert_eq!(send(&app, Method::DELETE, &path, 1, None).await.status, 204);
    assert_eq!(app.staff(Role::Ops).get(&path).await.problem(404), "NOT_FOUND");
}
