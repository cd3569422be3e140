//! Accounts over HTTP.

use serde_json::{Value, json};

use crate::app::{Answer, TestApp, Visitor};

const PASSWORD: &str = "correct horse battery";

fn account(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "王小明"})
}

/// Registers and signs in.
async fn register(visitor: &mut Visitor<'_>, email: &str) -> Answer {
    visitor.post("/api/auth/register", account(email)).await.ok(202);
    visitor.post("/api/auth/login", json!({"email": email, "password": PASSWORD})).await
}

#[tokio::test]
async fn signing_in_sets_cookies_out_of_scripts_reach() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let registered = visitor.post("/api/auth/register", account("a@example.com")).await;
    assert_eq!(registered.set_cookies().len(), 0, "registering alone signs nobody in");
    assert_eq!(registered.ok(202), json!({"status": "check_email"}));
    let login = json!({"email": "a@example.com", "password": PASSWORD});
    let answer = visitor.post("/api/auth/login", login).await;
    let lines: Vec<String> = answer.set_cookies().into_iter().map(str::to_owned).collect();
    for name in ["oxcart_access=", "oxcart_refresh="] {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("Secure"), "not over plain HTTP: {line}");
    }
    let session = answer.ok(200);
    assert_eq!(session["expires_in"], 900);
    assert_eq!(session["user"]["roles"], json!([]));
    let me = visitor.get("/api/me").await.ok(200);
    assert_eq!(me, session["user"]);
    assert_eq!(me["email"], "a@example.com");

    // Programs send the token as a header.
    let bearer = format!("Bearer {}", session["access_token"].as_str().unwrap());
    let me = app.visitor().with("authorization", bearer).get("/api/me").await.ok(200);
    assert_eq!(me, session["user"]);
}

#[tokio::test]
async fn over_tls_the_cookies_demand_tls() {
    let app = TestApp::at("https://shop.test").await;
    let mut visitor = app.visitor();
    let answer = register(&mut visitor, "a@example.com").await;
    assert_eq!(answer.set_cookies().len(), 2);
    assert!(answer.set_cookies().iter().all(|line| line.contains("Secure")));
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_named() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let wrong = json!({"email": "a", "password": "short", "name": ""});
    let answer = visitor.post("/api/auth/register", wrong).await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
    let pointers: Vec<_> = answer.body["errors"].as_array().unwrap().iter().collect();
    let pointers: Vec<_> =
        pointers.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/email", "/password", "/name"]);
    let unknown =
        json!({"email": "a@example.com", "password": PASSWORD, "name": "王", "roles": ["admin"]});
    assert_eq!(visitor.post("/api/auth/register", unknown).await.problem(422), "VALIDATION_FAILED");
    for easy in ["Password123!", "1234567890", "a@example.com"] {
        let easy = json!({"email": "a@example.com", "password": easy, "name": "王"});
        let answer = visitor.post("/api/auth/register", easy).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED");
        assert_eq!(answer.body["errors"][0]["pointer"], "/password");
        assert!(answer.body["errors"][0]["detail"].as_str().unwrap().contains("easy to guess"));
    }
    assert_eq!(app.count("SELECT count(*) FROM identity.users").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM outbox.jobs").await, 0);
}

#[tokio::test]
async fn a_failed_sign_in_tells_nothing() {
    let app = TestApp::new().await;
    register(&mut app.visitor(), "a@example.com").await;
    let mut bodies = Vec::new();
    for (email, password) in [
        ("a@example.com", "wrong password"),
        ("b@example.com", PASSWORD),
        ("not an address", PASSWORD),
        ("a@example.com", ""),
    ] {
        let mut visitor = app.visitor();
        let body = json!({"email": email, "password": password});
        let mut answer = visitor.post("/api/auth/login", body).await;
        assert_eq!(answer.problem(401), "AUTH_INVALID_CREDENTIALS");
        assert_eq!(answer.set_cookies().len(), 0);
        answer.body["trace_id"] = Value::Null;
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    let right = json!({"email": "A@EXAMPLE.com", "password": PASSWORD});
    app.visitor().post("/api/auth/login", right).await.ok(200);
}

#[tokio::test]
async fn a_session_is_refreshed_silently_and_ends_at_once() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    register(&mut visitor, "a@example.com").await;
    app.pass(900);
    assert_eq!(visitor.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    let stale = visitor.clone();
    visitor.send(axum::http::Method::POST, "/api/auth/refresh", None).await.ok(200);
    visitor.get("/api/me").await.ok(200);
    assert_ne!(visitor.cookies, stale.cookies);

    // Signing out works with an access token that has run out, too.
    app.pass(900);
    let after = visitor.clone();
    let answer = visitor.send(axum::http::Method::POST, "/api/auth/logout", None).await;
    assert_eq!(answer.status.as_u16(), 204);
    assert!(visitor.cookies.is_empty());
    let mut thief = after;
    let refused = thief.post("/api/auth/refresh", json!({})).await;
    assert_eq!(refused.problem(401), "AUTH_UNAUTHORIZED");
    assert!(thief.cookies.is_empty(), "the cookies that are worth nothing are taken away");
    thief.get("/api/cart").await.ok(200);
}

#[tokio::test]
async fn a_stolen_refresh_token_ends_the_session_for_both() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    register(&mut visitor, "a@example.com").await;
    let stolen = visitor.cookies["oxcart_refresh"].clone();
    visitor.post("/api/auth/refresh", json!({})).await.ok(200);
    app.pass(60);
    let thief = json!({"refresh_token": stolen});
    assert_eq!(
        app.visitor().post("/api/auth/refresh", thief).await.problem(401),
        "AUTH_UNAUTHORIZED"
    );
    let victim = visitor.post("/api/auth/refresh", json!({})).await;
    assert_eq!(victim.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn other_sites_cannot_use_the_cookies() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    register(&mut visitor, "a@example.com").await;
    let mut lured = visitor.clone().with("sec-fetch-site", "cross-site");
    let refused = lured.post("/api/auth/logout", json!({})).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    visitor.get("/api/me").await.ok(200);
    visitor.post("/api/auth/refresh", json!({})).await.ok(200);
}

#[tokio::test]
async fn a_deactivated_person_is_nobody() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    register(&mut visitor, "a@example.com").await;
    app.execute("UPDATE identity.users SET active = false").await;
    assert_eq!(visitor.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(
        visitor.post("/api/auth/refresh", json!({})).await.problem(401),
        "AUTH_UNAUTHORIZED"
    );
}
