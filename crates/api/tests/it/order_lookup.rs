//! A guest's order, found again by its number.

use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp},
    orders::order,
};

const PATH: &str = "/api/orders/lookup";

async fn look(app: &TestApp, body: Value) -> Answer {
    app.visitor().post(PATH, body).await
}

/// A guest's new order, placed as `a@example.com` and 0912345678.
async fn placed(app: &TestApp, key: &str) -> Value {
    let body = order(&[(app.shop.mug_white, 1)]);
    app.visitor().with("idempotency-key", key).post("/api/orders", body).await.ok(201)
}

#[tokio::test]
async fn the_number_and_what_it_was_placed_with_open_an_order() {
    let app = TestApp::new().await;
    let created = placed(&app, "k1").await;
    placed(&app, "k2").await;
    let number = created["number"].as_str().unwrap();
    let typed = number.to_lowercase().replace('-', " ");
    for given in [
        json!({"number": number, "email": "a@example.com"}),
        json!({"number": typed, "email": " A@Example.com "}),
        json!({"number": number, "phone": "+886 912-345-678"}),
        json!({"number": number, "phone": "0912 345 678", "email": "a@example.com"}),
    ] {
        let found = look(&app, given).await.ok(200);
        let token = &created["access_token"];
        let expected = json!({"id": created["id"], "number": number, "access_token": token});
        assert_eq!(found, expected);
    }
    let path = format!("/api/orders/{}", created["id"].as_str().unwrap());
    let token = created["access_token"].as_str().unwrap();
    let order = app.visitor().with("x-order-token", token).get(&path).await.ok(200);
    assert_eq!(order["number"], number);
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let app = TestApp::new().await;
    let guests = placed(&app, "k1").await;
    let body = order(&[(app.shop.mug_white, 1)]);
    let somebody = app.person("a@example.com").await;
    let theirs = somebody.with("idempotency-key", "k2").post("/api/orders", body).await.ok(201);
    let number = guests["number"].as_str().unwrap();
    let mut answers = Vec::new();
    for given in [
        json!({"number": number, "email": "b@example.com"}),
        json!({"number": number, "phone": "0912345679"}),
        json!({"number": number, "email": "a@example.com", "phone": "0912345679"}),
        json!({"number": "261121-0000-0000-0000", "email": "a@example.com"}),
        json!({"number": "269931-0000-0000-0000", "email": "a@example.com"}),
        // An account's order is opened by signing in.
        json!({"number": theirs["number"], "email": "a@example.com"}),
    ] {
        let mut answer = look(&app, given).await;
        assert_eq!(answer.problem(404), "ORDER_NOT_FOUND");
        answer.body["trace_id"].take();
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");

    for (given, pointer) in [
        (json!({"number": "261121", "email": "a@example.com"}), "/number"),
        (json!({"number": number}), "/email"),
        (json!({"number": number, "email": ""}), "/email"),
        (json!({"number": number, "phone": "0".repeat(33)}), "/phone"),
    ] {
        let answer = look(&app, given).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn after_ten_failures_an_order_is_left_alone_for_a_quarter_of_an_hour() {
    let app = TestApp::new().await;
    let (one, other) = (placed(&app, "k1").await, placed(&app, "k2").await);
    let guess = |number: &Value, email: &str| json!({"number": number, "email": email});
    // Wherever from, and whether there is such an order or not.
    let none = json!("261121-0000-0000-0000");
    for number in [&one["number"], &none] {
        for host in 0..10 {
            let mut thief = app.visitor().from(&format!("192.0.2.{host}"));
            let wrong = thief.post(PATH, guess(number, "b@example.com")).await;
            assert_eq!(wrong.problem(404), "ORDER_NOT_FOUND");
        }
        let right = look(&app, guess(number, "a@example.com")).await;
        assert_eq!(right.problem(429), "RATE_LIMITED");
        assert!(right.headers.contains_key("retry-after"));
    }
    // Another order is not concerned; and the link in the mail goes on to work.
    look(&app, guess(&other["number"], "a@example.com")).await.ok(200);
    let path = format!("/api/orders/{}", one["id"].as_str().unwrap());
    let token = one["access_token"].as_str().unwrap();
    app.visitor().with("x-order-token", token).get(&path).await.ok(200);
    app.pass(15 * 60);
    look(&app, guess(&one["number"], "a@example.com")).await.ok(200);
}
