//! Too many requests, and too many unpaid orders.

use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

use api::kit::{
    client_ip::Trust,
    limits::{Limits, Whom},
};
use axum::http::{Method, header};
use intake::Settings;
use ports::rate_limit::HandClock;
use serde_json::json;

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::order,
};

const SECRET: &str = "between the storefront and the shop";

/// Proxies at 10.0.0.0/8, trusted back ends at 172.16.0.0/12.
async fn limited() -> (TestApp, HandClock) {
    let clock = HandClock::default();
    let whom = Whom {
        trust: Trust::new("10.0.0.0/8".parse().unwrap(), Some(SECRET)),
        exempt: "172.16.0.0/12".parse().unwrap(),
    };
    let limits = Limits::by_hand(whom, &clock);
    let settings = Settings { hold_limit: 2, ..Settings::default() };
    (TestApp::limited(limits, settings).await, clock)
}

/// Each time as somebody else: tries for one account are counted elsewhere.
async fn sign_in(visitor: &mut Visitor<'_>) -> Answer {
    static TRIES: AtomicUsize = AtomicUsize::new(0);
    let email = format!("nobody-{}@example.com", TRIES.fetch_add(1, Relaxed));
    let who = json!({"email": email, "password": "not the right one"});
    visitor.post("/api/auth/login", who).await
}

fn told<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn guessing_passwords_is_stopped_for_one_address_and_for_no_other() {
    let (app, clock) = limited().await;
    let mut thief = app.visitor().from("192.0.2.1");
    for left in (0..10).rev() {
        let answer = sign_in(&mut thief).await;
        assert_eq!(answer.problem(401), "AUTH_INVALID_CREDENTIALS");
        assert_eq!(told(&answer, "ratelimit-policy"), "\"sign-in\";q=10;w=60");
        assert!(told(&answer, "ratelimit").starts_with(&format!("\"sign-in\";r={left};t=")));
        assert_eq!(told(&answer, "retry-after"), "");
    }
    let refused = sign_in(&mut thief).await;
    assert_eq!(refused.problem(429), "RATE_LIMITED");
    assert_eq!(told(&refused, "ratelimit"), "\"sign-in\";r=0;t=6");
    assert_eq!(told(&refused, "retry-after"), "6");
    assert_eq!(told(&refused, "cache-control"), "no-store");
    assert!(refused.body["trace_id"].as_str().is_some_and(|id| told(&refused, "x-trace-id") == id));

    // Everything of that class is one; nothing else is concerned.
    let more = thief.post("/api/auth/password/forgot", json!({"email": "a@example.com"})).await;
    assert_eq!(more.problem(429), "RATE_LIMITED");
    assert_eq!(app.count("SELECT count(*) FROM identity.proofs").await, 0);
    thief.get("/api/products").await.ok(200);
    sign_in(&mut app.visitor().from("192.0.2.2")).await.problem(401);
    clock.advance(Duration::from_secs(6));
    sign_in(&mut thief).await.problem(401);
    assert_eq!(sign_in(&mut thief).await.problem(429), "RATE_LIMITED");
}

#[tokio::test]
async fn what_a_client_writes_into_its_headers_gives_it_no_other_bucket() {
    let (app, _) = limited().await;
    for number in 0..10 {
        let forged = format!("198.51.100.{number}");
        let mut thief = app
            .visitor()
            .from("192.0.2.1")
            .with("x-forwarded-for", forged.clone())
            .with("x-real-ip", forged.clone())
            .with("x-oxcart-client", forged)
            .with("x-oxcart-web-secret", "guessed");
        sign_in(&mut thief).await.problem(401);
    }
    assert_eq!(sign_in(&mut app.visitor().from("192.0.2.1")).await.problem(429), "RATE_LIMITED");

    // Behind a proxy of ours, and asked for by the storefront's server, it is the same client.
    let behind = app.visitor().from("10.0.0.1").with("x-forwarded-for", "8.8.8.8, 192.0.2.1");
    assert_eq!(sign_in(&mut behind.clone()).await.problem(429), "RATE_LIMITED");
    let page = app.visitor().from("127.0.0.1").with("x-oxcart-web-secret", SECRET);
    let mut for_thief = page.clone().with("x-oxcart-client", "192.0.2.1");
    assert_eq!(sign_in(&mut for_thief).await.problem(429), "RATE_LIMITED");
    sign_in(&mut page.with("x-oxcart-client", "192.0.2.2")).await.problem(401);
}

#[tokio::test]
async fn watchers_and_trusted_back_ends_are_never_refused() {
    let (app, _) = limited().await;
    for _ in 0..30 {
        let answer = sign_in(&mut app.visitor().from("172.16.0.1")).await;
        answer.problem(401);
        assert_eq!(told(&answer, "ratelimit"), "");
    }
    let mut watcher = app.visitor().from("192.0.2.1");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(told(&watcher.get(path).await, "ratelimit"), "", "{path}");
    }
}

#[tokio::test]
async fn an_account_is_limited_wherever_it_asks_from() {
    let (app, _) = limited().await;
    let customer = app.customer();
    for number in 0..20 {
        let mut here = customer.clone().from(&format!("192.0.2.{number}"));
        here.post("/api/orders", json!({})).await.problem(400);
    }
    let mut there = customer.clone().from("198.51.100.1").with("idempotency-key", "k");
    let refused = there.post("/api/orders", order(&[(app.shop.mug_white, 1)])).await;
    assert_eq!(refused.problem(429), "RATE_LIMITED");
    assert_eq!(told(&refused, "ratelimit-policy"), "\"account-order\";q=20;w=40");
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 0);
    app.customer().from("198.51.100.1").post("/api/orders", json!({})).await.problem(400);
    // A token that is not good is nobody's: it is counted for its address alone.
    let mut liar = app.visitor().with("authorization", "Bearer nonsense").from("198.51.100.2");
    liar.post("/api/orders", json!({})).await.problem(401);
}

/// Places an order of one mug with this e-mail and this telephone number.
async fn place(visitor: &Visitor<'_>, key: &str, email: &str, phone: &str) -> Answer {
    let mut body = order(&[(visitor.shop().mug_white, 1)]);
    body["contact"] = json!({"email": email, "phone": phone});
    visitor.clone().with("idempotency-key", key).post("/api/orders", body).await
}

async fn traces(app: &TestApp) -> Vec<i64> {
    let mut traces = Vec::new();
    for sql in [
        "SELECT count(*) FROM orders.orders",
        "SELECT count(*) FROM orders.idempotency_keys",
        "SELECT count(*) FROM outbox.events",
        "SELECT sum(available)::bigint FROM inventory.stock",
    ] {
        traces.push(app.count(sql).await);
    }
    traces
}

#[tokio::test]
async fn nobody_holds_more_than_a_few_unpaid_orders() {
    let (app, _) = limited().await;
    let guest = app.visitor().from("192.0.2.1");
    let first = place(&guest, "k1", "a@example.com", "0912345678").await.ok(201);
    place(&guest, "k2", "A@Example.com", "0912345678").await.ok(201);
    let before = traces(&app).await;
    for (email, phone) in [
        ("a@example.com", "0911111111"),
        ("a+b@example.com", "0911111111"),
        ("b@example.com", "+886 912 345 678"),
    ] {
        let refused = place(&guest, "k3", email, phone).await;
        assert_eq!(refused.problem(409), "PURCHASE_LIMIT_EXCEEDED", "{email} {phone}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.starts_with("2 unpaid orders"), "{detail}");
        assert_eq!(
            (&refused.body["unpaid_orders"], &refused.body["unpaid_orders_limit"]),
            (&json!(2), &json!(2))
        );
    }
    assert_eq!(traces(&app).await, before);
    // Asked again, an order that was placed is the answer.
    assert_eq!(place(&guest, "k1", "a@example.com", "0912345678").await.ok(201)["id"], first["id"]);
    // Somebody else may, and so may a trusted back end.
    place(&guest, "k4", "b@example.com", "0911111111").await.ok(201);
    let back_end = app.visitor().from("172.16.0.1");
    for key in ["k5", "k6", "k7"] {
        place(&back_end, key, "a@example.com", "0912345678").await.ok(201);
    }
    // One that is cancelled makes room.
    let path = format!("/api/orders/{}/cancel", first["id"].as_str().unwrap());
    let token = first["access_token"].as_str().unwrap();
    guest.clone().with("x-order-token", token).post(&path, json!({})).await.ok(200);
    place(&guest, "k3", "a@example.com", "0912345678").await.ok(201);
    assert_eq!(
        place(&guest, "k8", "a@example.com", "0912345678").await.problem(409),
        "PURCHASE_LIMIT_EXCEEDED"
    );
}

#[tokio::test]
async fn orders_that_come_back_for_their_answer_are_limited_as_well() {
    let (app, _) = limited().await;
    let guest = app.visitor().from("192.0.2.1");
    for key in ["k1", "k2"] {
        place(&guest, key, "a@example.com", "0912345678").await.ok(201);
    }
    let patient = guest.clone().with("prefer", "respond-async");
    let accepted = place(&patient, "k3", "a@example.com", "0912345678").await;
    let location = told(&accepted, header::LOCATION.as_str()).to_owned();
    accepted.ok(202);
    let mut watcher = app.visitor().from("172.16.0.1");
    let told = loop {
        let status = watcher.send(Method::GET, &location, None).await.body;
        if status["status"] != "queued" {
            break status;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(told["problem"]["code"], "PURCHASE_LIMIT_EXCEEDED", "{told}");
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 2);
}
