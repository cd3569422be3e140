//! `Prefer: respond-async`: the order now, the answer later.

use std::time::Duration;

use axum::http::{Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::{order, stock},
};

async fn place(visitor: &Visitor<'_>, key: &str, body: &Value) -> Answer {
    let mut visitor = visitor.clone().with("idempotency-key", key).with("prefer", "respond-async");
    visitor.post("/api/orders", body.clone()).await
}

/// Where to ask; the answer has to be a 202.
#[track_caller]
fn accepted(answer: &Answer) -> String {
    assert_eq!(answer.status.as_u16(), 202, "{:?}", answer.body);
    assert_eq!(answer.headers["preference-applied"], "respond-async");
    let location = answer.headers[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(location, format!("/api/order-requests/{}", answer.body["id"].as_str().unwrap()));
    assert_eq!(answer.body["events"], format!("{location}/events"));
    location
}

/// Asks until it is decided.
async fn decided(visitor: &Visitor<'_>, location: &str) -> Value {
    for _ in 0..500 {
        let answer = visitor.clone().get(location).await;
        let wait = answer.headers.get(header::RETRY_AFTER).cloned();
        let body = answer.ok(200);
        if body["status"] != "queued" {
            assert_eq!((&body["place"], wait), (&Value::Null, None));
            return body;
        }
        assert!(body["place"].is_u64() && body.get("order").is_none(), "{body}");
        assert_eq!(wait.unwrap(), "1");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{location} was never decided");
}

/// The whole stream, once it has ended.
async fn stream(app: &TestApp, path: &str) -> Vec<Value> {
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let bytes = tokio::time::timeout(Duration::from_secs(15), response.into_body().collect());
    let text = String::from_utf8(bytes.await.unwrap().unwrap().to_bytes().to_vec()).unwrap();
    let events = text.split("\n\n").filter(|event| event.contains("event: request"));
    let data = events.filter_map(|event| event.lines().find_map(|l| l.strip_prefix("data: ")));
    let events: Vec<_> = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    assert!(text.contains("id: decided"), "{text}");
    events
}

#[tokio::test]
async fn the_order_is_the_same_as_that_of_the_form_that_waits() {
    let app = TestApp::new().await;
    let guest = app.visitor();
    let body = order(&[(app.shop.mug_white, 2)]);
    let first = place(&guest, "k", &body).await;
    let location = accepted(&first);
    let request = decided(&guest, &location).await;
    assert_eq!(request["status"], "placed");
    assert_eq!(request.get("problem"), None);
    // The same key: the same resource, and by the form that waits the same order.
    let again = place(&guest, "k", &body).await;
    assert_eq!(accepted(&again), location);
    assert_eq!(again.body, request);
    let waited = guest.clone().with("idempotency-key", "k").post("/api/orders", body).await;
    let created = waited.ok(201);
    assert_eq!(request["order"], created);
    assert!(created["access_token"].is_string());
    // The other way round, too: what the waiting form placed.
    let body = order(&[(app.shop.mug_white, 1)]);
    let mut waiting = guest.clone().with("idempotency-key", "w");
    let created = waiting.post("/api/orders", body.clone()).await.ok(201);
    let location = accepted(&place(&guest, "w", &body).await);
    assert_eq!(decided(&guest, &location).await["order"], created);
    assert_eq!(stock(&app, app.shop.mug_white).await[0]["reserved"], 3);
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 2);
}

#[tokio::test]
async fn a_refusal_is_told_as_a_problem_and_the_same_request_is_decided_anew() {
    let app = TestApp::new().await;
    let guest = app.visitor().with("accept-language", "en");
    let body = order(&[(app.shop.tote_small, 2)]);
    let location = accepted(&place(&guest, "k", &body).await);
    let request = decided(&guest, &location).await;
    assert_eq!((&request["status"], request.get("order")), (&json!("refused"), None));
    let problem = &request["problem"];
    assert_eq!((&problem["code"], &problem["status"]), (&json!("INVENTORY_SHORTAGE"), &json!(409)));
    assert_eq!(problem["errors"][0]["pointer"], "/items/0/quantity");
    assert_eq!(problem["shortages"][0]["available"], 0);
    assert!(problem["title"].as_str().unwrap().starts_with("Not enough stock"));
    assert_eq!(app.count("SELECT count(*) FROM orders.idempotency_keys").await, 0);

    testkit::seed::receive(&app.db, app.shop.tote_small, app.shop.taipei, 2).await;
    assert_eq!(accepted(&place(&guest, "k", &body).await), location);
    assert_eq!(decided(&guest, &location).await["status"], "placed");
    // What is wrong with the request itself is told at once.
    let wrong = place(&guest, "k2", &order(&[])).await;
    assert_eq!(wrong.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_request_is_seen_by_its_customer_or_by_who_knows_a_guests_name_for_it() {
    let app = TestApp::new().await;
    let (customer, guest) = (app.customer(), app.visitor());
    let body = order(&[(app.shop.mug_white, 1)]);
    let theirs = accepted(&place(&customer, "k", &body).await);
    let guests = accepted(&place(&guest, "k", &body).await);
    assert_ne!(theirs, guests);
    let request = decided(&customer, &theirs).await;
    assert_eq!(
        (&request["status"], request["order"].get("access_token")),
        (&json!("placed"), None)
    );
    for path in [theirs.clone(), format!("{theirs}/events")] {
        assert_eq!(guest.clone().get(&path).await.problem(404), "ORDER_NOT_FOUND");
        assert_eq!(app.customer().get(&path).await.problem(404), "ORDER_NOT_FOUND");
    }
    // A guest's is also seen by somebody who signed in meanwhile, or whose sign-in has run out.
    decided(&customer, &guests).await;
    let mut stale = guest.clone().with("authorization", "Bearer stale");
    assert_eq!(stale.get(&guests).await.ok(200)["status"], "placed");

    // A guessed key with another body is another request; it learns nothing of the first.
    let other = order(&[(app.shop.mug_white, 2)]);
    let thief = accepted(&place(&guest, "k", &other).await);
    assert_ne!(thief, guests);
    let refused = decided(&guest, &thief).await;
    assert_eq!(refused["problem"]["code"], "IDEMPOTENCY_KEY_REUSED");
    assert!(!refused.to_string().contains("access_token"));
    // Nor is a name made from another's half, before or after a restart.
    let app = app.restarted();
    let guest = app.visitor();
    let half = "/api/order-requests/".len() + 21;
    let forged = format!("{}{}", &guests[..half], &thief[half..]);
    for path in [forged, thief, format!("{guests}A"), "/api/order-requests/x".into()] {
        let answer = guest.clone().get(&path).await;
        assert_eq!(answer.problem(404), "ORDER_NOT_FOUND", "{path}");
        assert!(answer.body["detail"].as_str().unwrap().contains("same Idempotency-Key"));
    }
    assert_eq!(guest.clone().get(&guests).await.ok(200)["status"], "placed");
    assert_eq!(guest.clone().get(&theirs).await.problem(404), "ORDER_NOT_FOUND");
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 2);
}

#[tokio::test]
async fn after_a_restart_or_a_quarter_of_an_hour_the_key_tells() {
    let app = TestApp::new().await;
    let guest = app.visitor();
    let body = order(&[(app.shop.mug_white, 2)]);
    let placed = accepted(&place(&guest, "k", &body).await);
    let request = decided(&guest, &placed).await;
    let refused = accepted(&place(&guest, "r", &order(&[(app.shop.tote_small, 1)])).await);
    assert_eq!(decided(&guest, &refused).await["status"], "refused");
    app.pass(15 * 60);
    assert_eq!(guest.clone().get(&placed).await.ok(200), request);
    assert_eq!(guest.clone().get(&refused).await.problem(404), "ORDER_NOT_FOUND");

    let app = app.restarted();
    assert_eq!(app.visitor().get(&placed).await.ok(200), request);
    let told = stream(&app, &format!("{placed}/events")).await;
    assert_eq!(told, [request]);
}

#[tokio::test]
async fn events_tell_the_place_and_the_outcome_and_end() {
    let app = TestApp::new().await;
    let guest = app.visitor();
    let mut blocker = app.db.owner().begin().await.unwrap();
    sqlx::query("SELECT FROM inventory.stock FOR UPDATE").execute(&mut *blocker).await.unwrap();
    let body = order(&[(app.shop.mug_white, 1)]);
    let mut locations = Vec::new();
    for number in 0..8 {
        locations.push(accepted(&place(&guest, &format!("k{number}"), &body).await));
    }
    let last = format!("{}/events", locations[7]);
    let (told, ()) = tokio::join!(stream(&app, &last), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        blocker.rollback().await.unwrap();
    });
    let (outcome, queued) = told.split_last().unwrap();
    let places: Vec<u64> = queued.iter().map(|event| event["place"].as_u64().unwrap()).collect();
    assert!(!places.is_empty() && places.is_sorted_by(|a, b| a > b), "{places:?}");
    assert_eq!(outcome["status"], "placed");
    assert_eq!(outcome, &guest.clone().get(&locations[7]).await.ok(200));

    // A browser that connects again has heard it all.
    let mut again = guest.clone().with("last-event-id", "decided");
    assert_eq!(again.get(&last).await.status.as_u16(), 204);
    let wrong = guest.clone().send(Method::POST, &last, None).await;
    assert_eq!(wrong.problem(405), "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_cart_is_emptied_of_what_was_ordered_and_of_nothing_else() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let line = json!({"variant_id": app.shop.mug_white, "quantity": 2});
    visitor.post("/api/cart/items", line.clone()).await.ok(200);
    let mut form = order(&[]);
    form.as_object_mut().unwrap().remove("items");
    let buyer = visitor.clone().with("idempotency-key", "c").with("prefer", "respond-async");

    let mut blocker = app.db.owner().begin().await.unwrap();
    sqlx::query("SELECT FROM inventory.stock FOR UPDATE").execute(&mut *blocker).await.unwrap();
    let location = accepted(&buyer.clone().post("/api/checkout", form.clone()).await);
    // While it waits, something comes in.
    let more = json!({"variant_id": app.shop.tote_large, "quantity": 1});
    visitor.post("/api/cart/items", more).await.ok(200);
    assert_eq!(accepted(&buyer.clone().post("/api/checkout", form.clone()).await), location);
    blocker.rollback().await.unwrap();
    let request = decided(&visitor, &location).await;
    assert_eq!(request["order"]["items"].as_array().unwrap().len(), 1);
    let cart = visitor.get("/api/cart").await.ok(200);
    assert_eq!(cart["item_count"], 1);
    assert_eq!(cart["items"][0]["variant_id"], json!(app.shop.tote_large));
    let again = buyer.clone().post("/api/checkout", form.clone()).await;
    assert_eq!((accepted(&again), &again.body), (location, &request));
    assert_eq!(visitor.get("/api/cart").await.ok(200)["item_count"], 1);
}
