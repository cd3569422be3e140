//! API keys over HTTP, and tokens that are refused before their time is over.

use axum::http::Method;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::{
    app::{TestApp, Visitor},
    people::PASSWORD,
};

/// A new key that may read orders and the account.
async fn key(person: &mut Visitor<'_>) -> Value {
    let body = json!({"name": "ERP", "scopes": ["order_read", "account_read"]});
    person.post("/api/me/api-keys", body).await.ok(201)
}

/// A program with this key.
fn program<'a>(app: &'a TestApp, key: &Value) -> Visitor<'a> {
    app.visitor().with("authorization", format!("Bearer {}", key["key"].as_str().unwrap()))
}

#[tokio::test]
async fn a_key_is_shown_once_and_speaks_for_its_owner() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let made = key(&mut person).await;
    assert_eq!(
        (&made["name"], &made["scopes"]),
        (&json!("ERP"), &json!(["account_read", "order_read"]))
    );
    let shown = made["key"].as_str().unwrap();
    assert!(shown.starts_with("oxk_") && shown.len() == 47, "{shown}");

    let me = program(&app, &made).get("/api/me").await.ok(200);
    assert_eq!(me["email"], "a@example.com");
    program(&app, &made).get("/api/orders").await.ok(200);

    let list = person.get("/api/me/api-keys").await.ok(200);
    assert_eq!(list["items"][0]["id"], made["id"]);
    assert_eq!(list["items"][0]["expires_at"], Value::Null);
    assert!(list["items"][0]["last_used_at"].is_string());
    assert!(!list.to_string().contains("oxk_"), "{list}");
    let plain = "SELECT count(*) FROM identity.api_keys k WHERE k::text LIKE '%oxk%'";
    assert_eq!(app.count(plain).await, 0);
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_named_and_makes_none() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let over = app.db.clock().now().to_string();
    let body = json!({"name": " ", "scopes": ["everything"], "expires_at": over});
    let refused = person.post("/api/me/api-keys", body).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let errors = refused.body["errors"].as_array().unwrap().iter();
    let pointers: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/name", "/scopes", "/expires_at"]);
    for scopes in [json!([]), json!(["order_read", ""]), json!(["ORDER_READ"])] {
        let body = json!({"name": "ERP", "scopes": scopes});
        assert_eq!(person.post("/api/me/api-keys", body).await.problem(422), "VALIDATION_FAILED");
    }
    assert_eq!(app.count("SELECT count(*) FROM identity.api_keys").await, 0);
    let body = json!({"name": "ERP", "scopes": ["order_read"]});
    assert_eq!(
        app.visitor().post("/api/me/api-keys", body).await.problem(401),
        "AUTH_UNAUTHORIZED"
    );
}

#[tokio::test]
async fn a_key_cannot_make_keys_nor_change_what_makes_a_person() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let made = key(&mut person).await;
    let mut program = program(&app, &made);
    let own = format!("/api/me/api-keys/{}", made["id"].as_str().unwrap());
    let password = json!({"password": PASSWORD});
    for (method, path, body) in [
        (Method::POST, "/api/me/api-keys", json!({"name": "More", "scopes": ["order_read"]})),
        (Method::GET, "/api/me/api-keys", Value::Null),
        (Method::DELETE, own.as_str(), Value::Null),
        (Method::GET, "/api/me/second-factor", Value::Null),
        (Method::POST, "/api/me/second-factor", password.clone()),
        (Method::POST, "/api/me/second-factor/confirm", json!({"code": "123456"})),
        (Method::POST, "/api/me/second-factor/recovery-codes", json!({"code": "123456"})),
        (Method::DELETE, "/api/me/second-factor", json!({"password": PASSWORD, "code": "1"})),
        (
            Method::POST,
            "/api/me/password",
            json!({"current_password": PASSWORD, "new_password": "another long one"}),
        ),
        (Method::GET, "/api/me/sessions", Value::Null),
        (Method::POST, "/api/auth/logout-all", Value::Null),
        (Method::DELETE, "/api/me", password),
    ] {
        let body = (!body.is_null()).then_some(body);
        let refused = program.send(method.clone(), path, body).await;
        assert_eq!(refused.problem(403), "FORBIDDEN", "{method} {path}");
    }
    assert_eq!(app.count("SELECT count(*) FROM identity.api_keys").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM identity.second_factors").await, 0);
    assert_eq!(app.count("SELECT count(*) FROM identity.revocations").await, 0);
    person.get("/api/me").await.ok(200);
    let login = json!({"email": "a@example.com", "password": PASSWORD});
    app.visitor().post("/api/auth/login", login).await.ok(200);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_here_and_within_a_second_elsewhere() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let made = key(&mut person).await;
    program(&app, &made).get("/api/me").await.ok(200);
    let path = format!("/api/me/api-keys/{}", made["id"].as_str().unwrap());
    let mut stranger = app.person("b@example.com").await;
    assert_eq!(stranger.delete(&path).await.problem(404), "NOT_FOUND");
    program(&app, &made).get("/api/me").await.ok(200);
    assert_eq!(person.delete(&path).await.status.as_u16(), 204);
    assert_eq!(program(&app, &made).get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(person.delete(&path).await.problem(404), "NOT_FOUND");
    assert_eq!(person.get("/api/me/api-keys").await.ok(200)["items"], json!([]));

    // Another node revoked it: this one asked the database a moment ago.
    let made = key(&mut person).await;
    program(&app, &made).get("/api/me").await.ok(200);
    app.execute("UPDATE identity.api_keys SET revoked_at = created_at").await;
    app.pass(1);
    assert_eq!(program(&app, &made).get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn a_key_ends_with_its_time_and_with_its_owner() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let soon = app.db.clock().now() + jiff::SignedDuration::from_mins(1);
    let body = json!({"name": "ERP", "scopes": ["account_read"], "expires_at": soon.to_string()});
    let brief = person.post("/api/me/api-keys", body).await.ok(201);
    let made = key(&mut person).await;
    app.pass(59);
    program(&app, &brief).get("/api/me").await.ok(200);
    app.pass(1);
    assert_eq!(program(&app, &brief).get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    program(&app, &made).get("/api/me").await.ok(200);
    app.execute("UPDATE identity.users SET active = false").await;
    app.pass(1);
    assert_eq!(program(&app, &made).get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    for bad in ["oxk_", "oxk_AAAA", &format!("oxk_{}", "A".repeat(43))] {
        let mut nobody = app.visitor().with("authorization", format!("Bearer {bad}"));
        assert_eq!(nobody.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED", "{bad}");
    }
}

#[tokio::test]
async fn a_key_is_no_cookie() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let made = key(&mut person).await;
    let mut browser = app.visitor();
    browser.cookies.insert("oxcart_access".into(), made["key"].as_str().unwrap().into());
    assert_eq!(browser.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
}

/// The access token that a visitor's cookie holds, for somebody who copied it.
fn copied<'a>(app: &'a TestApp, visitor: &Visitor<'_>) -> Visitor<'a> {
    app.visitor().with("authorization", format!("Bearer {}", visitor.cookies["oxcart_access"]))
}

#[tokio::test]
async fn an_access_token_ends_with_its_session() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let mut thief = copied(&app, &person);
    thief.get("/api/me").await.ok(200);
    person.send(Method::POST, "/api/auth/logout", None).await;
    assert_eq!(thief.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(thief.get("/api/cart").await.problem(401), "AUTH_UNAUTHORIZED");

    // By the refresh token alone, too: the access token's cookie has run out by then.
    let login = json!({"email": "a@example.com", "password": PASSWORD});
    let mut person = app.visitor();
    person.post("/api/auth/login", login).await.ok(200);
    let mut thief = copied(&app, &person);
    person.cookies.remove("oxcart_access");
    person.send(Method::POST, "/api/auth/logout", None).await;
    assert_eq!(thief.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_the_access_tokens_of_its_family() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let stolen = person.cookies["oxcart_refresh"].clone();
    person.post("/api/auth/refresh", json!({})).await.ok(200);
    app.pass(60);
    let mut copy = copied(&app, &person);
    copy.get("/api/me").await.ok(200);
    let thief = json!({"refresh_token": stolen});
    let refused = app.visitor().post("/api/auth/refresh", thief).await;
    assert_eq!(refused.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(copy.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(person.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn over_tls_the_cookies_are_this_hosts_alone() {
    let app = TestApp::at("https://shop.test").await;
    let mut person = app.person("a@example.com").await;
    let names: Vec<_> = person.cookies.keys().cloned().collect();
    assert_eq!(names, ["__Host-oxcart_access", "__Host-oxcart_refresh"]);
    person.get("/api/me").await.ok(200);

    // What a neighbour under the same domain could plant is not looked at.
    let mut planted = app.visitor();
    for (name, value) in &person.cookies {
        planted.cookies.insert(name.trim_start_matches("__Host-").to_owned(), value.clone());
    }
    assert_eq!(planted.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    planted.get("/api/cart").await.ok(200);
    person.send(Method::POST, "/api/auth/refresh", None).await.ok(200);
    person.send(Method::POST, "/api/auth/logout", None).await;
    assert!(person.cookies.is_empty());

    let plain = TestApp::new().await;
    let mut planted = plain.visitor();
    planted.cookies.insert("__Host-oxcart_refresh".into(), "x".into());
    planted.get("/api/cart").await.ok(200);
}
