//! Refunds, payment tasks and reconciliation over HTTP: who may, what is refused with its place, and
//! what is on record.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::{
    app::{Answer, TestApp, Visitor},
    buying::pay,
    orders::order,
};

const REFUNDS: &str = "/api/admin/refunds";
const TASKS: &str = "/api/admin/payment-tasks";
const BOOKS: &str = "/api/admin/reconciliations";

fn twd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "TWD"})
}

/// An order of two white mugs and a large tote for NT$ 2,770, paid by card: its path, and its buyer.
async fn paid(app: &TestApp) -> (String, Visitor<'_>) {
    paid_by(app, app.visitor()).await
}

/// The same, bought by somebody.
async fn paid_by<'a>(app: &TestApp, who: Visitor<'a>) -> (String, Visitor<'a>) {
    let body = order(&[(app.shop.mug_white, 2), (app.shop.tote_large, 1)]);
    let mut placing = who.clone().with("idempotency-key", "k");
    let placed = placing.post("/api/orders", body).await.ok(201);
    let path = format!("/api/orders/{}", placed["id"].as_str().unwrap());
    let buyer = match placed["access_token"].as_str() {
        Some(token) => who.with("x-order-token", token),
        None => who,
    };
    pay(app, &path, &buyer).await;
    (path, buyer)
}

async fn ask(who: &Visitor<'_>, path: &str, key: &str, body: Value) -> Answer {
    who.clone().with("idempotency-key", key).post(&format!("{path}/refunds"), body).await
}

/// Decides about a refund as operations.
async fn decide(app: &TestApp, refund: &Value, verb: &str, body: Value) -> Answer {
    let path = format!("{REFUNDS}/{}/{verb}", refund["id"].as_str().unwrap());
    app.staff(Role::Ops).post(&path, body).await
}

fn because() -> Value {
    json!({"reason": "because"})
}

#[tokio::test]
async fn a_guest_asks_operations_approve_and_it_is_on_record() {
    let app = TestApp::new().await;
    let (path, mut buyer) = paid(&app).await;
    let asked = ask(&buyer, &path, "r1", json!({"reason": "改變心意"})).await.ok(201);
    assert_eq!((&asked["status"], &asked["amount"]), (&json!("requested"), &twd(2770)));
    assert_eq!(asked["reason"], "改變心意");
    assert_eq!(buyer.get(&path).await.ok(200)["status"], "refund_requested");
    let listed = buyer.get(&format!("{path}/refunds")).await.ok(200);
    assert_eq!(listed["items"], json!([asked]));
    assert_eq!(app.visitor().get(&format!("{path}/refunds")).await.problem(404), "ORDER_NOT_FOUND");

    let mut ops = app.staff(Role::Ops);
    let waiting = ops.get(&format!("{REFUNDS}?status=requested")).await.ok(200);
    assert_eq!(waiting["items"][0]["id"], asked["id"]);
    assert_eq!(waiting["items"][0]["requested_by_kind"], "guest");
    let detail_path = format!("{REFUNDS}/{}", asked["id"].as_str().unwrap());
    let detail = ops.get(&detail_path).await;
    assert_eq!(detail.headers["etag"], "\"1\"");
    let seen = app.staff(Role::Ops).with("if-match", "\"9\"");
    let stale = { seen }.post(&format!("{detail_path}/approve"), because()).await;
    assert_eq!(stale.problem(412), "VERSION_CONFLICT");

    let approved = decide(&app, &asked, "approve", because()).await;
    assert_eq!(approved.headers["etag"], "\"2\"");
    let approved = approved.ok(200);
    assert_eq!(approved["status"], "approved");
    let history = &approved["history"][0];
    assert_eq!(
        (&history["from"], &history["to"], &history["actor_kind"], &history["reason"]),
        (&json!("requested"), &json!("approved"), &json!("staff"), &json!("because"))
    );
    let again = decide(&app, &asked, "approve", because()).await;
    assert_eq!(
        (again.problem(409), &again.body["current_status"]),
        ("INVALID_TRANSITION", &json!("approved"))
    );
    let log =
        app.staff(Role::Admin).get("/api/admin/audit-log?action=refund_approve").await.ok(200);
    let entries = log["items"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (&entries[0]["before"]["status"], &entries[0]["after"]["status"], &entries[0]["reason"]),
        (&json!("requested"), &json!("approved"), &json!("because"))
    );
    // What has not left may be sold again.
    let stock = crate::orders::stock(&app, app.shop.tote_large).await;
    assert_eq!((&stock[0]["available"], &stock[0]["sold"]), (&json!(100), &json!(0)));
}

#[tokio::test]
async fn a_rejection_needs_a_reason_and_puts_the_order_back() {
    let app = TestApp::new().await;
    let (path, mut buyer) = paid(&app).await;
    let asked = ask(&buyer, &path, "r1", because()).await.ok(201);
    assert_eq!(decide(&app, &asked, "reject", json!({})).await.problem(422), "VALIDATION_FAILED");
    for bad in [json!({"reason": ""}), json!({"reason": "x".repeat(201)})] {
        let refused = decide(&app, &asked, "reject", bad).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["pointer"], "/reason");
    }
    assert_eq!(decide(&app, &asked, "reject", because()).await.ok(200)["status"], "rejected");
    let order = buyer.get(&path).await.ok(200);
    assert_eq!(order["status"], "paid");
    let steps = order["timeline"].as_array().unwrap().iter().filter(|it| it["kind"] == "order");
    let steps: Vec<_> = steps.map(|it| &it["to"]).collect();
    assert_eq!(steps, ["pending_payment", "paid", "refund_requested", "refund_rejected", "paid"]);
    let stock = crate::orders::stock(&app, app.shop.tote_large).await;
    assert_eq!((&stock[0]["available"], &stock[0]["sold"]), (&json!(99), &json!(1)));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_with_its_place() {
    let app = TestApp::new().await;
    let (path, buyer) = paid(&app).await;
    let no_key = buyer.clone().post(&format!("{path}/refunds"), because()).await;
    assert_eq!(no_key.problem(400), "IDEMPOTENCY_KEY_MISSING");
    let ops = app.staff(Role::Ops);
    for (who, body, status, code, place) in [
        (&buyer, json!({"reason": "r", "amount": twd(1)}), 422, "VALIDATION_FAILED", None),
        (&buyer, json!({}), 422, "VALIDATION_FAILED", Some("")),
        (&buyer, json!({"reason": " "}), 422, "VALIDATION_FAILED", Some("/reason")),
        (
            &ops,
            json!({"reason": "r", "amount": twd(1), "lines": [{"line_no": 1, "quantity": 1}]}),
            422,
            "VALIDATION_FAILED",
            Some("/amount"),
        ),
        (&ops, json!({"reason": "r", "lines": []}), 422, "VALIDATION_FAILED", Some("/lines")),
        (
            &ops,
            json!({"reason": "r", "lines": [{"line_no": 1, "quantity": 0}]}),
            422,
            "VALIDATION_FAILED",
            Some("/lines/0/quantity"),
        ),
        (
            &ops,
            json!({"reason": "r", "lines": [{"line_no": 2, "quantity": 1}, {"line_no": 1, "quantity": 3}]}),
            422,
            "VALIDATION_FAILED",
            Some("/lines/1/quantity"),
        ),
        (
            &ops,
            json!({"reason": "r", "account": {"bank_code": "81", "account_number": "123456", "holder": "王"}}),
            422,
            "VALIDATION_FAILED",
            Some("/account/bank_code"),
        ),
        (&ops, json!({"reason": "r", "amount": twd(0)}), 409, "REFUND_TOO_LARGE", None),
        (&ops, json!({"reason": "r", "amount": twd(2771)}), 409, "REFUND_TOO_LARGE", None),
    ] {
        let answer = ask(who, &path, "bad", body.clone()).await;
        assert_eq!(answer.problem(status), code, "{body}: {:?}", answer.body);
        if let Some(place) = place {
            assert_eq!(answer.body["errors"][0]["pointer"], place, "{body}");
        }
        if code == "REFUND_TOO_LARGE" {
            assert_eq!(answer.body["left"], twd(2770));
        }
    }
    assert_eq!(app.count("SELECT count(*) FROM payments.refunds").await, 0);

    // The same key is the same refund, and no other one.
    let asked = ask(&ops, &path, "ok", json!({"reason": "r", "amount": twd(500)})).await.ok(201);
    let again = ask(&ops, &path, "ok", json!({"reason": "r", "amount": twd(500)})).await.ok(201);
    assert_eq!(again, asked);
    let reused = ask(&ops, &path, "ok", json!({"reason": "r", "amount": twd(501)})).await;
    assert_eq!(reused.problem(422), "IDEMPOTENCY_KEY_REUSED");
    let lines = json!({"reason": "r", "lines": [{"line_no": 1, "quantity": 2}]});
    let lines = ask(&ops, &path, "lines", lines).await.ok(201);
    assert_eq!(lines["lines"], json!([{"line_no": 1, "quantity": 2, "amount": twd(780)}]));
    // Buyers are not shown what people of the shop wrote.
    let listed = buyer.clone().get(&format!("{path}/refunds")).await.ok(200);
    assert_eq!(listed["items"][0]["reason"], "");
}

#[tokio::test]
async fn only_who_may_decides_and_others_learn_nothing() {
    let app = TestApp::new().await;
    let (path, buyer) = paid(&app).await;
    let asked = ask(&buyer, &path, "r1", because()).await.ok(201);
    let approve = format!("{REFUNDS}/{}/approve", asked["id"].as_str().unwrap());
    for mut who in [app.customer(), app.staff(Role::Warehouse)] {
        assert_eq!(who.post(&approve, because()).await.problem(403), "FORBIDDEN");
        let unknown = format!("{REFUNDS}/01990000-0000-7000-8000-0000000000ff/approve");
        assert_eq!(who.post(&unknown, because()).await.problem(403), "FORBIDDEN");
    }
    assert_eq!(app.visitor().post(&approve, because()).await.problem(401), "AUTH_UNAUTHORIZED");
    let unknown = format!("{REFUNDS}/01990000-0000-7000-8000-0000000000ff");
    assert_eq!(app.staff(Role::Ops).get(&unknown).await.problem(404), "REFUND_NOT_FOUND");
    let unknown = format!("{unknown}/approve");
    assert_eq!(
        app.staff(Role::Ops).post(&unknown, because()).await.problem(404),
        "REFUND_NOT_FOUND"
    );

    let waiting =
        app.count("SELECT count(*) FROM payments.refunds WHERE status = 'requested'").await;
    assert_eq!(waiting, 1, "who was turned away changed nothing");
}

#[tokio::test]
async fn four_eyes_also_for_administrators() {
    let app = TestApp::new().await;
    let (path, mut admin) = paid_by(&app, app.staff(Role::Admin)).await;
    let asked = ask(&admin, &path, "r1", because()).await.ok(201);
    let approve = format!("{REFUNDS}/{}/approve", asked["id"].as_str().unwrap());
    assert_eq!(admin.post(&approve, because()).await.problem(403), "FORBIDDEN");
    assert_eq!(admin.get(&path).await.ok(200)["status"], "refund_requested");
    app.staff(Role::Admin).post(&approve, because()).await.ok(200);
}

#[tokio::test]
async fn a_transfer_is_told_where_to_go_and_confirmed_with_its_number() {
    let app = TestApp::new().await;
    let (path, mut buyer) = paid(&app).await;
    let asked = ask(&buyer, &path, "r1", because()).await.ok(201);
    decide(&app, &asked, "approve", because()).await.ok(200);
    let early = decide(&app, &asked, "confirm", json!({"reference": "T-1"})).await;
    assert_eq!(early.problem(409), "INVALID_TRANSITION");
    app.execute(
        "UPDATE payments.refunds SET status = 'processing', by_hand = true, next_attempt_at = NULL;",
    )
    .await;
    let shown = buyer.get(&format!("{path}/refunds")).await.ok(200);
    assert_eq!(shown["items"][0]["account_needed"], true);

    let account = format!("{path}/refunds/{}/account", asked["id"].as_str().unwrap());
    let to = json!({"bank_code": "812", "account_number": "20001234567890", "holder": "王小明"});
    for (field, bad) in [("bank_code", "81a"), ("account_number", "12-34"), ("holder", " ")] {
        let mut body = to.clone();
        body[field] = json!(bad);
        let refused = buyer.send(Method::PUT, &account, Some(body)).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED");
        assert_eq!(refused.body["errors"][0]["pointer"], format!("/{field}"));
    }
    let said = buyer.send(Method::PUT, &account, Some(to.clone())).await.ok(200);
    assert_eq!(
        (&said["account_needed"], &said["account"]),
        (&json!(false), &json!("**********7890"))
    );
    let twice = buyer.send(Method::PUT, &account, Some(to.clone())).await;
    assert_eq!(twice.problem(409), "INVALID_TRANSITION");
    let elsewhere = format!("{path}/refunds/01990000-0000-7000-8000-0000000000ff/account");
    let unknown = buyer.send(Method::PUT, &elsewhere, Some(to.clone())).await;
    assert_eq!(unknown.problem(404), "REFUND_NOT_FOUND");

    let mut ops = app.staff(Role::Ops);
    let refund = format!("{REFUNDS}/{}", asked["id"].as_str().unwrap());
    let seen = ops.get(&refund).await.ok(200);
    assert_eq!(seen["account"], to);
    let other =
        json!({"bank_code": "0040001", "account_number": "123456789012", "holder": "王小明"});
    ops.send(Method::PUT, &format!("{refund}/account"), Some(other)).await.ok(200);
    let done = decide(&app, &asked, "confirm", json!({"reference": "T-1"})).await.ok(200);
    assert_eq!((&done["status"], &done["reference"]), (&json!("succeeded"), &json!("T-1")));
    assert_eq!(buyer.get(&path).await.ok(200)["status"], "refunded");
    let log =
        app.staff(Role::Admin).get("/api/admin/audit-log?action=refund_approve").await.ok(200);
    let text = log.to_string();
    assert!(text.contains("********9012") && !text.contains("123456789012"), "{text}");
}

/// A difference as reconciliation opens it, about the one payment there is.
async fn difference(app: &TestApp) -> String {
    app.execute(
        "INSERT INTO payments.tasks (id, kind, reference, order_id, payment_id, details, status
             , version, created_at)
         SELECT '01990000-0000-7000-8000-00000000aaaa', 'reconciliation_difference'
              , 'ecpay/2026-05-31/amount/X', order_id, id, '{\"ours\": \"2770\"}', 'open', 1, now()
           FROM payments.attempts",
    )
    .await;
    format!("{TASKS}/01990000-0000-7000-8000-00000000aaaa")
}

#[tokio::test]
async fn a_task_is_dealt_with_once_and_by_whom_it_is_on_record() {
    let app = TestApp::new().await;
    let (path, _) = paid(&app).await;
    let task = difference(&app).await;
    let mut ops = app.staff(Role::Ops);
    let open = ops.get(&format!("{TASKS}?status=open&reference=ecpay/2026-05-31/")).await.ok(200);
    assert_eq!(open["items"][0]["kind"], "reconciliation_difference");
    let none = ops.get(&format!("{TASKS}?kind=refund_failed")).await.ok(200);
    assert_eq!(none["items"], json!([]));
    assert_eq!(app.staff(Role::Warehouse).get(TASKS).await.problem(403), "FORBIDDEN");

    let resolve = format!("{task}/resolve");
    let answer = |answer: &str| json!({"answer": answer, "reason": "looked at it"});
    let odd = ops.post(&resolve, answer("forget")).await;
    assert_eq!(
        (odd.problem(422), &odd.body["errors"][0]["pointer"]),
        ("VALIDATION_FAILED", &json!("/answer"))
    );
    // Nobody reaches the provider from here: nothing is believed, and nothing changed.
    assert_eq!(
        ops.post(&resolve, answer("take_as_paid")).await.problem(503),
        "SERVICE_UNAVAILABLE"
    );
    let done = ops.post(&resolve, answer("refund")).await.ok(200);
    assert_eq!(
        (&done["status"], &done["resolution"], &done["note"]),
        (&json!("resolved"), &json!("refunded"), &json!("looked at it"))
    );
    let refunds = ops.get(&format!("{REFUNDS}?status=approved")).await.ok(200);
    assert_eq!(refunds["items"][0]["amount"], twd(2770));
    let order = ops.get(&path).await.ok(200);
    assert_eq!(order["status"], "refund_requested");
    let again = ops.post(&resolve, answer("accept")).await;
    assert_eq!(
        (again.problem(409), &again.body["current_status"]),
        ("INVALID_TRANSITION", &json!("resolved"))
    );
    let unknown = format!("{TASKS}/01990000-0000-7000-8000-0000000000ff");
    assert_eq!(ops.get(&unknown).await.problem(404), "PAYMENT_TASK_NOT_FOUND");
    let log =
        app.staff(Role::Admin).get("/api/admin/audit-log?action=payment_confirm").await.ok(200);
    assert_eq!(log["items"][0]["after"]["resolution"], "refunded");
}

#[tokio::test]
async fn a_day_is_asked_for_and_its_report_read() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let day = format!("{BOOKS}/2026-05-31");
    assert_eq!(ops.get(&day).await.problem(404), "NOT_FOUND");
    let asked = ops.post(&day, json!({})).await.ok(202);
    assert_eq!((&asked["day"], &asked["status"]), (&json!("2026-05-31"), &json!("asked")));
    assert_eq!(ops.get(&day).await.ok(200), asked);
    let today = ops.post(&format!("{BOOKS}/2026-06-01"), json!({})).await;
    assert_eq!(
        (today.problem(422), &today.body["errors"][0]["pointer"]),
        ("VALIDATION_FAILED", &json!("#day"))
    );
    assert_eq!(ops.post(&format!("{BOOKS}/yesterday"), json!({})).await.problem(404), "NOT_FOUND");
    app.execute(
        "UPDATE payments.reconciliations SET status = 'done', finished_at = now(), ours = 3, theirs = 4
             , differences = '[{\"kind\": \"amount\", \"merchant_trade_no\": \"X\", \"payment_id\": null
             , \"order_id\": null, \"ours\": \"1\", \"theirs\": \"2\"}]'",
    )
    .await;
    let done = ops.get(&day).await.ok(200);
    assert_eq!((&done["ours"], &done["theirs"]), (&json!(3), &json!(4)));
    assert_eq!(done["differences"][0]["kind"], "amount");
    let listed = ops.get(BOOKS).await.ok(200);
    assert_eq!(listed["items"], json!([done]));
    assert_eq!(app.staff(Role::Warehouse).get(BOOKS).await.problem(403), "FORBIDDEN");
}
