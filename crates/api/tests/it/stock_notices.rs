//! Asking to be told when something sold out is back, and asking to be forgotten.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, Visitor},
    people::PASSWORD,
};

const TOTE: &str = "/api/products/tote/stock-notices";
const COUNT: &str = "SELECT count(*) FROM notifications.stock_notices";

async fn ask(visitor: &mut Visitor<'_>, path: &str, email: &str) -> Answer {
    let variant = visitor.shop().tote_small;
    visitor.post(path, json!({"variant_id": variant, "email": email})).await
}

async fn locales(app: &TestApp) -> Vec<String> {
    let mut conn = app.db.owner().acquire().await.unwrap();
    sqlx::query_scalar("SELECT locale FROM notifications.stock_notices ORDER BY locale")
        .fetch_all(&mut *conn)
        .await
        .unwrap()
}

async fn leave(visitor: &mut Visitor<'_>) -> u16 {
    let body = json!({"password": PASSWORD});
    visitor.send(Method::DELETE, "/api/me", Some(body)).await.status.as_u16()
}

#[tokio::test]
async fn it_is_noted_once_in_the_language_of_the_last_asking() {
    let app = TestApp::new().await;
    let by_id = format!("/api/products/{}/stock-notices", app.shop.tote.as_uuid());
    for (path, email) in [(TOTE, "a@example.com"), (by_id.as_str(), " A@Example.com")] {
        let noted = ask(&mut app.visitor(), path, email).await.ok(202);
        assert_eq!(noted, json!({"status": "noted"}));
        assert_eq!(app.count(COUNT).await, 1);
    }
    assert_eq!(locales(&app).await, ["zh-TW"]);
    let mut english = app.visitor().with("accept-language", "en");
    ask(&mut english, TOTE, "a@example.com").await.ok(202);
    assert_eq!(locales(&app).await, ["en"]);
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_refused_and_noted_nowhere() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    for (path, variant, email, code, pointer) in [
        (TOTE, app.shop.tote_small, "nobody", "VALIDATION_FAILED", "/email"),
        (TOTE, app.shop.tote_large, "a@example.com", "VALIDATION_FAILED", "/variant_id"),
        // Of another product, no longer sold, of no product.
        (TOTE, app.shop.mug_white, "a@example.com", "PRODUCT_NOT_FOUND", ""),
        (TOTE, app.shop.tote_old, "a@example.com", "PRODUCT_NOT_FOUND", ""),
        (
            "/api/products/none/stock-notices",
            app.shop.tote_small,
            "a@example.com",
            "PRODUCT_NOT_FOUND",
            "",
        ),
    ] {
        let refused = visitor.post(path, json!({"variant_id": variant, "email": email})).await;
        let status = if code == "PRODUCT_NOT_FOUND" { 404 } else { 422 };
        assert_eq!(refused.problem(status), code, "{variant}");
        if !pointer.is_empty() {
            assert_eq!(refused.body["errors"][0]["pointer"], pointer);
        }
    }
    app.execute(
        "INSERT INTO notifications.notice_addresses
         VALUES ('5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e', 'a@example.com', now())",
    )
    .await;
    app.execute(
        "INSERT INTO notifications.stock_notices
         SELECT gen_random_uuid(), '5b1f3c52-8f5e-4a57-9d6e-0c1a2b3c4d5e', 'en', now()
           FROM generate_series(1, 20)",
    )
    .await;
    let refused = ask(&mut visitor, TOTE, "a@example.com").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/email");
    assert_eq!(app.count(COUNT).await, 20);
    ask(&mut visitor, TOTE, "b@example.com").await.ok(202);
    assert_eq!(app.count(COUNT).await, 21);
}

#[tokio::test]
async fn the_link_in_the_mail_forgets_an_address_and_no_other() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    ask(&mut visitor, TOTE, "a@example.com").await.ok(202);
    ask(&mut visitor, TOTE, "b@example.com").await.ok(202);
    let mut conn = app.db.owner().acquire().await.unwrap();
    let token: uuid::Uuid = sqlx::query_scalar(
        "SELECT token FROM notifications.notice_addresses WHERE email = 'a@example.com'",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    let guess = visitor.delete(&format!("/api/stock-notices/{}", uuid::Uuid::from_u128(7))).await;
    assert_eq!(guess.status.as_u16(), 204);
    assert_eq!(app.count(COUNT).await, 2);
    for _ in 0..2 {
        let stopped = visitor.delete(&format!("/api/stock-notices/{token}")).await;
        assert_eq!(stopped.status.as_u16(), 204);
        assert_eq!(app.count(COUNT).await, 1);
    }
    assert_eq!(visitor.delete("/api/stock-notices/x").await.problem(404), "NOT_FOUND");
    assert_eq!(app.count("SELECT count(*) FROM notifications.notice_addresses").await, 1);
}

/// As mail programs ask it (RFC 8058): by POST, with a form, with nothing that says who they are.
#[tokio::test]
async fn the_button_of_a_mail_program_forgets_an_address_and_no_other() {
    let app = TestApp::new().await;
    ask(&mut app.visitor(), TOTE, "a@example.com").await.ok(202);
    ask(&mut app.visitor(), TOTE, "b@example.com").await.ok(202);
    let mut conn = app.db.owner().acquire().await.unwrap();
    let token: uuid::Uuid = sqlx::query_scalar(
        "SELECT token FROM notifications.notice_addresses WHERE email = 'a@example.com'",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    let press = async |name: String| {
        let path = format!("/api/stock-notices/{name}");
        let form = "application/x-www-form-urlencoded";
        app.visitor().post_text(&path, form, "List-Unsubscribe=One-Click").await
    };
    assert_eq!(press(uuid::Uuid::from_u128(7).to_string()).await.status.as_u16(), 204);
    assert_eq!(app.count(COUNT).await, 2);
    for _ in 0..2 {
        assert_eq!(press(token.to_string()).await.status.as_u16(), 204);
        assert_eq!(app.count(COUNT).await, 1);
    }
    assert_eq!(press("x".to_owned()).await.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn only_whoever_reads_an_addresss_mail_sees_and_forgets_what_it_waits_for() {
    let app = TestApp::new().await;
    ask(&mut app.visitor(), TOTE, "a@example.com").await.ok(202);
    let expected = |export: &Value| export["stock_notices"].as_array().unwrap().len();
    let mut person = app.person("a@example.com").await;
    assert_eq!(expected(&person.get("/api/me/export").await.ok(200)), 0);
    let mut other = app.person("b@example.com").await;
    app.execute("UPDATE identity.users SET email_verified_at = now()").await;
    let export = person.get("/api/me/export").await.ok(200);
    assert_eq!(expected(&export), 1);
    assert_eq!(export["stock_notices"][0]["variant_id"], json!(app.shop.tote_small));
    assert_eq!(expected(&other.get("/api/me/export").await.ok(200)), 0);

    assert_eq!(leave(&mut other).await, 204);
    assert_eq!(app.count(COUNT).await, 1);
    assert_eq!(leave(&mut person).await, 204);
    assert_eq!(app.count(COUNT).await, 0);
}

#[tokio::test]
async fn what_is_half_a_year_old_is_forgotten() {
    let app = TestApp::new().await;
    ask(&mut app.visitor(), TOTE, "a@example.com").await.ok(202);
    app.pass(180 * 24 * 3600 - 1);
    ask(&mut app.visitor(), TOTE, "b@example.com").await.ok(202);
    let forget = async || {
        let before = app.db.shared_clock().now() - jiff::SignedDuration::from_hours(24 * 180);
        let mut conn = app.db.db().acquire().await.unwrap();
        notifications::notices::forget(&mut conn, before, 100).await.unwrap()
    };
    assert_eq!(forget().await, 0);
    app.pass(2);
    assert_eq!(forget().await, 2, "the notice, and the address");
    assert_eq!(app.count(COUNT).await, 1);
}
