//! Price lists as operations work on them, and what buyers pay by them.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const LISTS: &str = "/api/admin/price-lists";
const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE target_id LIKE 'price_list:%'";

fn twd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "TWD"})
}

fn form(audience: &str) -> Value {
    json!({
        "name": {"zh_tw": "週年慶", "en": "Anniversary"}, "audience": audience, "active": true
    })
}

async fn send(app: &TestApp, method: Method, path: &str, seen: i64, body: Option<Value>) -> Answer {
    let mut ops = app.staff(Role::Ops).with("if-match", format!("\"{seen}\""));
    ops.send(method, path, body).await
}

/// A list with prices for white mugs; returns its path.
async fn list(app: &TestApp, audience: &str, price: i64) -> String {
    let made = app.staff(Role::Ops).post(LISTS, form(audience)).await.ok(201);
    let path = format!("{LISTS}/{}", made["id"].as_str().unwrap());
    let put = json!({"put": [{"variant_id": app.shop.mug_white, "price": twd(price)}]});
    send(app, Method::PATCH, &format!("{path}/entries"), 1, Some(put)).await.ok(200);
    path
}

#[tokio::test]
async fn a_list_is_added_filled_changed_and_taken_away() {
    let app = TestApp::new().await;
    let answer = app.staff(Role::Ops).post(LISTS, form("members")).await;
    let (location, tag) = (answer.headers["location"].clone(), answer.headers["etag"].clone());
    let made = answer.ok(201);
    let path = format!("{LISTS}/{}", made["id"].as_str().unwrap());
    assert_eq!((location.to_str().unwrap(), tag.to_str().unwrap()), (path.as_str(), "\"1\""));
    assert_eq!((&made["audience"], &made["valid_until"]), (&json!("members"), &Value::Null));
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), made);
    assert_eq!(app.staff(Role::Ops).get(LISTS).await.ok(200), json!({"items": [made]}));

    let entries = format!("{path}/entries");
    let (white, black) = (app.shop.mug_white, app.shop.mug_black);
    let put = json!({"reason": "autumn", "put": [
        {"variant_id": white, "price": twd(300)}, {"variant_id": black, "price": twd(310)},
    ]});
    let stale = send(&app, Method::PATCH, &entries, 7, Some(put.clone())).await;
    assert_eq!(stale.problem(412), "VERSION_CONFLICT");
    let answer = send(&app, Method::PATCH, &entries, 1, Some(put.clone())).await;
    assert_eq!(answer.headers["etag"], "\"2\"");
    assert_eq!(answer.ok(200)["version"], 2);
    // The same again is nothing.
    assert_eq!(send(&app, Method::PATCH, &entries, 2, Some(put)).await.ok(200)["version"], 2);
    let first = app.staff(Role::Ops).get(&format!("{entries}?limit=1")).await.ok(200);
    assert_eq!(first["items"], json!([{"variant_id": white, "price": twd(300)}]));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = app.staff(Role::Ops).get(&format!("{entries}?cursor={cursor}")).await.ok(200);
    assert_eq!(
        rest,
        json!({"items": [{"variant_id": black, "price": twd(310)}], "next_cursor": null})
    );
    let less = json!({"remove": [black]});
    assert_eq!(send(&app, Method::PATCH, &entries, 2, Some(less)).await.ok(200)["version"], 3);
    let left = app.staff(Role::Ops).get(&entries).await.ok(200);
    assert_eq!(left["items"], json!([{"variant_id": white, "price": twd(300)}]));

    let changed = send(&app, Method::PUT, &path, 3, Some(form("everyone"))).await.ok(200);
    assert_eq!((&changed["version"], &changed["audience"]), (&json!(4), &json!("everyone")));
    assert_eq!(app.count(AUDITED).await, 4);
    assert_eq!(send(&app, Method::DELETE, &path, 4, None).await.status, 204);
    assert_eq!(app.staff(Role::Ops).get(&entries).await.problem(404), "NOT_FOUND");
    assert_eq!(app.count("SELECT count(*) FROM pricing.price_list_entries").await, 0);
    assert_eq!(app.count(AUDITED).await, 5);
}

#[tokio::test]
async fn lists_that_make_no_sense_are_refused_by_their_field() {
    let app = TestApp::new().await;
    let mut wrong = form("everyone");
    wrong["valid_from"] = json!("2021-01-01T00:00:00Z");
    wrong["valid_until"] = json!("2020-01-01T00:00:00Z");
    let answer = app.staff(Role::Ops).post(LISTS, wrong).await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
    assert_eq!(answer.body["errors"][0]["pointer"], "/valid_until");
    let answer = app.staff(Role::Warehouse).post(LISTS, form("everyone")).await;
    assert_eq!(answer.problem(403), "FORBIDDEN");

    let entries = format!("{}/entries", list(&app, "everyone", 300).await);
    let (white, nobody) = (app.shop.mug_white, "018f0000-0000-7000-8000-000000000000");
    let price = |variant: &Value, price| json!({"variant_id": variant, "price": twd(price)});
    let (white, nobody) = (json!(white), json!(nobody));
    for (changes, pointer) in [
        (json!({"put": [price(&white, 0)]}), "/put/0/price"),
        (json!({"put": [price(&white, 1), price(&white, 2)]}), "/put/1/variant_id"),
        (json!({"put": [price(&white, 1)], "remove": [white]}), "/remove/0"),
        (json!({"put": [price(&white, 1), price(&nobody, 1)]}), "/put/1/variant_id"),
    ] {
        let answer = send(&app, Method::PATCH, &entries, 2, Some(changes)).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{pointer}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    let kept = app.staff(Role::Ops).get(&entries).await.ok(200);
    assert_eq!(kept["items"], json!([price(&white, 300)]));
}

#[tokio::test]
async fn as_many_prices_as_are_promised_are_taken_at_once() {
    let app = TestApp::new().await;
    app.execute(
        "INSERT INTO catalog.variants (id, product_id, sku, name_zh, name_en, price, position)
         SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, p.id, 'MANY-' || n
              , '', '', 400, 10 + n
           FROM catalog.products p, generate_series(0, 500) n WHERE p.slug = 'mug'",
    )
    .await;
    let variant = |n: u32| format!("018f0000-0000-7000-8000-{n:012x}");
    let price = |n: u32| json!({"variant_id": variant(n), "price": twd(300)});
    let made = app.staff(Role::Ops).post(LISTS, form("everyone")).await.ok(201);
    let entries = format!("{LISTS}/{}/entries", made["id"].as_str().unwrap());
    let gone: Vec<String> = (1000..1500).map(variant).collect();
    let put: Vec<Value> = (0..=500).map(price).collect();
    let more = json!({"put": put, "remove": gone});
    let answer = send(&app, Method::PATCH, &entries, 1, Some(more)).await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
    assert_eq!(answer.body["errors"][0]["pointer"], "/put");
    let most = json!({"put": &put[..500], "remove": gone});
    assert_eq!(send(&app, Method::PATCH, &entries, 1, Some(most)).await.ok(200)["version"], 2);
    assert_eq!(app.count("SELECT count(*) FROM pricing.price_list_entries").await, 500);
}

#[tokio::test]
async fn what_is_shown_is_what_is_paid_and_kept_with_the_order() {
    let app = TestApp::new().await;
    let path = list(&app, "everyone", 300).await;
    let mut guest = app.visitor();
    let mug = guest.get("/api/products/mug").await.ok(200);
    assert_eq!((&mug["price_from"], &mug["price_to"]), (&twd(300), &twd(420)));
    assert_eq!(mug["compare_at"], twd(390));
    let line = json!({"variant_id": app.shop.mug_white, "quantity": 2});
    let cart = guest.post("/api/cart/items", line).await.ok(200);
    let item = &cart["items"][0];
    assert_eq!((&item["unit_price"], &item["usual_price"]), (&twd(300), &twd(390)));
    assert_eq!(item["price_list"], json!({"zh_tw": "週年慶", "en": "Anniversary"}));
    assert_eq!((&item["line_total"], &cart["subtotal"]), (&twd(600), &twd(600)));

    let mut body = super::orders::order(&[(app.shop.mug_white, 2)]);
    body["items"][0]["unit_price"] = twd(390);
    let mut buyer = app.visitor().with("idempotency-key", "p1");
    let refused = buyer.post("/api/orders", body.clone()).await;
    assert_eq!(refused.problem(409), "PRICE_CHANGED");
    assert_eq!(refused.body["prices"][0]["unit_price"], twd(300));
    body["items"][0]["unit_price"] = twd(300);
    let placed = buyer.post("/api/orders", body.clone()).await.ok(201);
    assert_eq!((&placed["subtotal"], &placed["discount"]), (&twd(600), &twd(0)));

    // From the next order on it costs what it did; what was bought, what was paid for it.
    assert_eq!(send(&app, Method::DELETE, &path, 2, None).await.status, 204);
    let again = buyer.post("/api/orders", body.clone()).await.ok(201);
    assert_eq!(again["subtotal"], twd(600));
    let mut late = app.visitor().with("idempotency-key", "p2");
    assert_eq!(late.post("/api/orders", body).await.problem(409), "PRICE_CHANGED");
    let cart = guest.get("/api/cart").await.ok(200);
    assert_eq!((&cart["subtotal"], cart["items"][0].get("usual_price")), (&twd(780), None));
    app.assert_books_are_right().await;
}
