//! Work before an order, where it is asked for.

use api::kit::limits::{Limits, Whom};
use ports::rate_limit::HandClock;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    app::{Answer, TestApp, Visitor},
    orders::order,
};

const BITS: u32 = 10;

async fn app() -> TestApp {
    let whom = Whom { exempt: "172.16.0.0/12".parse().unwrap(), ..Whom::default() };
    TestApp::challenging(BITS, Limits::by_hand(whom, &HandClock::default())).await
}

fn solved(challenge: &Value) -> String {
    assert_eq!(challenge["bits"], BITS);
    let challenge = challenge["challenge"].as_str().unwrap();
    let right = |proof: &String| {
        let hash = Sha256::digest(proof);
        u16::from_be_bytes([hash[0], hash[1]]).leading_zeros() >= BITS
    };
    (0..1_u32 << 30).map(|number| format!("{challenge}:{number}")).find(right).unwrap()
}

async fn place(visitor: Visitor<'_>, key: &str, proof: Option<&str>) -> Answer {
    let body = order(&[(visitor.shop().mug_white, 1)]);
    let visitor = visitor.with("idempotency-key", key);
    let mut visitor = match proof {
        Some(proof) => visitor.with("x-oxcart-proof", proof),
        None => visitor,
    };
    visitor.post("/api/orders", body).await
}

#[tokio::test]
async fn an_order_needs_an_answer_of_its_own() {
    let app = app().await;
    let here = || app.visitor().from("192.0.2.1");
    let refused = place(here(), "k1", None).await;
    assert_eq!(refused.problem(428), "CHALLENGE_REQUIRED");
    for wrong in ["", "x", "x:1"] {
        assert_eq!(place(here(), "k1", Some(wrong)).await.problem(428), "CHALLENGE_REQUIRED");
    }
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 0);

    // The refusal brings a challenge along; asking for one works as well.
    let proof = solved(&refused.body);
    let first = place(here(), "k1", Some(&proof)).await.ok(201);
    let again = place(here(), "k1", Some(&proof)).await.ok(201);
    assert_eq!(first["id"], again["id"]);
    assert_eq!(place(here(), "k2", Some(&proof)).await.problem(428), "CHALLENGE_REQUIRED");
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 1);
    let asked = here().get("/api/challenge").await.ok(200);
    place(here(), "k2", Some(&solved(&asked))).await.ok(201);

    let late = here().get("/api/challenge").await.ok(200);
    app.pass(300);
    assert_eq!(place(here(), "k3", Some(&solved(&late))).await.problem(428), "CHALLENGE_REQUIRED");
    // A cart is ordered by the same rule, before anything else is looked at.
    let mut cart = here().with("idempotency-key", "k4");
    let refused = cart.post("/api/checkout", serde_json::json!({})).await;
    assert_eq!(refused.problem(428), "CHALLENGE_REQUIRED");
}

#[tokio::test]
async fn trusted_back_ends_work_for_nobody() {
    let app = app().await;
    place(app.visitor().from("172.16.0.1"), "k1", None).await.ok(201);
}

#[tokio::test]
async fn by_default_nothing_is_asked() {
    let app = TestApp::new().await;
    assert_eq!(app.visitor().get("/api/challenge").await.ok(200)["bits"], 0);
    place(app.visitor(), "k1", None).await.ok(201);
}
