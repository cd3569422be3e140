//! The back office of people, policies and the audit log.

use identity::Role;
use serde_json::{Value, json};

use crate::app::{TestApp, Visitor};

/// Somebody with an account, an e-mail and a session; their id.
async fn account(app: &TestApp, email: &str) -> (String, String) {
    let mut visitor = app.visitor();
    let body = json!({"email": email, "password": "correct horse battery", "name": "王小明"});
    visitor.post("/api/auth/register", body).await.ok(202);
    let body = json!({"email": email, "password": "correct horse battery"});
    let session = visitor.post("/api/auth/login", body).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&session["user"]["id"]), text(&session["access_token"]))
}

fn with_token<'a>(app: &'a TestApp, token: &str) -> Visitor<'a> {
    app.visitor().with("authorization", format!("Bearer {token}"))
}

async fn audit_rows(app: &TestApp) -> i64 {
    app.count("SELECT count(*) FROM audit.entries").await
}

#[tokio::test]
async fn roles_are_given_by_an_administrator_count_at_once_and_are_on_record() {
    let app = TestApp::new().await;
    let (id, token) = account(&app, "mei@example.com").await;
    let path = format!("/api/admin/users/{id}");
    let change = json!({"roles": ["warehouse", "warehouse"], "reason": "new in the warehouse"});
    for role in [Role::Ops, Role::Warehouse] {
        let refused = app.staff(role).patch(&path, change.clone()).await;
        assert_eq!(refused.problem(403), "FORBIDDEN");
    }
    assert_eq!(audit_rows(&app).await, 0);
    app.pass(1);
    let answer = app.staff(Role::Admin).patch(&path, change).await.ok(200);
    assert_eq!(answer["roles"], json!(["warehouse"]));
    // The session with the rights of before is over.
    assert_eq!(with_token(&app, &token).get("/api/me").await.problem(401), "AUTH_UNAUTHORIZED");
    let login = json!({"email": "mei@example.com", "password": "correct horse battery"});
    let session = app.visitor().post("/api/auth/login", login).await.ok(200);
    assert_eq!(session["user"]["roles"], json!(["warehouse"]));
    let token = session["access_token"].as_str().unwrap().to_owned();
    with_token(&app, &token).get("/api/admin/warehouses").await.ok(200);

    let log = app.staff(Role::Admin).get("/api/admin/audit-log?action=role_write").await.ok(200);
    let entry = &log["items"][0];
    assert_eq!(entry["target_id"], json!(id));
    assert_eq!(entry["before"], json!({"roles": [], "active": true}));
    assert_eq!(entry["after"], json!({"roles": ["warehouse"], "active": true}));
    assert_eq!(entry["reason"], "new in the warehouse");
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let app = TestApp::new().await;
    let (id, token) = account(&app, "boss@example.com").await;
    app.execute("UPDATE identity.users SET roles = '{admin}'").await;
    let path = format!("/api/admin/users/{id}");
    for change in [json!({"roles": [], "reason": "x"}), json!({"active": false, "reason": "x"})] {
        let refused = app.staff(Role::Admin).patch(&path, change).await;
        assert_eq!(refused.problem(409), "INVALID_TRANSITION");
    }
    assert_eq!(
        app.count("SELECT count(*) FROM identity.users WHERE active AND 'admin' = ANY (roles)")
            .await,
        1
    );
    assert_eq!(audit_rows(&app).await, 0);
    with_token(&app, &token).get("/api/me").await.ok(200);
}

#[tokio::test]
async fn accounts_are_found_page_by_page() {
    let app = TestApp::new().await;
    for n in 0..3 {
        account(&app, &format!("person{n}@example.com")).await;
        app.pass(1);
    }
    let mut ops = app.staff(Role::Ops);
    let first = ops.get("/api/admin/users?q=PERSON&limit=2").await.ok(200);
    assert_eq!(first["items"][0]["email"], "person2@example.com");
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second =
        ops.get(&format!("/api/admin/users?q=PERSON&limit=2&cursor={cursor}")).await.ok(200);
    assert_eq!(second["items"][0]["email"], "person0@example.com");
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(ops.get("/api/admin/users?role=admin").await.ok(200)["items"], json!([]));
    assert_eq!(ops.get("/api/admin/users?cursor=x").await.problem(422), "VALIDATION_FAILED");
    assert_eq!(ops.get("/api/admin/users?role=root").await.problem(422), "VALIDATION_FAILED");
    let unknown = "/api/admin/users/01990000-0000-7000-8000-0000000000ff";
    assert_eq!(ops.get(unknown).await.problem(404), "NOT_FOUND");
    assert_eq!(app.customer().get(unknown).await.problem(403), "FORBIDDEN");
}

fn shipped_and(extra: &str) -> Value {
    let mut files = serde_json::to_value(access::Policies::shipped().files()).unwrap();
    files.as_array_mut().unwrap().push(json!({"name": "extra.cedar", "text": extra}));
    files
}

const ACCOUNTS_FOR_WAREHOUSE: &str = "@id(\"warehouse-accounts\")\npermit (principal in \
    Role::\"warehouse\", action == Action::\"account_read\", resource is Account);\n";

#[tokio::test]
async fn policies_are_saved_tried_activated_explained_and_taken_back() {
    let app = TestApp::new().await;
    let mut admin = app.staff(Role::Admin);
    let mut warehouse = app.staff(Role::Warehouse);
    assert_eq!(warehouse.get("/api/admin/users").await.problem(403), "FORBIDDEN");
    let overview = admin.get("/api/admin/policies").await.ok(200);
    assert_eq!(overview["active"], 0);

    let form =
        json!({"files": shipped_and(ACCOUNTS_FOR_WAREHOUSE), "comment": "they call customers"});
    let saved = admin.post("/api/admin/policies", form).await.ok(201);
    assert_eq!(saved["version"], 1);
    assert_eq!(warehouse.get("/api/admin/users").await.problem(403), "FORBIDDEN");

    let trial = admin.post("/api/admin/policies/1/try", json!({})).await.ok(200);
    let changed = &trial["changed"][0];
    assert_eq!(changed["question"]["action"], "account_read");
    assert_eq!((&changed["allowed_now"], &changed["times"]), (&json!(false), &json!(2)));
    assert_eq!(changed["then"]["reasons"][0]["policy"], "warehouse-accounts");

    let activation = json!({"instead_of": 0, "reason": "agreed on Monday"});
    let activate = "/api/admin/policies/1/activate";
    assert_eq!(admin.post(activate, activation.clone()).await.status.as_u16(), 204);
    warehouse.get("/api/admin/users").await.ok(200);
    let twice = admin.post(activate, activation).await;
    assert_eq!(twice.problem(412), "VERSION_CONFLICT");

    let question = json!({"question": {
        "subject": {"user_id": "01990000-0000-7000-8000-0000000000ff", "roles": ["warehouse"]},
        "action": "account_read", "resource": {"kind": "Account"},
        "circumstances": {"time": "2026-11-21T00:00:00Z", "source": "session"}
    }});
    let explained = admin.post("/api/admin/policies/explain", question.clone()).await.ok(200);
    assert_eq!(explained["sentence"], "Allowed by warehouse-accounts.");
    let mut before = question;
    before["version"] = json!(0);
    let explained = admin.post("/api/admin/policies/explain", before).await.ok(200);
    assert_eq!(explained["sentence"], "Denied: no policy permits it.");

    let back = json!({"instead_of": 1, "reason": "too much"});
    let answer = admin.post("/api/admin/policies/0/activate", back).await;
    assert_eq!(answer.status.as_u16(), 204);
    assert_eq!(warehouse.get("/api/admin/users").await.problem(403), "FORBIDDEN");
    let log = admin.get("/api/admin/audit-log?target_kind=Policy").await.ok(200);
    assert_eq!(log["items"].as_array().unwrap().len(), 3);
    assert_eq!(log["items"][0]["after"], json!({"active": 0}));
}

#[tokio::test]
async fn broken_policies_are_refused_with_their_places_and_nobody_locks_the_door_from_inside() {
    let app = TestApp::new().await;
    let mut admin = app.staff(Role::Admin);
    let broken = json!({
        "files": [{"name": "a.cedar", "text": "@id(\"a\")\npermit (principal, action == Action::\"steal\", resource);"}],
        "comment": "x"
    });
    let refused = admin.post("/api/admin/policies", broken).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["policy_errors"][0]["line"], 2);
    assert_eq!(app.count("SELECT count(*) FROM access.policy_sets").await, 0);

    let nobody = json!({"files": [], "comment": "deny everything"});
    assert_eq!(admin.post("/api/admin/policies", nobody).await.ok(201)["version"], 1);
    let activation = json!({"instead_of": 0, "reason": "x"});
    let refused = admin.post("/api/admin/policies/1/activate", activation).await;
    assert_eq!(refused.problem(409), "INVALID_TRANSITION");
    assert_eq!(app.count("SELECT count(*) FROM access.activations").await, 0);
    admin.get("/api/admin/policies").await.ok(200);
    let unknown = admin.get("/api/admin/policies/9").await;
    assert_eq!(unknown.problem(404), "NOT_FOUND");
}

#[tokio::test]
async fn the_audit_log_is_searched_and_exported_without_formulas() {
    let app = TestApp::new().await;
    let path = format!("/api/admin/inventory/{}/receive", app.shop.mug_white);
    for reason in ["PO-1", "=HYPERLINK(\"https://x.example\")"] {
        let body = json!({"warehouse_id": app.shop.taipei, "quantity": 1, "reason": reason});
        app.staff(Role::Warehouse).post(&path, body).await.ok(200);
        app.pass(1);
    }
    let mut admin = app.staff(Role::Admin);
    let found = admin.get("/api/admin/audit-log?q=po-1").await.ok(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(found["items"][0]["action"], "stock_write");
    assert_eq!(found["items"][0]["after"]["received"], 1);
    let none = admin.get("/api/admin/audit-log?until=2000-01-01T00:00:00Z").await.ok(200);
    assert_eq!(none["items"], json!([]));
    let csv = admin.get("/api/admin/audit-log/export").await.ok(200);
    let csv = csv.as_str().unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("\u{feff}id,at,actor_kind"), "{csv}");
    assert!(lines[1].contains("'=HYPERLINK"), "{csv}");
    assert_eq!(app.staff(Role::Ops).get("/api/admin/audit-log").await.problem(403), "FORBIDDEN");
}
