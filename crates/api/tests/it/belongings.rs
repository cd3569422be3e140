//! What people keep with their accounts, and nobody else sees or changes: profile, sessions,
//! addresses; all of it exported, and closed.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    accounts::{login, register},
    app::{Answer, TestApp, Visitor},
    orders::order,
    people::PASSWORD,
};

async fn put(visitor: &mut Visitor<'_>, path: &str, body: Value) -> Answer {
    visitor.send(Method::PUT, path, Some(body)).await
}

async fn remove(visitor: &mut Visitor<'_>, path: &str, body: Value) -> Answer {
    visitor.send(Method::DELETE, path, Some(body)).await
}

fn address(name: &str, is_default: bool) -> Value {
    json!({
        "name": name, "phone": "0912345678", "postal_code": "100", "city": "臺北市",
        "district": "中正區", "address1": "重慶南路一段 122 號", "address2": null,
        "is_default": is_default
    })
}

#[tokio::test]
async fn a_profile_is_changed_in_its_parts() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let me = person.patch("/api/me", json!({"phone": "0912-345-678"})).await.ok(200);
    assert_eq!((&me["phone"], &me["name"]), (&json!("0912-345-678"), &json!("王小明")));
    let me = person.patch("/api/me", json!({"name": "王大明"})).await.ok(200);
    assert_eq!((&me["phone"], &me["name"]), (&json!("0912-345-678"), &json!("王大明")));
    assert_eq!(person.get("/api/me").await.ok(200), me);
    let before = app.accounts().await;
    for (body, pointer) in [
        (json!({"name": " "}), "/name"),
        (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"phone": "call me"}), "/phone"),
        (json!({"phone": "1"}), "/phone"),
        (json!({"email": "b@example.com"}), "/email"),
        (json!({"roles": ["admin"]}), "/roles"),
    ] {
        let answer = person.patch("/api/me", body.clone()).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
    let guest = app.visitor().patch("/api/me", json!({"name": "X"})).await;
    assert_eq!(guest.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.accounts().await, before);
    assert_eq!(person.patch("/api/me", json!({"phone": null})).await.ok(200)["phone"], json!(null));
}

#[tokio::test]
async fn sessions_are_seen_and_ended_by_their_owner_alone() {
    let app = TestApp::new().await;
    let mut here = app.person("a@example.com").await;
    app.pass(60);
    let mut phone = app.visitor().with("user-agent", format!("Phone/1.0 {}", "x".repeat(300)));
    let who = json!({"email": "a@example.com", "password": PASSWORD});
    phone.post("/api/auth/login", who).await.ok(200);
    let mut other = app.person("b@example.com").await;

    let sessions = here.get("/api/me/sessions").await.ok(200);
    let items = sessions["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(false), &json!(true)));
    let agent = items[0]["user_agent"].as_str().unwrap();
    assert!(agent.starts_with("Phone/1.0 xxx") && agent.len() == 200);
    assert!(items[1].get("user_agent").is_none());
    let path = |item: &Value| format!("/api/me/sessions/{}", item["id"].as_str().unwrap());

    let before = app.accounts().await;
    assert_eq!(other.delete(&path(&items[0])).await.problem(404), "NOT_FOUND");
    assert_eq!(other.delete("/api/me/sessions/nonsense").await.problem(404), "NOT_FOUND");
    assert_eq!(app.visitor().delete(&path(&items[0])).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.accounts().await, before);
    phone.get("/api/me").await.ok(200);

    assert_eq!(here.delete(&path(&items[0])).await.status.as_u16(), 204);
    assert_eq!(phone.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(phone.post("/api/auth/refresh", json!({})).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(here.delete(&path(&items[0])).await.problem(404), "NOT_FOUND");
    assert_eq!(here.delete(&path(&items[1])).await.status.as_u16(), 204);
    assert!(here.cookies.is_empty(), "one's own session takes its cookies along");
    other.get("/api/me").await.ok(200);
}

#[tokio::test]
async fn signing_out_everywhere_reaches_everywhere_and_nobody_else() {
    let app = TestApp::new().await;
    let mut here = app.person("a@example.com").await;
    let mut there = app.visitor();
    let who = json!({"email": "a@example.com", "password": PASSWORD});
    there.post("/api/auth/login", who).await.ok(200);
    let mut other = app.person("b@example.com").await;
    let guest = app.visitor().post("/api/auth/logout-all", json!({})).await;
    assert_eq!(guest.problem(401), "AUTH_UNAUTHORIZED");
    let mut lured = here.clone().with("sec-fetch-site", "cross-site");
    let refused = lured.post("/api/auth/logout-all", json!({})).await;
    assert_eq!(refused.problem(403), "FORBIDDEN");
    there.get("/api/me").await.ok(200);

    let kept = here.clone();
    let answer = here.send(Method::POST, "/api/auth/logout-all", None).await;
    assert_eq!(answer.status.as_u16(), 204);
    assert!(here.cookies.is_empty());
    for mut gone in [kept, there] {
        assert_eq!(gone.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
        let refreshed = gone.post("/api/auth/refresh", json!({})).await;
        assert_eq!(refreshed.problem(401), "AUTH_UNAUTHORIZED");
    }
    other.get("/api/me").await.ok(200);
}

#[tokio::test]
async fn addresses_are_kept_changed_and_removed_by_their_owner_alone() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let mut other = app.person("b@example.com").await;
    let all = "/api/me/addresses";
    let home = person.post(all, address("Home", true)).await.ok(201);
    let work = person.post(all, address("Work", true)).await.ok(201);
    let listed = person.get(all).await.ok(200);
    assert_eq!(listed["items"][0]["is_default"], false, "only one is the default");
    assert_eq!(listed["items"][1], work);
    assert_eq!(other.get(all).await.ok(200)["items"], json!([]));

    let path = format!("{all}/{}", home["id"].as_str().unwrap());
    let before = app.accounts().await;
    assert_eq!(put(&mut other, &path, address("Stolen", true)).await.problem(404), "NOT_FOUND");
    assert_eq!(other.delete(&path).await.problem(404), "NOT_FOUND");
    for (field, value) in [
        ("name", json!(" ")),
        ("phone", json!("call me")),
        ("postal_code", json!("1")),
        ("city", json!("")),
        ("district", json!("x".repeat(31))),
        ("address1", json!("a\u{0}b")),
        ("address2", json!("x".repeat(121))),
        ("is_default", json!("yes")),
    ] {
        let mut body = address("Home", false);
        body[field] = value;
        for answer in
            [person.post(all, body.clone()).await, put(&mut person, &path, body.clone()).await]
        {
            assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{body}");
            assert_eq!(answer.body["errors"][0]["pointer"], format!("/{field}"));
        }
    }
    let mut guest = app.visitor();
    assert_eq!(guest.get(all).await.problem(401), "AUTH_UNAUTHORIZED");
    let added = guest.post(all, address("X", false)).await;
    assert_eq!(added.problem(401), "AUTH_UNAUTHORIZED");
    let replaced = put(&mut guest, &path, address("X", false)).await;
    assert_eq!(replaced.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(guest.delete(&path).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.accounts().await, before);

    let moved = put(&mut person, &path, address("New home", true)).await.ok(200);
    assert_eq!((&moved["id"], &moved["name"]), (&home["id"], &json!("New home")));
    assert_eq!(person.delete(&path).await.status.as_u16(), 204);
    assert_eq!(person.delete(&path).await.problem(404), "NOT_FOUND");
    let left = person.get(all).await.ok(200);
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    assert_eq!(left["items"][0]["is_default"], false, "nobody chose another default");
    for _ in 0..19 {
        person.post(all, address("More", false)).await.ok(201);
    }
    let full = person.post(all, address("Too many", true)).await;
    assert_eq!(full.problem(422), "VALIDATION_FAILED");
    assert!(full.body["errors"][0]["detail"].as_str().unwrap().contains("20"));
    assert_eq!(app.count("SELECT count(*) FROM identity.addresses").await, 20);
}

#[tokio::test]
async fn an_export_holds_what_the_shop_knows_of_one_and_of_nobody_else() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let mut other = app.person("b@example.com").await;
    person.post("/api/me/addresses", address("Home", true)).await.ok(201);
    other.post("/api/me/addresses", address("Theirs", true)).await.ok(201);
    put(&mut person, "/api/me/wishlist/items/mug", json!({})).await;
    put(&mut other, "/api/me/wishlist/items/tote", json!({})).await;
    let mut buyer = person.clone().with("idempotency-key", "k1");
    let bought = buyer.post("/api/orders", order(&[(app.shop.mug_white, 2)])).await.ok(201);
    let mut buyer = other.clone().with("idempotency-key", "k2");
    buyer.post("/api/orders", order(&[(app.shop.mug_white, 1)])).await.ok(201);

    let answer = person.get("/api/me/export").await;
    let disposition = answer.headers["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    let export = answer.ok(200);
    assert_eq!(export["profile"], person.get("/api/me").await.ok(200));
    assert_eq!(export["addresses"].as_array().unwrap().len(), 1);
    assert_eq!(export["addresses"][0]["name"], "Home");
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export["orders"].as_array().unwrap().len(), 1);
    assert_eq!(export["orders"][0]["id"], bought["id"]);
    assert_eq!(export["orders"][0]["items"][0]["quantity"], 2);
    assert_eq!(export["has_older_orders"], false);
    assert_eq!(export["wishlist"].as_array().unwrap().len(), 1);
    assert_eq!(export["wishlist"][0]["product_id"], json!(app.shop.mug));
    let text = export.to_string();
    assert!(!text.contains("argon2") && !text.contains("Theirs"));
    assert_eq!(app.visitor().get("/api/me/export").await.problem(401), "AUTH_UNAUTHORIZED");
}

#[tokio::test]
async fn a_closed_account_is_nobodys_and_its_orders_stay() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    person.post("/api/me/addresses", address("Home", true)).await.ok(201);
    let mut buyer = person.clone().with("idempotency-key", "k1");
    buyer.post("/api/orders", order(&[(app.shop.mug_white, 1)])).await.ok(201);
    put(&mut person, "/api/me/wishlist/items/mug", json!({})).await;

    let before = app.accounts().await;
    let wrong = remove(&mut person, "/api/me", json!({"password": "wrong password"})).await;
    assert_eq!(wrong.problem(401), "AUTH_INVALID_CREDENTIALS");
    let stranger = remove(&mut app.visitor(), "/api/me", json!({"password": PASSWORD})).await;
    assert_eq!(stranger.problem(401), "AUTH_UNAUTHORIZED");
    let no_body = person.delete("/api/me").await;
    assert_eq!(no_body.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(app.accounts().await, before);

    let kept = person.clone();
    let closed = remove(&mut person, "/api/me", json!({"password": PASSWORD})).await;
    assert_eq!(closed.status.as_u16(), 204);
    assert!(person.cookies.is_empty());
    let mut gone = kept;
    assert_eq!(gone.get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(
        login(&app, "a@example.com", PASSWORD).await.problem(401),
        "AUTH_INVALID_CREDENTIALS"
    );
    let after = app.accounts().await;
    for trace in ["a@example.com", "王小明", "Home", "0912345678"] {
        assert!(!after.contains(trace), "{trace} in {after}");
    }
    assert_eq!(app.count("SELECT count(*) FROM orders.orders").await, 1);
    assert_eq!(app.count("SELECT count(*) FROM cart.wishes").await, 0);
    register(&app, "a@example.com").await.ok(202);
    login(&app, "a@example.com", PASSWORD).await.ok(200);
    assert_eq!(app.last_mail().await.kind, "send_verify_email", "the address was free");
}

#[tokio::test]
async fn the_last_administrator_cannot_leave() {
    let app = TestApp::new().await;
    let mut boss = app.person("boss@example.com").await;
    app.execute("UPDATE identity.users SET roles = '{admin}'").await;
    let before = app.accounts().await;
    let refused = remove(&mut boss, "/api/me", json!({"password": PASSWORD})).await;
    assert_eq!(refused.problem(409), "INVALID_TRANSITION");
    assert!(refused.body["detail"].as_str().unwrap().contains("last administrator"));
    assert_eq!(app.accounts().await, before);
    boss.get("/api/me").await.ok(200);
}
