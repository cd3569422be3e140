//! What every answer tells a browser.

use axum::http::Method;
use serde_json::json;

use crate::app::{Answer, TestApp};

fn told<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_answer_is_of_no_use_to_another_site() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let lured = app.visitor().with("cookie", "a=b").with("sec-fetch-site", "cross-site");
    for (answer, status) in [
        (visitor.get("/api/products").await, 200),
        (visitor.get("/api/openapi.json").await, 200),
        (visitor.get("/healthz").await, 200),
        (visitor.get("/api/none").await, 404),
        (visitor.send(Method::PUT, "/api/products", None).await, 405),
        (visitor.post("/api/orders", json!({})).await, 400),
        (visitor.get("/api/me").await, 401),
        (lured.clone().post("/api/auth/logout", json!({})).await, 403),
    ] {
        assert_eq!(answer.status.as_u16(), status);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            (
                "content-security-policy",
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(told(&answer, name), value, "{name} of {status}");
        }
        assert!(told(&answer, "permissions-policy").contains("geolocation=()"));
        assert_eq!(told(&answer, "cache-control"), "no-store");
    }
}

#[tokio::test]
async fn tls_is_asked_for_where_there_is_tls() {
    let app = TestApp::at("https://shop.test").await;
    let answer = app.visitor().get("/api/products").await;
    assert_eq!(told(&answer, "strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn the_page_about_the_api_runs_nothing() {
    let app = TestApp::new().await;
    let answer = app.visitor().get("/api/docs").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(told(&answer, "content-type").starts_with("text/html"));
    let policy = told(&answer, "content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let page = answer.body.as_str().unwrap();
    assert!(page.contains("create_order") && !page.contains("<script"));
    assert_eq!(page.matches("://").count(), 0, "nothing is fetched from elsewhere");
}
