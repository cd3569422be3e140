//! Webhooks over HTTP: registered, changed, tested, sent again.

use axum::http::Method;
use identity::Role;
use kernel::shard_of;
use outbox::{NewEvent, Relay};
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, office},
    people::PASSWORD,
};

const PATH: &str = "/api/admin/webhooks";

fn erp() -> Value {
    json!({"url": "https://erp.example/hooks", "description": "ERP", "events": ["order.*"]})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = erp();
    body[field] = value;
    body
}

/// Registers one; its id and its secret.
async fn registered(app: &TestApp) -> (String, String) {
    let answer = app.staff(Role::Admin).post(PATH, erp()).await.ok(201);
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn put(app: &TestApp, id: &str, tag: &str, body: Value) -> Answer {
    let mut admin = app.staff(Role::Admin).with("if-match", tag);
    admin.send(Method::PUT, &format!("{PATH}/{id}"), Some(body)).await
}

/// Something happens, and its deliveries are written.
async fn happen(app: &TestApp, kind: &'static str) {
    let (clock, ids) = (app.db.clock(), app.db.ids());
    let subject = ids.uuid(&*clock);
    let event = NewEvent::new(kind, shard_of(subject), subject, &json!({"n": 1}), &*clock, ids);
    let mut tx = app.db.db().begin().await.unwrap();
    outbox::append(&mut tx, &[event]).await.unwrap();
    tx.commit().await.unwrap();
    let fan_out = std::sync::Arc::new(office(&app.db, "http://shop.test").fan_out);
    let (db, clock, ids) = (app.db.db().clone(), app.db.shared_clock(), ids.clone());
    let relay = Relay::new(db, clock, ids, vec![fan_out]);
    while relay.drain_batch().await.unwrap() > 0 {}
}

const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Webhook'";

#[tokio::test]
async fn a_webhook_is_registered_and_its_secret_is_shown_once() {
    let app = TestApp::new().await;
    let answer = app.staff(Role::Admin).post(PATH, erp()).await;
    let (location, tag) = (answer.headers["location"].clone(), answer.headers["etag"].clone());
    let webhook = answer.ok(201);
    let (id, secret) = (webhook["id"].as_str().unwrap(), webhook["secret"].as_str().unwrap());
    assert_eq!(location.to_str().unwrap(), format!("{PATH}/{id}"));
    assert_eq!(tag, "\"1\"");
    assert!(webhooks::Secret::parse(secret).is_some(), "{secret}");
    let read = app.staff(Role::Admin).get(&format!("{PATH}/{id}")).await;
    assert_eq!(read.headers["etag"], "\"1\"");
    let read = read.ok(200);
    assert_eq!(
        read,
        json!({
            "id": id, "url": "https://erp.example/hooks", "description": "ERP",
            "events": ["order.*"], "status": "active", "created_by": webhook["created_by"],
            "created_at": webhook["created_at"], "failing_since": null, "failures": 0,
            "version": 1, "secrets": webhook["secrets"],
        })
    );
    let list = app.staff(Role::Admin).get(PATH).await.ok(200);
    assert_eq!(list["items"][0]["id"], id);
    for text in [read.to_string(), list.to_string()] {
        assert!(!text.contains("whsec_") && !text.contains(secret), "{text}");
    }
    let told = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Webhook'
                    AND action = 'webhook_write' AND after::text NOT LIKE '%whsec_%'";
    assert_eq!(app.count(told).await, 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_is_told_and_nothing_is_registered() {
    let app = TestApp::new().await;
    let mut admin = app.staff(Role::Admin);
    for (field, value, pointer) in [
        ("url", json!(""), "/url"),
        ("url", json!("erp.example"), "/url"),
        ("url", json!("ftp://erp.example/"), "/url"),
        ("url", json!("https://10.0.0.1/"), "/url"),
        ("url", json!("https://[::1]/"), "/url"),
        ("url", json!("https://169.254.169.254/latest/meta-data"), "/url"),
        ("url", json!("https://a:b@erp.example/"), "/url"),
        ("url", json!(format!("https://erp.example/{}", "x".repeat(1000))), "/url"),
        ("description", json!(""), "/description"),
        ("description", json!("a\u{7}b"), "/description"),
        ("events", json!([]), "/events"),
        ("events", json!(["order"]), "/events/0"),
        ("events", json!(["order.*", "Order.paid"]), "/events/1"),
        ("events", json!(vec!["*"; 51]), "/events"),
        ("reason", json!(""), "/reason"),
        ("secret", json!("mine"), "/secret"),
    ] {
        let refused = admin.post(PATH, with(field, value.clone())).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{field}: {value}");
        let errors = refused.ok(422)["errors"].to_string();
        assert!(errors.contains(&format!("\"{pointer}\"")), "{field}: {value}: {errors}");
    }
    assert_eq!(app.count("SELECT count(*) FROM webhooks.endpoints").await, 0);
    assert_eq!(app.count(AUDITED).await, 0);
}

#[tokio::test]
async fn only_administrators_and_keys_that_may_reach_webhooks() {
    let app = TestApp::new().await;
    let (id, _) = registered(&app).await;
    for role in [Role::Ops, Role::Warehouse] {
        assert_eq!(app.staff(role).get(PATH).await.problem(403), "FORBIDDEN");
        assert_eq!(app.staff(role).post(PATH, erp()).await.problem(403), "FORBIDDEN");
    }
    assert_eq!(app.visitor().post(PATH, erp()).await.problem(401), "AUTH_UNAUTHORIZED");
    let scopes = json!({"name": "monitor", "scopes": ["webhook_read"]});
    let mut admin = app.person("admin@example.com").await;
    let admin_id = admin.get("/api/me").await.ok(200)["id"].as_str().unwrap().to_owned();
    let roles = json!({"roles": ["admin"], "reason": "runs the shop"});
    app.staff(Role::Admin).patch(&format!("/api/admin/users/{admin_id}"), roles).await.ok(200);
    // New roles end the sessions that were begun without them.
    let again = json!({"email": "admin@example.com", "password": PASSWORD});
    admin.post("/api/auth/login", again).await.ok(200);
    let key = admin.post("/api/me/api-keys", scopes).await.ok(201);
    let bearer = format!("Bearer {}", key["key"].as_str().unwrap());
    let mut program = app.visitor().with("authorization", bearer);
    program.get(&format!("{PATH}/{id}")).await.ok(200);
    assert_eq!(program.post(PATH, erp()).await.problem(403), "FORBIDDEN");
    assert_eq!(program.delete(&format!("{PATH}/{id}")).await.problem(403), "FORBIDDEN");
    assert_eq!(app.count("SELECT count(*) FROM webhooks.endpoints").await, 1);
}

#[tokio::test]
async fn it_is_changed_by_who_has_seen_it_paused_resumed_and_removed() {
    let app = TestApp::new().await;
    let (id, _) = registered(&app).await;
    let changed = put(&app, &id, "\"1\"", with("events", json!(["*", "order.paid", "*"]))).await;
    assert_eq!(changed.headers["etag"], "\"2\"");
    assert_eq!(changed.ok(200)["events"], json!(["*", "order.paid"]));
    assert_eq!(put(&app, &id, "\"1\"", erp()).await.problem(412), "VERSION_CONFLICT");
    let elsewhere = with("url", json!("https://192.168.1.1/"));
    assert_eq!(put(&app, &id, "\"2\"", elsewhere).await.problem(422), "VALIDATION_FAILED");

    let mut admin = app.staff(Role::Admin);
    let path = |what: &str| format!("{PATH}/{id}/{what}");
    let reason = json!({"reason": "moving house"});
    let paused = admin.post(&path("pause"), reason.clone()).await.ok(200);
    assert_eq!((&paused["status"], &paused["version"]), (&json!("paused"), &json!(3)));
    let twice = admin.post(&path("pause"), reason.clone()).await;
    assert_eq!(twice.problem(409), "INVALID_TRANSITION");
    assert_eq!(admin.post(&path("test"), json!({})).await.problem(409), "INVALID_TRANSITION");
    let resumed = admin.post(&path("resume"), reason).await.ok(200);
    assert_eq!(resumed["status"], "active");
    admin.delete(&format!("{PATH}/{id}")).await.ok(204);
    let gone = admin.get(&format!("{PATH}/{id}")).await;
    assert_eq!(gone.problem(404), "WEBHOOK_NOT_FOUND");
    // Registered, changed, paused, resumed, removed.
    assert_eq!(app.count(AUDITED).await, 5);
}

#[tokio::test]
async fn a_new_secret_is_shown_once_and_the_old_one_ends_later() {
    let app = TestApp::new().await;
    let (id, old) = registered(&app).await;
    let mut admin = app.staff(Role::Admin);
    let path = format!("{PATH}/{id}/secrets");
    let rotated = admin.post(&path, json!({"reason": "yearly"})).await.ok(201);
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    let secrets = rotated["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[0]["ends_at"], Value::Null);
    assert_ne!(secrets[1]["ends_at"], Value::Null);
    let at_once = json!({"reason": "it got out", "overlap_hours": 0});
    let rotated = admin.post(&path, at_once).await.ok(201);
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 1);
    let refused = admin.post(&path, json!({"reason": "x", "overlap_hours": 169})).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    let told = "SELECT count(*) FROM audit.entries WHERE after::text LIKE '%whsec_%'";
    assert_eq!(app.count(told).await, 0);
}

#[tokio::test]
async fn what_was_sent_is_listed_shown_and_sent_again() {
    let app = TestApp::new().await;
    let (id, _) = registered(&app).await;
    let mut admin = app.staff(Role::Admin);
    happen(&app, "order.paid").await;
    happen(&app, "payment.failed").await;
    let test = admin.post(&format!("{PATH}/{id}/test"), json!({})).await;
    let location = test.headers["location"].to_str().unwrap().to_owned();
    let test = test.ok(202);
    assert_eq!((&test["kind"], &test["status"]), (&json!("webhook.test"), &json!("pending")));
    let shown = admin.get(&location).await.ok(200);
    assert_eq!((&shown["id"], &shown["body"]["type"]), (&test["id"], &json!("webhook.test")));
    assert_eq!(shown["log"], json!([]));

    let list = format!("{PATH}/{id}/deliveries");
    let all = admin.get(&list).await.ok(200);
    let kinds = |page: &Value| -> Vec<String> {
        let rows = page["items"].as_array().unwrap();
        rows.iter().map(|it| it["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&all), ["webhook.test", "order.paid"]);
    let page = admin.get(&format!("{list}?limit=1")).await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("{list}?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!(kinds(&rest), ["order.paid"]);
    let none = admin.get(&format!("{list}?status=failed")).await.ok(200);
    assert_eq!(kinds(&none), Vec::<String>::new());
    for bad in ["status=lost", "cursor=x", "from=now"] {
        let refused = admin.get(&format!("{list}?{bad}")).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{bad}");
    }

    let paid = all["items"][1]["id"].as_str().unwrap();
    let again = format!("{list}/{paid}/redeliver");
    assert_eq!(admin.post(&again, json!({})).await.problem(409), "INVALID_TRANSITION");
    app.execute(
        "UPDATE webhooks.deliveries SET status = 'failed', next_attempt_at = NULL,
             finished_at = created_at WHERE kind = 'order.paid'",
    )
    .await;
    assert_eq!(admin.post(&again, json!({})).await.ok(200)["status"], "pending");
    let unknown = format!("{list}/01990000-0000-7000-8000-0000000000ff");
    assert_eq!(admin.get(&unknown).await.problem(404), "WEBHOOK_NOT_FOUND");
}

#[tokio::test]
async fn a_time_is_sent_again_with_what_was_missed() {
    let app = TestApp::new().await;
    let (id, _) = registered(&app).await;
    let mut admin = app.staff(Role::Admin);
    let path = |what: &str| format!("{PATH}/{id}/{what}");
    let reason = json!({"reason": "down"});
    admin.post(&path("pause"), reason.clone()).await.ok(200);
    happen(&app, "order.paid").await;
    admin.post(&path("resume"), reason).await.ok(200);
    app.pass(1);
    let range = json!({"from": "2026-01-01T00:00:00Z", "reason": "was down"});
    let done = admin.post(&path("redeliver"), range.clone()).await.ok(200);
    assert_eq!(done, json!({"again": 0, "missed": 1, "rest_until": null}));
    let list = admin.get(&path("deliveries")).await.ok(200);
    assert_eq!(list["items"][0]["kind"], "order.paid");
    let mut backwards = range;
    backwards["until"] = json!("2025-01-01T00:00:00Z");
    let refused = admin.post(&path("redeliver"), backwards).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
}
