//! Ways of paying, codes and confirmed money over HTTP.

use axum::http::{Method, header};
use identity::Role;
use serde_json::{Value, json};
use testkit::seed;

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::order,
};

const METHODS: &str = "/api/admin/payment-methods";

/// An order of one large tote, NT$ 1,990, to be paid so: its path, and its buyer.
async fn placed<'a>(app: &'a TestApp, method: &str) -> (String, Visitor<'a>) {
    let mut body = order(&[(app.shop.tote_large, 1)]);
    body["payment_method"] = json!(method);
    let answer = app.visitor().with("idempotency-key", "k").post("/api/orders", body).await;
    let created = answer.ok(201);
    let token = created["access_token"].as_str().unwrap();
    let path = format!("/api/orders/{}", created["id"].as_str().unwrap());
    (path, app.visitor().with("x-order-token", token))
}

async fn begin(buyer: &Visitor<'_>, path: &str, key: &str, body: Value) -> Answer {
    let mut buyer = buyer.clone().with("idempotency-key", key);
    buyer.post(&format!("{path}/payments"), body).await
}

/// A change of a method that leaves out what it was not meant to change.
pub async fn change(app: &TestApp, role: Role, code: &str, tag: &str, with: Value) -> Answer {
    let path = format!("{METHODS}/{code}");
    let mut body = app.staff(Role::Admin).get(&path).await.ok(200);
    let fields = body.as_object_mut().unwrap();
    for not_sent in ["code", "provider", "available", "shortest_minutes", "version"] {
        fields.remove(not_sent);
    }
    fields.extend(with.as_object().unwrap().clone());
    app.staff(role).with("if-match", tag).send(Method::PUT, &path, Some(body)).await
}

#[tokio::test]
async fn what_is_on_offer_is_shown_with_its_limits_and_refused_beyond_them() {
    let app = TestApp::new().await;
    let offered = app.visitor().get("/api/payment-methods").await.ok(200);
    let codes: Vec<_> = offered["items"].as_array().unwrap().iter().map(|it| &it["code"]).collect();
    assert_eq!(codes, ["ecpay_credit", "ecpay_atm", "ecpay_cvs", "ecpay_barcode"]);
    let twd = |amount| json!({"amount": amount, "currency": "TWD"});
    let cvs = &offered["items"][2];
    assert_eq!((&cvs["min_amount"], &cvs["max_amount"]), (&twd(33), &twd(6000)));
    assert_eq!((&cvs["pay_within_minutes"], &cvs["enabled"]), (&json!(4320), &json!(true)));
    assert_eq!(offered["items"][0]["pay_within_minutes"], 30);

    let mut body = order(&[(app.shop.tote_large, 4)]);
    body["payment_method"] = json!("ecpay_cvs");
    let post = async |body: &Value| {
        app.visitor().with("idempotency-key", "k").post("/api/orders", body.clone()).await
    };
    let refused = post(&body).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/payment_method");
    assert_eq!(refused.body["max_amount"], twd(6000));
    for unknown in ["gold", "ecpay_webatm"] {
        body["payment_method"] = json!(unknown);
        let refused = post(&body).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["detail"], "there is no such payment method");
    }
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 0);

    // At paying, too; and nothing has changed.
    let (path, buyer) = placed(&app, "ecpay_credit").await;
    change(&app, Role::Admin, "ecpay_atm", "\"1\"", json!({"min_amount": twd(2000)})).await.ok(200);
    let refused = begin(&buyer, &path, "p", json!({"method": "ecpay_atm"})).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/method");
    assert_eq!(refused.body["min_amount"], twd(2000));
    assert_eq!(app.count("SELECT count(*) FROM payments.attempts").await, 0);
}

#[tokio::test]
async fn ways_of_paying_are_the_administrators_and_nobody_overwrites_what_they_have_not_seen() {
    let app = TestApp::new().await;
    let all = app.staff(Role::Ops).get(METHODS).await.ok(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 10);
    assert_eq!(all["items"][0]["version"], 1);
    let found = app.staff(Role::Ops).get(&format!("{METHODS}/ecpay_atm")).await;
    assert_eq!(found.headers[header::ETAG], "\"1\"");
    assert_eq!(found.body["shortest_minutes"], 2880);
    let unknown = app.staff(Role::Ops).get(&format!("{METHODS}/gold")).await;
    assert_eq!(unknown.problem(404), "PAYMENT_METHOD_NOT_FOUND");

    let longer = json!({"reservation_minutes": 8640, "reason": "longer"});
    let refused = change(&app, Role::Ops, "ecpay_atm", "\"1\"", longer.clone()).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    let changed = change(&app, Role::Admin, "ecpay_atm", "\"1\"", longer.clone()).await;
    assert_eq!(changed.headers[header::ETAG], "\"2\"");
    assert_eq!(changed.body["reservation_minutes"], 8640);
    let stale = change(&app, Role::Admin, "ecpay_atm", "\"1\"", longer.clone()).await;
    assert_eq!(stale.problem(412), "VERSION_CONFLICT");
    // As it is: nothing happens.
    let same = change(&app, Role::Admin, "ecpay_atm", "\"2\"", longer.clone()).await;
    assert_eq!(same.ok(200)["version"], 2);
    let told = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Payment'
                   AND action = 'payment_method_write' AND target_id = 'ecpay_atm'";
    assert_eq!(app.count(told).await, 1);

    for (code, with, pointer) in [
        ("ecpay_atm", json!({"reservation_minutes": 4319}), "/reservation_minutes"),
        ("ecpay_atm", json!({"reservation_minutes": null}), "/reservation_minutes"),
        ("ecpay_atm", json!({"reservation_minutes": 129_601}), "/reservation_minutes"),
        ("ecpay_atm", json!({"grace_minutes": -1}), "/grace_minutes"),
        ("ecpay_atm", json!({"name": {"zh_tw": "", "en": "ATM"}}), "/name"),
        ("ecpay_atm", json!({"max_amount": {"amount": 1, "currency": "TWD"}}), "/max_amount"),
        ("ecpay_instalments", json!({"instalments": [4]}), "/instalments"),
    ] {
        let tag = if code == "ecpay_atm" { "\"2\"" } else { "\"1\"" };
        let refused = change(&app, Role::Admin, code, tag, with.clone()).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{with}");
        let named = refused.body["errors"][0]["pointer"].as_str().unwrap();
        assert!(named.starts_with(pointer), "{with}: {:?}", refused.body);
    }
    let blind = app.staff(Role::Admin);
    let path = format!("{METHODS}/ecpay_atm");
    let blind = blind.clone().send(Method::PUT, &path, Some(found.body)).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    assert_eq!(app.count("SELECT sum(version)::bigint FROM payments.methods").await, 11);
}

#[tokio::test]
async fn a_code_is_announced_and_shown_on_the_order() {
    let app = TestApp::new().await;
    let (path, mut buyer) = placed(&app, "ecpay_atm").await;
    let form = begin(&buyer, &path, "p1", json!({})).await.ok(201);
    assert_eq!((&form["payment_method"], &form["method"]), (&json!("ecpay_atm"), &json!("POST")));
    let field = |name: &str| {
        let fields = form["fields"].as_array().unwrap();
        fields.iter().find(|it| it["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(field("PaymentInfoURL"), "http://shop.test/api/payments/ecpay/info");
    let number = field("MerchantTradeNo");
    let merchant = ecpay::Merchant::new("3002607", "pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs").unwrap();
    let fields = [
        ("MerchantID", "3002607"),
        ("MerchantTradeNo", &*number),
        ("RtnCode", "2"),
        ("RtnMsg", "Get VirtualAccount Succeeded"),
        ("TradeNo", "2606011000001234"),
        ("TradeAmt", "1990"),
        ("PaymentType", "ATM_ESUN"),
        ("TradeDate", "2026/06/01 10:00:00"),
        ("BankCode", "808"),
        ("vAccount", "9103522175887271"),
        ("ExpireDate", "2026/06/04"),
    ];
    let mac = merchant.sign(fields);
    let body = ecpay::to_form_body(fields.into_iter().chain([("CheckMacValue", &*mac)]));
    for _ in 0..2 {
        assert_eq!(app.form_text("/api/payments/ecpay/info", &body).await, (200, "1|OK".into()));
    }
    let forged = app.form("/api/payments/ecpay/info", &body.replace("1990", "1991")).await;
    assert_eq!(forged.problem(400), "PAYMENT_NOTICE_REJECTED");
    let seen = buyer.get(&path).await.ok(200);
    assert_eq!(
        seen["payments"][0]["code"],
        json!({"kind": "atm", "bank_code": "808", "account": "9103522175887271",
               "expires_at": "2026-06-04T15:59:59Z"})
    );
    assert_eq!(seen["status"], "pending_payment");
    assert_eq!(app.count("SELECT count(*) FROM payments.refused_notices").await, 1);
}

#[tokio::test]
async fn a_transfer_is_shown_found_by_its_reference_and_confirmed() {
    let app = TestApp::new().await;
    change(&app, Role::Admin, "bank_transfer", "\"1\"", json!({"active": true})).await.ok(200);
    let (path, mut buyer) = placed(&app, "bank_transfer").await;
    let form = begin(&buyer, &path, "p1", json!({})).await.ok(201);
    assert_eq!(form["method"], "GET");
    assert_eq!(form["action"], format!("http://shop.test{}", path.trim_start_matches("/api")));
    assert_eq!(form["transfer"]["account"], "123456789012");
    assert_eq!(form["transfer"]["amount"]["amount"], 1990);
    let seen = buyer.get(&path).await.ok(200);
    assert_eq!(seen["payments"][0]["transfer"], form["transfer"]);

    let reference = form["transfer"]["reference"].as_str().unwrap().to_lowercase();
    let list =
        format!("/api/admin/payments?method=bank_transfer&status=pending&reference={reference}");
    let found = app.staff(Role::Ops).get(&list).await.ok(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["id"], form["payment_id"]);
    let wrong = app.staff(Role::Ops).get("/api/admin/payments?reference=%25").await;
    assert_eq!(wrong.problem(422), "VALIDATION_FAILED");

    let id = form["payment_id"].as_str().unwrap();
    let receipts = format!("/api/admin/payments/{id}/receipts");
    let seen = |amount: i64| json!({"amount": {"amount": amount, "currency": "TWD"}, "reference": "跨行轉入 0012345"});
    let mut ops = app.staff(Role::Ops);
    assert_eq!(ops.post(&receipts, seen(1990)).await.problem(400), "IDEMPOTENCY_KEY_MISSING");
    let warehouse = app.staff(Role::Warehouse).with("idempotency-key", "r");
    let refused = warehouse.clone().post(&receipts, seen(1990)).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    let mut first = app.staff(Role::Ops).with("idempotency-key", "r1");
    for _ in 0..2 {
        let noted = first.post(&receipts, seen(1000)).await.ok(201);
        assert_eq!(
            (&noted["status"], &noted["outstanding"]["amount"]),
            (&json!("pending"), &json!(990))
        );
    }
    assert_eq!(first.post(&receipts, seen(990)).await.problem(422), "IDEMPOTENCY_KEY_REUSED");
    let mut second = app.staff(Role::Ops).with("idempotency-key", "r2");
    let too_much = second.post(&receipts, seen(991)).await;
    assert_eq!(too_much.problem(422), "VALIDATION_FAILED");
    assert_eq!(too_much.body["errors"][0]["pointer"], "/amount");
    assert_eq!(second.post(&receipts, seen(990)).await.ok(201)["status"], "succeeded");
    let paid = buyer.get(&path).await.ok(200);
    assert_eq!((&paid["status"], &paid["payments"][0]["transfer"]), (&json!("paid"), &Value::Null));
    let steps = paid["timeline"].as_array().unwrap();
    let sold = steps.iter().find(|it| it["kind"] == "order" && it["to"] == "paid").unwrap();
    assert_eq!(sold["actor"], "staff");
    let told = "SELECT count(*) FROM audit.entries WHERE action = 'payment_confirm'";
    assert_eq!(app.count(told).await, 2);
    let nobody =
        format!("/api/admin/payments/{}/receipts", seed::id::<kernel::id::PaymentId>(9, 1));
    let unknown = app.staff(Role::Ops).with("idempotency-key", "r3").post(&nobody, seen(1)).await;
    assert_eq!(unknown.problem(404), "PAYMENT_NOT_FOUND");
    let asked =
        app.staff(Role::Ops).post(&format!("/api/admin/payments/{id}/ask"), json!({})).await;
    assert_eq!(asked.problem(409), "INVALID_TRANSITION");
}

#[tokio::test]
async fn at_the_door_nothing_is_to_be_done_and_the_order_is_sold() {
    let app = TestApp::new().await;
    change(&app, Role::Admin, "cash_on_delivery", "\"1\"", json!({"active": true})).await.ok(200);
    let (path, mut buyer) = placed(&app, "cash_on_delivery").await;
    let form = begin(&buyer, &path, "p1", json!({})).await.ok(201);
    assert_eq!((&form["provider"], &form["transfer"]), (&json!("cod"), &Value::Null));
    let names: Vec<_> = form["fields"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["access_token"], "a guest needs the token on the order's page");
    let sold = buyer.get(&path).await.ok(200);
    assert_eq!((&sold["status"], &sold["paid_at"]), (&json!("paid"), &Value::Null));
    assert_eq!(sold["payments"][0]["status"], "pending");
    assert_eq!(
        begin(&buyer, &path, "p1", json!({})).await.ok(201)["payment_id"],
        form["payment_id"]
    );
    let again = begin(&buyer, &path, "p2", json!({})).await;
    assert_eq!(again.problem(409), "INVALID_TRANSITION");
}

#[tokio::test]
async fn a_provider_that_cannot_be_asked_says_so_and_nothing_changes() {
    let app = TestApp::new().await;
    let (path, mut buyer) = placed(&app, "ecpay_credit").await;
    let form = begin(&buyer, &path, "p1", json!({})).await.ok(201);
    let ask = format!("/api/admin/payments/{}/ask", form["payment_id"].as_str().unwrap());
    let asked = app.staff(Role::Ops).post(&ask, json!({})).await.ok(200);
    assert_eq!((&asked["answered"], &asked["status"]), (&json!(false), &json!("pending")));
    assert!(asked["error"].as_str().unwrap().contains("not reached"), "{asked}");
    assert_eq!(buyer.get(&path).await.ok(200)["status"], "pending_payment");
    let other = begin(&buyer, &path, "p1", json!({"method": "ecpay_cvs"})).await;
    assert_eq!(other.problem(422), "IDEMPOTENCY_KEY_REUSED");
    for body in [json!({"method": ""}), json!({"method": 7}), json!({"amount": 1})] {
        assert_eq!(begin(&buyer, &path, "p3", body).await.problem(422), "VALIDATION_FAILED");
    }
    for turn in 0..9 {
        begin(&buyer, &path, &format!("more {turn}").replace(' ', "-"), json!({})).await.ok(201);
    }
    let used_up = begin(&buyer, &path, "p4", json!({})).await;
    assert_eq!(used_up.problem(409), "PAYMENT_ATTEMPTS_USED_UP");
    assert_eq!(used_up.body["attempts_limit"], 10);
}

#[tokio::test]
async fn a_variant_in_a_sale_is_held_for_less() {
    let app = TestApp::new().await;
    let path = format!("/api/admin/inventory/{}/reservation-time", app.shop.tote_large);
    let put = async |role, body: Value| app.staff(role).send(Method::PUT, &path, Some(body)).await;
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), json!({"minutes": null}));
    let ten = json!({"minutes": 10, "reason": "雙11"});
    assert_eq!(put(Role::Warehouse, ten.clone()).await.problem(403), "FORBIDDEN");
    assert_eq!(put(Role::Ops, ten.clone()).await.ok(200), json!({"minutes": 10}));
    assert_eq!(put(Role::Ops, ten).await.ok(200), json!({"minutes": 10}));
    for wrong in [json!({"minutes": 0}), json!({"minutes": 43_201}), json!({"hours": 1})] {
        assert_eq!(put(Role::Ops, wrong).await.problem(422), "VALIDATION_FAILED");
    }
    let told = "SELECT count(*) FROM audit.entries WHERE after -> 'reservation_time' IS NOT NULL";
    assert_eq!(app.count(told).await, 1);
    let (order, mut buyer) = placed(&app, "ecpay_credit").await;
    let seen = buyer.get(&order).await.ok(200);
    let time = |field: &str| seen[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time("reserved_until").duration_since(time("created_at")).as_mins(), 10);
    assert_eq!(put(Role::Ops, json!({"minutes": null})).await.ok(200), json!({"minutes": null}));
    let unknown = seed::id::<kernel::id::VariantId>(0xee, 5);
    let path = format!("/api/admin/inventory/{unknown}/reservation-time");
    assert_eq!(app.staff(Role::Ops).get(&path).await.problem(404), "PRODUCT_NOT_FOUND");
}
