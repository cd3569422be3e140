//! The cart over HTTP.

use serde_json::{Value, json};

use crate::app::{TestApp, Visitor};

async fn add(visitor: &mut Visitor<'_>, variant: impl ToString, quantity: u32) -> Value {
    let body = json!({"variant_id": variant.to_string(), "quantity": quantity});
    visitor.post("/api/cart/items", body).await.ok(200)
}

async fn sign_up(visitor: &mut Visitor<'_>) {
    let account = json!({"email": "a@example.com", "password": "long enough", "name": "王"});
    visitor.post("/api/auth/register", account).await.ok(202);
    let login = json!({"email": "a@example.com", "password": "long enough"});
    visitor.post("/api/auth/login", login).await.ok(200);
}

#[tokio::test]
async fn a_guest_fills_changes_and_empties_a_cart() {
    let app = TestApp::new().await;
    let mut guest = app.visitor();
    let empty = guest.get("/api/cart").await.ok(200);
    assert_eq!((&empty["id"], &empty["item_count"]), (&json!(null), &json!(0)));
    assert!(guest.cookies.is_empty(), "looking sets no cookie");

    add(&mut guest, app.shop.mug_white, 2).await;
    let cart = add(&mut guest, app.shop.mug_white, 1).await;
    assert_eq!(guest.cookies["oxcart_cart"], cart["id"].as_str().unwrap());
    assert_eq!(cart["items"][0]["quantity"], 3);
    assert_eq!(cart["subtotal"], json!({"amount": 1170, "currency": "TWD"}));
    assert_eq!(cart["shipping_fee"], json!(null));
    assert_eq!(cart["free_shipping_remaining"]["amount"], 0);
    assert_eq!(guest.get("/api/cart").await.ok(200), cart);

    let line = format!("/api/cart/items/{}", cart["items"][0]["id"].as_str().unwrap());
    let cart = guest.patch(&line, json!({"quantity": 1})).await.ok(200);
    assert_eq!((&cart["item_count"], &cart["total"]["amount"]), (&json!(1), &json!(390)));
    let cart = guest.patch(&line, json!({"quantity": 0})).await.ok(200);
    assert_eq!(cart["items"], json!([]));
    assert_eq!(guest.delete(&line).await.problem(404), "CART_ITEM_NOT_FOUND");
    add(&mut guest, app.shop.mug_white, 1).await;
    let cart = guest.get("/api/cart").await.ok(200);
    let line = format!("/api/cart/items/{}", cart["items"][0]["id"].as_str().unwrap());
    assert_eq!(guest.delete(&line).await.ok(200)["items"], json!([]));
}

#[tokio::test]
async fn more_than_there_is_does_not_go_in_and_changes_nothing() {
    let app = TestApp::new().await;
    let mut guest = app.visitor();
    let too_many = json!({"variant_id": app.shop.mug_black, "quantity": 2});
    let answer = guest.post("/api/cart/items", too_many).await;
    assert_eq!(answer.problem(409), "INVENTORY_SHORTAGE");
    assert_eq!(
        answer.body["shortages"],
        json!([{"variant_id": app.shop.mug_black, "sku": "MUG-BLACK", "requested": 2, "available": 1}])
    );
    assert!(guest.cookies.is_empty());

    let cart = add(&mut guest, app.shop.mug_black, 1).await;
    let again = json!({"variant_id": app.shop.mug_black, "quantity": 1});
    let answer = guest.post("/api/cart/items", again).await;
    assert_eq!(answer.problem(409), "INVENTORY_SHORTAGE");
    assert_eq!(answer.body["shortages"][0]["requested"], 2);
    let line = format!("/api/cart/items/{}", cart["items"][0]["id"].as_str().unwrap());
    let answer = guest.patch(&line, json!({"quantity": 5})).await;
    assert_eq!(answer.problem(409), "INVENTORY_SHORTAGE");
    assert_eq!(guest.get("/api/cart").await.ok(200), cart);
}

#[tokio::test]
async fn only_what_is_sold_in_sane_quantities_goes_in() {
    let app = TestApp::new().await;
    let mut guest = app.visitor();
    let unknown = "0199aaaa-0000-7000-8000-000000000000";
    for variant in [app.shop.tote_old.to_string(), unknown.to_owned()] {
        let body = json!({"variant_id": variant, "quantity": 1});
        assert_eq!(guest.post("/api/cart/items", body).await.problem(404), "PRODUCT_NOT_FOUND");
    }
    for quantity in [json!(0), json!(100), json!(-1), json!(1.5), json!("1"), json!(null)] {
        let body = json!({"variant_id": app.shop.tote_large, "quantity": quantity});
        let answer = guest.post("/api/cart/items", body).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{quantity}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/quantity");
    }
    add(&mut guest, app.shop.tote_large, 99).await;
    let body = json!({"variant_id": app.shop.tote_large, "quantity": 1});
    assert_eq!(guest.post("/api/cart/items", body).await.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn signing_in_brings_the_guests_cart_along() {
    let app = TestApp::new().await;
    let mut person = app.visitor();
    sign_up(&mut person).await;
    add(&mut person, app.shop.mug_white, 1).await;
    assert!(!person.cookies.contains_key("oxcart_cart"), "a person's cart needs no cookie");

    let mut phone = app.visitor();
    add(&mut phone, app.shop.mug_white, 2).await;
    let guest = phone.clone();
    let login = json!({"email": "a@example.com", "password": "long enough"});
    phone.post("/api/auth/login", login).await.ok(200);
    assert!(!phone.cookies.contains_key("oxcart_cart"));
    let cart = phone.get("/api/cart").await.ok(200);
    assert_eq!(cart["items"][0]["quantity"], 3);
    assert_eq!(person.get("/api/cart").await.ok(200), cart);
    let mut guest = guest;
    assert_eq!(guest.get("/api/cart").await.ok(200)["id"], json!(null), "merged and gone");
}

#[tokio::test]
async fn a_persons_cart_is_not_reached_by_its_id() {
    let app = TestApp::new().await;
    let mut person = app.visitor();
    sign_up(&mut person).await;
    let cart = add(&mut person, app.shop.mug_white, 1).await;
    let mut thief = app.visitor();
    thief.cookies.insert("oxcart_cart".into(), cart["id"].as_str().unwrap().into());
    assert_eq!(thief.get("/api/cart").await.ok(200)["items"], json!([]));
    let line = format!("/api/cart/items/{}", cart["items"][0]["id"].as_str().unwrap());
    assert_eq!(thief.delete(&line).await.problem(404), "CART_ITEM_NOT_FOUND");
    let stolen = add(&mut thief, app.shop.mug_black, 1).await;
    assert_ne!(stolen["id"], cart["id"]);
    assert_eq!(person.get("/api/cart").await.ok(200), cart);
}

#[tokio::test]
async fn a_person_lists_their_orders_and_a_guest_does_not() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    assert_eq!(visitor.get("/api/orders").await.problem(401), "AUTH_UNAUTHORIZED");
    sign_up(&mut visitor).await;
    let page = visitor.get("/api/orders").await.ok(200);
    assert_eq!(page, json!({"items": [], "next_cursor": null}));
    assert_eq!(visitor.get("/api/orders?cursor=x").await.problem(422), "VALIDATION_FAILED");
}

async fn coupons(app: &TestApp) {
    app.execute(
        "INSERT INTO pricing.coupons (code, kind, value, minimum_spend, valid_until, created_at,
             updated_at, per_customer_limit)
         VALUES ('TEN', 'percentage', 10, 500, NULL, now(), now(), 1),
                ('SHIP', 'free_shipping', 0, 0, NULL, now(), now(), NULL),
                ('OLD', 'amount', 50, 0, '2020-01-01T00:00:00Z', now(), now(), NULL)",
    )
    .await;
}

fn code(text: &str) -> Value {
    json!({"code": text})
}

#[tokio::test]
async fn a_cart_keeps_a_coupon_and_says_what_it_does() {
    let app = TestApp::new().await;
    coupons(&app).await;
    let mut guest = app.visitor();
    for (bad, reason) in [("NONE", "unknown"), ("no code", "unknown"), ("OLD", "expired")] {
        let answer = guest.post("/api/cart/coupon", code(bad)).await;
        assert_eq!(answer.problem(422), "COUPON_INVALID");
        assert_eq!(
            (&answer.body["reason"], &answer.body["errors"][0]["pointer"]),
            (&json!(reason), &json!("/code"))
        );
    }
    assert!(guest.cookies.is_empty(), "a refused coupon makes no cart");
    assert_eq!(guest.delete("/api/cart/coupon").await.ok(200)["coupon"], json!(null));

    // Too small yet: kept, with what is missing.
    add(&mut guest, app.shop.mug_white, 1).await;
    let cart = guest.post("/api/cart/coupon", code("ten")).await.ok(200);
    assert_eq!((&cart["coupon_code"], &cart["total"]["amount"]), (&json!("TEN"), &json!(390)));
    assert_eq!(
        cart["coupon"],
        json!({
            "code": "TEN", "applies": false, "reason": "minimum_not_reached", "kind": "percentage",
            "discount": {"amount": 0, "currency": "TWD"},
            "covered": {"amount": 390, "currency": "TWD"},
            "minimum_spend": {"amount": 500, "currency": "TWD"},
        })
    );
    let cart = add(&mut guest, app.shop.mug_white, 1).await;
    assert_eq!(
        (&cart["coupon"]["applies"], &cart["coupon"]["reason"]),
        (&json!(true), &json!(null))
    );
    assert_eq!((&cart["discount"]["amount"], &cart["total"]["amount"]), (&json!(78), &json!(702)));
    let off = json!({"amount": 78, "currency": "TWD"});
    assert_eq!(
        cart["adjustments"],
        json!([{
            "kind": "coupon", "target": "lines", "code": "TEN", "name": null, "amount": off,
            "shares": [{"line_no": 1, "amount": off}],
        }])
    );
    assert_eq!(cart["vat_included"], json!({"amount": 33, "currency": "TWD"}));
    let cart = guest.post("/api/cart/coupon", code("SHIP")).await.ok(200);
    assert_eq!(
        (&cart["discount"]["amount"], &cart["free_shipping_remaining"]["amount"]),
        (&json!(0), &json!(0))
    );
    let cart = guest.delete("/api/cart/coupon").await.ok(200);
    assert_eq!((&cart["coupon_code"], &cart["total"]["amount"]), (&json!(null), &json!(780)));
}

#[tokio::test]
async fn checking_out_uses_the_carts_coupon_once() {
    let app = TestApp::new().await;
    coupons(&app).await;
    let mut person = app.visitor();
    sign_up(&mut person).await;
    add(&mut person, app.shop.mug_white, 2).await;
    person.post("/api/cart/coupon", code("TEN")).await.ok(200);
    let mut form = super::orders::order(&[]);
    form.as_object_mut().unwrap().remove("items");
    let mut person = person.with("idempotency-key", "c1");
    let created = person.post("/api/checkout", form.clone()).await.ok(201);
    assert_eq!(
        (&created["discount"]["amount"], &created["total"]["amount"]),
        (&json!(78), &json!(782))
    );
    let again = person.post("/api/checkout", form.clone()).await.ok(201);
    assert_eq!(again, created);
    assert_eq!(app.count("SELECT count(*) FROM pricing.redemptions").await, 1);
    let cart = person.get("/api/cart").await.ok(200);
    assert_eq!((&cart["items"], &cart["coupon_code"]), (&json!([]), &json!(null)));

    let answer = person.post("/api/cart/coupon", code("TEN")).await;
    assert_eq!(
        (answer.problem(422), &answer.body["reason"]),
        ("COUPON_INVALID", &json!("already_used"))
    );
    let mut other = super::orders::order(&[(app.shop.mug_white, 2)]);
    other["coupon_code"] = json!("ten");
    let answer = app.visitor().with("idempotency-key", "o1").post("/api/orders", other).await;
    assert_eq!(
        (answer.problem(422), &answer.body["reason"]),
        ("COUPON_INVALID", &json!("already_used"))
    );
    assert_eq!(answer.body["errors"][0]["pointer"], "/coupon_code");
}

#[tokio::test]
async fn a_purchase_limit_names_the_lines_and_what_is_left() {
    let app = TestApp::new().await;
    app.execute("UPDATE catalog.variants SET purchase_limit = 2 WHERE sku = 'MUG-WHITE'").await;
    let lines = [(app.shop.tote_large, 1), (app.shop.mug_white, 3)];
    let order = super::orders::order(&lines);
    let answer = app.visitor().with("idempotency-key", "l1").post("/api/orders", order).await;
    assert_eq!(answer.problem(409), "PURCHASE_LIMIT_EXCEEDED");
    assert_eq!(answer.body["errors"][0]["pointer"], "/items/1/quantity");
    assert_eq!(
        answer.body["limits"],
        json!([{
            "variant_id": app.shop.mug_white, "sku": "MUG-WHITE", "requested": 3, "limit": 2,
            "left": 2,
        }])
    );
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 0);
}
