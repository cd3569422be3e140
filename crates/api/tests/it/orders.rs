//! Orders from the form to the money, over HTTP.

use axum::http::{Method, header};
use serde_json::{Value, json};

use crate::app::{TestApp, Visitor};

/// The body of an order for these variants and quantities.
pub fn order(lines: &[(kernel::id::VariantId, u32)]) -> Value {
    let items: Vec<_> =
        lines.iter().map(|(v, q)| json!({"variant_id": v, "quantity": q})).collect();
    json!({
        "items": items,
        "contact": {"email": "a@example.com", "phone": "0912345678"},
        "shipping_address": {
            "name": "王小明", "phone": "0912345678", "postal_code": "100", "city": "臺北市",
            "district": "中正區", "address1": "重慶南路一段 122 號", "address2": null
        },
        "shipping_method": "home_delivery", "payment_method": "ecpay_credit",
        "coupon_code": null, "note": null
    })
}

async fn place(visitor: Visitor<'_>, key: &str, body: Value) -> crate::app::Answer {
    visitor.with("idempotency-key", key).post("/api/orders", body).await
}

#[tokio::test]
async fn a_guest_orders_reads_pays_and_nobody_else_sees_it() {
    let app = TestApp::new().await;
    let answer = place(app.visitor(), "k1", order(&[(app.shop.mug_white, 2)])).await;
    let location = answer.headers[header::LOCATION].to_str().unwrap().to_owned();
    let created = answer.ok(201);
    let id = created["id"].as_str().unwrap();
    assert_eq!(location, format!("/api/orders/{id}"));
    assert_eq!(created["status"], "pending_payment");
    assert_eq!(created["subtotal"], json!({"amount": 780, "currency": "TWD"}));
    assert_eq!(created["shipping_fee"], json!({"amount": 80, "currency": "TWD"}));
    assert_eq!(created["total"], json!({"amount": 860, "currency": "TWD"}));
    assert_eq!(
        created["inventory_deduction_results"],
        json!([{
            "variant_id": app.shop.mug_white, "sku": "MUG-WHITE", "warehouse_id": app.shop.taipei,
            "quantity": 2, "available_before": 10, "available_after": 8
        }])
    );
    assert_eq!(created["items"][0]["product_slug"], "mug");

    // Without the token it does not exist.
    let path = format!("/api/orders/{id}");
    assert_eq!(app.visitor().get(&path).await.problem(404), "ORDER_NOT_FOUND");
    let wrong = app.visitor().with("x-order-token", "AAAA").get(&path).await;
    assert_eq!(wrong.problem(404), "ORDER_NOT_FOUND");
    let token = created["access_token"].as_str().unwrap();
    let by_query = app.visitor().get(&format!("{path}?access_token={token}")).await.ok(200);
    assert_eq!(by_query["number"], created["number"]);
    assert_eq!(by_query["timeline"][0]["to"], "pending_payment");

    // Paying: a form for the provider, the same for the same key.
    let pay = format!("{path}/payments");
    let mut payer = app.visitor().with("x-order-token", token).with("idempotency-key", "p1");
    let form = payer.post(&pay, json!({})).await.ok(201);
    assert_eq!(form["method"], "POST");
    assert_eq!(payer.post(&pay, json!({})).await.ok(201), form);
    let fields = form["fields"].as_array().unwrap();
    let amount = fields.iter().find(|field| field["name"] == "TotalAmount").unwrap();
    assert_eq!(amount["value"], "860");
}

#[tokio::test]
async fn fifty_equal_requests_make_one_order_and_fifty_equal_answers() {
    let app = TestApp::new().await;
    let body = order(&[(app.shop.mug_white, 1)]);
    let requests = (0..50).map(|_| place(app.visitor(), "same", body.clone()));
    let answers = futures::future::join_all(requests).await;
    let first = &answers[0].body;
    for answer in &answers {
        assert_eq!(answer.status.as_u16(), 201);
        assert_eq!(&answer.body, first);
    }
    let balances = stock(&app, app.shop.mug_white).await;
    assert_eq!(
        (balances[0]["available"].clone(), balances[0]["reserved"].clone()),
        (json!(9), json!(1))
    );

    // Spaced differently it is the same request; with another quantity it is not.
    let mut other = body.clone();
    other["items"][0]["quantity"] = json!(2);
    let reused = place(app.visitor(), "same", other).await;
    assert_eq!(reused.problem(422), "IDEMPOTENCY_KEY_REUSED");
    // Somebody else's key of the same text is another key.
    let someone = app.person("b@example.com").await;
    let theirs = place(someone, "same", body).await.ok(201);
    assert_ne!(theirs["id"], first["id"]);
    assert_eq!(theirs.get("access_token"), None, "an account needs no token");
}

#[tokio::test]
async fn a_shortage_names_each_short_line_with_what_is_left() {
    let app = TestApp::new().await;
    let body = order(&[(app.shop.mug_white, 1), (app.shop.mug_black, 2), (app.shop.tote_small, 1)]);
    let answer = place(app.visitor(), "k", body).await;
    assert_eq!(answer.problem(409), "INVENTORY_SHORTAGE");
    assert_eq!(answer.body["title"], "庫存不足，已更新可購買數量");
    assert_eq!(
        answer.body["shortages"],
        json!([
            {"variant_id": app.shop.mug_black, "sku": "MUG-BLACK", "requested": 2, "available": 1},
            {"variant_id": app.shop.tote_small, "sku": "TOTE-S", "requested": 1, "available": 0},
        ])
    );
    let pointers: Vec<_> =
        answer.body["errors"].as_array().unwrap().iter().map(|e| &e["pointer"]).collect();
    assert_eq!(pointers, ["/items/1/quantity", "/items/2/quantity"]);
    assert!(!answer.body["trace_id"].as_str().unwrap().is_empty());
    assert_eq!(answer.headers["x-trace-id"], answer.body["trace_id"].as_str().unwrap());
    let english = app.visitor().with("accept-language", "en").with("idempotency-key", "k");
    let answer = {
        let mut visitor = english;
        visitor.post("/api/orders", order(&[(app.shop.mug_black, 2)])).await
    };
    assert!(answer.body["title"].as_str().unwrap().starts_with("Not enough stock"));
    assert_eq!(stock(&app, app.shop.mug_white).await[0]["reserved"], 0);
}

#[tokio::test]
async fn a_changed_price_is_told_before_anything_is_held() {
    let app = TestApp::new().await;
    let mut body = order(&[(app.shop.mug_white, 1)]);
    body["items"][0]["unit_price"] = json!({"amount": 389, "currency": "TWD"});
    let answer = place(app.visitor(), "k", body.clone()).await;
    assert_eq!(answer.problem(409), "PRICE_CHANGED");
    assert_eq!(answer.body["errors"][0]["pointer"], "/items/0/unit_price");
    assert_eq!(answer.body["prices"][0]["unit_price"]["amount"], 390);
    body["items"][0]["unit_price"]["amount"] = json!(390);
    place(app.visitor(), "k", body).await.ok(201);
}

#[tokio::test]
async fn the_cart_becomes_an_order_and_is_empty_and_a_repeat_changes_nothing() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let mut form = order(&[]);
    form.as_object_mut().unwrap().remove("items");
    let mut early = visitor.clone().with("idempotency-key", "c0");
    let empty = early.post("/api/checkout", form.clone()).await;
    assert_eq!(empty.problem(422), "CART_EMPTY");

    for (variant, quantity) in [(app.shop.mug_white, 2), (app.shop.tote_large, 1)] {
        let line = json!({"variant_id": variant, "quantity": quantity});
        visitor.post("/api/cart/items", line).await.ok(200);
    }
    let mut buyer = visitor.clone().with("idempotency-key", "c1");
    form["expected_total"] = json!({"amount": 1, "currency": "TWD"});
    assert_eq!(buyer.post("/api/checkout", form.clone()).await.problem(409), "PRICE_CHANGED");
    form["expected_total"]["amount"] = json!(2 * 390 + 1990);
    let created = buyer.post("/api/checkout", form.clone()).await.ok(201);
    assert_eq!(created["items"].as_array().unwrap().len(), 2);
    assert_eq!(visitor.get("/api/cart").await.ok(200)["items"], json!([]));
    assert_eq!(buyer.post("/api/checkout", form).await.ok(201), created);
    assert_eq!(stock(&app, app.shop.tote_large).await[0]["reserved"], 1);
}

#[tokio::test]
async fn cancelling_frees_the_stock_once() {
    let app = TestApp::new().await;
    let created = place(app.visitor(), "k", order(&[(app.shop.mug_white, 3)])).await.ok(201);
    let path = format!("/api/orders/{}/cancel", created["id"].as_str().unwrap());
    assert_eq!(app.visitor().post(&path, json!({})).await.problem(404), "ORDER_NOT_FOUND");
    let mut buyer = app.visitor().with("x-order-token", created["access_token"].as_str().unwrap());
    assert_eq!(buyer.post(&path, json!([])).await.problem(422), "VALIDATION_FAILED");
    let order = buyer.post(&path, json!({"reason": "改變心意"})).await.ok(200);
    assert_eq!(order["status"], "cancelled");
    assert_eq!(order["timeline"][1]["reason"], "改變心意");
    let again = buyer.post(&path, json!({})).await;
    assert_eq!(again.problem(409), "INVALID_TRANSITION");
    let balances = stock(&app, app.shop.mug_white).await;
    assert_eq!((&balances[0]["available"], &balances[0]["reserved"]), (&json!(10), &json!(0)));
    let pay = format!("/api/orders/{}/payments", created["id"].as_str().unwrap());
    let refused = buyer.with("idempotency-key", "p").post(&pay, json!({})).await;
    assert_eq!(refused.problem(409), "INVALID_TRANSITION");
}

#[tokio::test]
async fn the_provider_is_answered_in_its_own_words() {
    let app = TestApp::new().await;
    let forged =
        app.form("/api/payments/ecpay/notify", "MerchantID=3002607&CheckMacValue=00").await;
    assert_eq!(forged.problem(400), "PAYMENT_NOTICE_REJECTED");
    let created = place(app.visitor(), "k", order(&[(app.shop.mug_white, 1)])).await.ok(201);
    let id = created["id"].as_str().unwrap();
    let token = created["access_token"].as_str().unwrap();
    let mut payer = app.visitor().with("x-order-token", token).with("idempotency-key", "p1");
    let form = payer.post(&format!("/api/orders/{id}/payments"), json!({})).await.ok(201);
    let trade_no = form["fields"]
        .as_array()
        .unwrap()
        .iter()
        .find(|field| field["name"] == "MerchantTradeNo")
        .unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned();
    let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
    let fields = [
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", trade_no.as_str()),
        ("RtnCode", "1"),
        ("RtnMsg", "交易成功"),
        ("TradeNo", "2606011000001234"),
        ("TradeAmt", "470"),
        ("PaymentDate", "2026/06/01 10:05:00"),
        ("PaymentType", "Credit_CreditCard"),
        ("TradeDate", "2026/06/01 10:00:00"),
        ("SimulatePaid", "0"),
    ];
    let mac = merchant.sign(fields);
    let body = ecpay::to_form_body(fields.into_iter().chain([("CheckMacValue", mac.as_str())]));
    for _ in 0..2 {
        assert_eq!(app.form_text("/api/payments/ecpay/notify", &body).await, (200, "1|OK".into()));
    }
    let back = app.form("/api/payments/ecpay/result", &body).await;
    assert_eq!(back.status.as_u16(), 303);
    let location = back.headers[header::LOCATION].to_str().unwrap();
    assert_eq!(location, format!("http://shop.test/orders/{id}/result?access_token={token}"));
    let mut reader = app.visitor().with("x-order-token", token);
    let order = reader.get(&format!("/api/orders/{id}")).await.ok(200);
    assert_eq!(
        (&order["status"], &order["payments"][0]["status"]),
        (&json!("paid"), &json!("succeeded"))
    );
    let balances = stock(&app, app.shop.mug_white).await;
    assert_eq!((&balances[0]["reserved"], &balances[0]["sold"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn other_sites_cannot_use_a_shoppers_cookies_but_the_provider_may_send_them_back() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let line = json!({"variant_id": app.shop.mug_white, "quantity": 1});
    visitor.post("/api/cart/items", line.clone()).await.ok(200);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut lured = visitor.clone().with(name, value);
        let refused = lured.post("/api/cart/items", line.clone()).await;
        assert_eq!(refused.problem(403), "FORBIDDEN", "{name}: {value}");
    }
    assert_eq!(visitor.get("/api/cart").await.ok(200)["item_count"], 1);
    let mut back = visitor.with("sec-fetch-site", "cross-site");
    let answer = back.post("/api/payments/ecpay/result", json!({})).await;
    assert_eq!(answer.status.as_u16(), 303, "unsigned: to the shop, nothing believed");
}

#[tokio::test]
async fn what_does_not_exist_is_told_as_a_problem() {
    let app = TestApp::new().await;
    assert_eq!(app.visitor().get("/api/nothing").await.problem(404), "NOT_FOUND");
    let answer = app.visitor().send(Method::DELETE, "/api/orders", None).await;
    assert_eq!(answer.problem(405), "METHOD_NOT_ALLOWED");
    assert_eq!(app.visitor().get("/api/orders/not-an-id").await.problem(404), "ORDER_NOT_FOUND");
    assert_eq!(app.visitor().get("/api/dev/clock").await.problem(404), "NOT_FOUND");
    let ready = app.visitor().get("/readyz").await.ok(200);
    assert_eq!((&ready["ready"], &ready["database"]), (&json!(true), &json!("ok")));
}

/// The stock of a variant as its warehouse sees it.
pub async fn stock(app: &TestApp, variant: kernel::id::VariantId) -> Value {
    let mut warehouse = app.staff(identity::Role::Warehouse);
    let path = format!("/api/admin/inventory/{variant}");
    warehouse.get(&path).await.ok(200)["balances"].clone()
}
