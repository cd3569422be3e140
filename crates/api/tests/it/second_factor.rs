//! The second factor over HTTP, and sign-ins that are guessed at.

use identity::TotpSecret;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, Visitor},
    people::PASSWORD,
};

const EMAIL: &str = "a@example.com";

/// What the app shows now for a secret as it was given out.
fn shown(app: &TestApp, secret: &Value) -> String {
    let bytes = data_encoding::BASE32_NOPAD.decode(secret.as_str().unwrap().as_bytes()).unwrap();
    TotpSecret::from_bytes(bytes.try_into().unwrap()).code_at(app.db.clock().now())
}

async fn login(visitor: &mut Visitor<'_>, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({"email": EMAIL, "password": password});
    if let Some(code) = code {
        body["code"] = code.into();
    }
    visitor.post("/api/auth/login", body).await
}

/// Somebody signed in with a second factor on, its secret, its recovery codes, and a code's time
/// gone by.
async fn protected(app: &TestApp) -> (Visitor<'_>, Value, Vec<String>) {
    let mut visitor = app.person(EMAIL).await;
    let password = json!({"password": PASSWORD});
    let begun = visitor.post("/api/me/second-factor", password).await.ok(201);
    let code = json!({"code": shown(app, &begun["secret"])});
    let on = visitor.post("/api/me/second-factor/confirm", code).await.ok(200);
    let codes = on["recovery_codes"].as_array().unwrap().iter();
    let codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
    app.pass(60);
    (visitor, begun["secret"].clone(), codes)
}

#[tokio::test]
async fn it_is_turned_on_with_a_code_and_asked_for_ever_after() {
    let app = TestApp::new().await;
    let mut visitor = app.person(EMAIL).await;
    let state = visitor.get("/api/me/second-factor").await.ok(200);
    assert_eq!(state, json!({"enabled": false, "recovery_codes_left": 0}));
    let code = json!({"code": "123456"});
    let early = visitor.post("/api/me/second-factor/confirm", code.clone()).await;
    assert_eq!(early.problem(409), "INVALID_TRANSITION");
    let wrong = visitor.post("/api/me/second-factor", json!({"password": "not it at all"})).await;
    assert_eq!(wrong.problem(401), "AUTH_INVALID_CREDENTIALS");
    assert_eq!(app.count("SELECT count(*) FROM identity.second_factors").await, 0);

    let begun = visitor.post("/api/me/second-factor", json!({"password": PASSWORD})).await.ok(201);
    let url = begun["otpauth_url"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/shop.test:a%40example.com?secret="), "{url}");
    assert_eq!(
        visitor.post("/api/me/second-factor/confirm", code).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    login(&mut app.visitor(), PASSWORD, None).await.ok(200);

    let code = json!({"code": shown(&app, &begun["secret"])});
    let on = visitor.post("/api/me/second-factor/confirm", code).await.ok(200);
    assert_eq!(on["recovery_codes"].as_array().unwrap().len(), 10);
    let state = visitor.get("/api/me/second-factor").await.ok(200);
    assert_eq!(state, json!({"enabled": true, "recovery_codes_left": 10}));
    assert_eq!(visitor.get("/api/me").await.ok(200)["second_factor"], true);

    app.pass(60);
    let sessions = "SELECT count(*) FROM identity.sessions";
    let before = app.count(sessions).await;
    let mut stranger = app.visitor();
    let asked = login(&mut stranger, PASSWORD, None).await;
    assert_eq!(asked.problem(401), "SECOND_FACTOR_REQUIRED");
    assert_eq!(
        login(&mut stranger, PASSWORD, Some("000000")).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    let code = shown(&app, &begun["secret"]);
    assert_eq!(
        login(&mut stranger, "not it at all", Some(&code)).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    assert_eq!((app.count(sessions).await, stranger.cookies.len()), (before, 0));
    login(&mut stranger, PASSWORD, Some(&code)).await.ok(200);
    assert_eq!(
        login(&mut app.visitor(), PASSWORD, Some(&code)).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
}

#[tokio::test]
async fn recovery_codes_sign_in_once_and_are_renewed() {
    let app = TestApp::new().await;
    let (mut visitor, secret, codes) = protected(&app).await;
    login(&mut app.visitor(), PASSWORD, Some(&codes[0])).await.ok(200);
    let again = login(&mut app.visitor(), PASSWORD, Some(&codes[0])).await;
    assert_eq!(again.problem(401), "AUTH_INVALID_CREDENTIALS");
    let state = visitor.get("/api/me/second-factor").await.ok(200);
    assert_eq!(state["recovery_codes_left"], 9);

    let path = "/api/me/second-factor/recovery-codes";
    let refused = visitor.post(path, json!({"code": "000000"})).await;
    assert_eq!(refused.problem(401), "AUTH_INVALID_CREDENTIALS");
    let state = visitor.get("/api/me/second-factor").await.ok(200);
    assert_eq!(state["recovery_codes_left"], 9);
    let code = shown(&app, &secret);
    let fresh = visitor.post(path, json!({"code": code})).await.ok(200);
    let fresh = fresh["recovery_codes"][0].as_str().unwrap();
    let old = login(&mut app.visitor(), PASSWORD, Some(&codes[1])).await;
    assert_eq!(old.problem(401), "AUTH_INVALID_CREDENTIALS");
    login(&mut app.visitor(), PASSWORD, Some(fresh)).await.ok(200);
}

#[tokio::test]
async fn it_is_turned_off_with_both_factors() {
    let app = TestApp::new().await;
    let (mut visitor, secret, _) = protected(&app).await;
    let off = async |visitor: &mut Visitor<'_>, password: &str, code: &str| {
        let body = json!({"password": password, "code": code});
        visitor.send(axum::http::Method::DELETE, "/api/me/second-factor", Some(body)).await
    };
    let code = shown(&app, &secret);
    for (password, code) in [("not it at all", code.as_str()), (PASSWORD, "000000"), (PASSWORD, "")]
    {
        let refused = off(&mut visitor, password, code).await;
        assert_eq!(refused.problem(401), "AUTH_INVALID_CREDENTIALS");
    }
    assert_eq!(visitor.get("/api/me").await.ok(200)["second_factor"], true);
    assert_eq!(off(&mut visitor, PASSWORD, &code).await.status.as_u16(), 204);
    assert_eq!(visitor.get("/api/me").await.ok(200)["second_factor"], false);
    assert_eq!(off(&mut visitor, PASSWORD, &code).await.problem(409), "INVALID_TRANSITION");
    login(&mut app.visitor(), PASSWORD, None).await.ok(200);
}

#[tokio::test]
async fn a_guest_has_nothing_to_do_with_it() {
    let app = TestApp::new().await;
    let mut guest = app.visitor();
    assert_eq!(guest.get("/api/me/second-factor").await.problem(401), "AUTH_UNAUTHORIZED");
    for path in ["", "/confirm", "/recovery-codes"] {
        let path = format!("/api/me/second-factor{path}");
        assert_eq!(guest.post(&path, json!({})).await.problem(401), "AUTH_UNAUTHORIZED");
    }
}

#[tokio::test]
async fn guessing_from_one_address_does_not_lock_another_out() {
    let app = TestApp::new().await;
    app.person(EMAIL).await;
    let mut guesser = app.visitor().from("192.0.2.1");
    for _ in 0..10 {
        let refused = login(&mut guesser, "not it at all", None).await;
        assert_eq!(refused.problem(401), "AUTH_INVALID_CREDENTIALS");
    }
    // Not even the right one is tried, and an address without an account gets the same.
    let refused = login(&mut guesser, PASSWORD, None).await;
    assert_eq!(refused.problem(429), "RATE_LIMITED");
    let seconds: u32 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=900).contains(&seconds), "{seconds}");
    for _ in 0..10 {
        let body = json!({"email": "nobody@example.com", "password": PASSWORD});
        assert_eq!(
            guesser.post("/api/auth/login", body).await.problem(401),
            "AUTH_INVALID_CREDENTIALS"
        );
    }
    let body = json!({"email": "nobody@example.com", "password": PASSWORD});
    assert_eq!(guesser.post("/api/auth/login", body).await.problem(429), "RATE_LIMITED");

    let mut owner = app.visitor().from("192.0.2.2");
    login(&mut owner, PASSWORD, None).await.ok(200);
    app.pass(900);
    login(&mut guesser, PASSWORD, None).await.ok(200);
}

#[tokio::test]
async fn a_password_without_its_code_does_not_wash_wrong_codes_away() {
    let app = TestApp::new().await;
    let (_, secret, _) = protected(&app).await;
    let mut thief = app.visitor().from("192.0.2.1");
    for _ in 0..10 {
        let refused = login(&mut thief, PASSWORD, Some("000000")).await;
        assert_eq!(refused.problem(401), "AUTH_INVALID_CREDENTIALS");
        login(&mut thief, PASSWORD, None).await;
    }
    let code = shown(&app, &secret);
    assert_eq!(login(&mut thief, PASSWORD, Some(&code)).await.problem(429), "RATE_LIMITED");
    let mut owner = app.visitor().from("192.0.2.2");
    login(&mut owner, PASSWORD, Some(&code)).await.ok(200);
}

#[tokio::test]
async fn a_browser_left_open_is_no_place_to_guess_the_password() {
    let app = TestApp::new().await;
    let mut visitor = app.person(EMAIL).await;
    for _ in 0..10 {
        let body = json!({"password": "not it at all"});
        let refused = visitor.post("/api/me/second-factor", body).await;
        assert_eq!(refused.problem(401), "AUTH_INVALID_CREDENTIALS");
    }
    let refused = visitor.post("/api/me/second-factor", json!({"password": PASSWORD})).await;
    assert_eq!(refused.problem(429), "RATE_LIMITED");
    assert_eq!(app.count("SELECT count(*) FROM identity.second_factors").await, 0);
}
