//! Events, dead letters and recurring jobs over HTTP.

use std::sync::Arc;

use identity::Role;
use kernel::{Clock as _, shard_of};
use outbox::{
    BoxFuture, Event, HandleError, NewEvent, NewJob, Relay, Subscriber, Wants,
    schedule::{Recurring, Scheduler, Turn},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::TestApp;

/// Can do nothing about anything.
struct Helpless;

impl Subscriber for Helpless {
    fn name(&self) -> &'static str {
        "helpless"
    }

    fn wants(&self) -> Wants {
        Wants::Kinds(&["thing.broken"])
    }

    fn handle<'a>(
        &'a self,
        _: &'a mut pg::Connection,
        _: &'a Event,
    ) -> BoxFuture<'a, Result<(), HandleError>> {
        Box::pin(async { Err(HandleError::new("no idea")) })
    }
}

/// Something happens; its id.
async fn happen(app: &TestApp, kind: &'static str, subject: Uuid, data: &Value) -> Uuid {
    let (clock, ids) = (app.db.clock(), app.db.ids());
    let event = NewEvent::new(kind, shard_of(subject), subject, data, &*clock, ids);
    let id = event.id.as_uuid();
    let mut tx = app.db.db().begin().await.unwrap();
    outbox::append(&mut tx, &[event]).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A dead event, and a dead job of a mail with a link; their ids.
async fn mortuary(app: &TestApp) -> [String; 2] {
    let subject = app.db.ids().uuid(&*app.db.clock());
    let event = happen(app, "thing.broken", subject, &json!({"n": 1})).await;
    let (db, clock, ids) = (app.db.db().clone(), app.db.shared_clock(), app.db.ids().clone());
    let relay = Relay::new(db, clock, ids, vec![Arc::new(Helpless)]);
    for _ in 0..12 {
        relay.drain_batch().await.unwrap();
        app.pass(600);
    }
    let clock = app.db.clock();
    let job = NewJob {
        id: app.db.ids().next(&*clock),
        kind: "send_reset_password",
        payload: json!({"email": "a@example.com", "link": "https://shop.test/reset?token=secret"}),
        event_id: None,
        run_at: clock.now(),
    };
    let id = job.id.to_string();
    let mut conn = app.db.owner().acquire().await.unwrap();
    outbox::enqueue(&mut conn, &[job]).await.unwrap();
    sqlx::query(
        "UPDATE outbox.jobs SET dead = true, attempts = 10, last_error = 'no such mailbox'",
    )
    .execute(&mut *conn)
    .await
    .unwrap();
    [event.to_string(), id]
}

const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE action = 'event_write'";

#[tokio::test]
async fn operations_see_what_happened_without_what_opens_something() {
    let app = TestApp::new().await;
    let subject = app.db.ids().uuid(&*app.db.clock());
    let data = json!({"order_url": "https://shop.test/orders/1?token=secret", "n": 1});
    let first = happen(&app, "order.paid", subject, &data).await;
    app.pass(10);
    let other = app.db.ids().uuid(&*app.db.clock());
    happen(&app, "order.created", other, &json!({"n": 2})).await;
    happen(&app, "payment.failed", other, &json!({"n": 3})).await;
    let mut ops = app.staff(Role::Ops);
    let all = ops.get("/api/admin/events").await.ok(200);
    let numbers = |page: &Value| -> Vec<i64> {
        let rows = page["items"].as_array().unwrap();
        rows.iter().map(|it| it["data"]["n"].as_i64().unwrap()).collect()
    };
    assert_eq!((numbers(&all), &all["next_cursor"]), (vec![3, 2, 1], &Value::Null));
    let oldest = &all["items"][2];
    assert_eq!(
        *oldest,
        json!({
            "id": first, "kind": "order.paid", "subject": subject, "progress": "pending",
            "attempts": 0, "occurred_at": oldest["occurred_at"],
            "data": {"order_url": "https://shop.test/orders/1", "n": 1}
        })
    );
    let later = all["items"][0]["occurred_at"].as_str().unwrap();
    for (query, expected) in [
        ("kind=order.*".to_owned(), vec![2, 1]),
        ("kind=order.paid".to_owned(), vec![1]),
        (format!("subject={other}"), vec![3, 2]),
        (format!("from={later}"), vec![3, 2]),
        (format!("until={later}"), vec![1]),
    ] {
        let page = ops.get(&format!("/api/admin/events?{query}")).await.ok(200);
        assert_eq!(numbers(&page), expected, "{query}");
    }
    let page = ops.get("/api/admin/events?limit=2").await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ops.get(&format!("/api/admin/events?limit=2&cursor={cursor}")).await.ok(200);
    assert_eq!((numbers(&page), numbers(&rest)), (vec![3, 2], vec![1]));
    for bad in ["kind=Order", "kind=order", "subject=1", "from=yesterday", "cursor=x"] {
        let refused = ops.get(&format!("/api/admin/events?{bad}")).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{bad}");
    }
    let lag = ops.get("/api/admin/events/lag").await.ok(200);
    assert_eq!((&lag["events"], &lag["oldest_age_seconds"]), (&json!(3), &json!(10)));
}

#[tokio::test]
async fn a_dead_letter_is_looked_at_replayed_and_written_down() {
    let app = TestApp::new().await;
    let [event, job] = mortuary(&app).await;
    let mut admin = app.staff(Role::Admin);
    let all = admin.get("/api/admin/dead-letters").await.ok(200);
    let ids: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, [&json!(job), &json!(event)]);
    let mail = admin.get(&format!("/api/admin/dead-letters/{job}")).await.ok(200);
    assert_eq!(mail["data"]["link"], "https://shop.test/reset", "nothing that opens an account");
    assert_eq!((&mail["source"], &mail["last_error"]), (&json!("job"), &json!("no such mailbox")));
    let jobs = admin.get("/api/admin/dead-letters?source=job").await.ok(200);
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1);
    let refused = admin.get("/api/admin/dead-letters?source=mail").await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");

    let path = format!("/api/admin/dead-letters/{event}/replay");
    let reason = json!({"reason": "mended"});
    let ops = app.staff(Role::Ops).post(&path, reason.clone()).await;
    assert_eq!(ops.problem(403), "FORBIDDEN");
    assert_eq!(admin.post(&path, json!({})).await.problem(422), "VALIDATION_FAILED");
    assert_eq!(app.count(AUDITED).await, 0);
    admin.post(&path, reason.clone()).await.ok(204);
    assert_eq!(admin.post(&path, reason).await.problem(404), "DEAD_LETTER_NOT_FOUND");
    assert_eq!(app.count("SELECT count(*) FROM outbox.deferred WHERE NOT dead").await, 1);
    assert_eq!(app.count(AUDITED).await, 1);
}

#[tokio::test]
async fn what_is_discarded_is_kept_in_the_audit_log() {
    let app = TestApp::new().await;
    let [_, job] = mortuary(&app).await;
    let mut admin = app.staff(Role::Admin);
    let path = format!("/api/admin/dead-letters/{job}/discard");
    admin.post(&path, json!({"reason": "the account is gone"})).await.ok(204);
    let gone = admin.get(&format!("/api/admin/dead-letters/{job}")).await;
    assert_eq!(gone.problem(404), "DEAD_LETTER_NOT_FOUND");
    let kept = "SELECT count(*) FROM audit.entries WHERE before ->> 'kind' = 'send_reset_password'
                    AND reason = 'the account is gone' AND before::text NOT LIKE '%secret%'";
    assert_eq!(app.count(kept).await, 1);
}

#[tokio::test]
async fn all_of_a_kind_are_replayed_at_once_or_only_counted() {
    let app = TestApp::new().await;
    let [event, job] = mortuary(&app).await;
    let mut admin = app.staff(Role::Admin);
    let path = "/api/admin/dead-letters/replay";
    let dead = "SELECT count(*) FROM outbox.deferred WHERE dead";
    let dry = json!({"reason": "x", "dry_run": true});
    assert_eq!(admin.post(path, dry).await.ok(200), json!({"ids": [event, job], "dry_run": true}));
    assert_eq!((app.count(dead).await, app.count(AUDITED).await), (1, 0));
    let none = json!({"reason": "x", "kind": "order.paid"});
    assert_eq!(admin.post(path, none).await.ok(200)["ids"], json!([]));
    let real = json!({"reason": "x", "source": "event", "kind": "thing.broken"});
    assert_eq!(admin.post(path, real).await.ok(200), json!({"ids": [event], "dry_run": false}));
    assert_eq!((app.count(dead).await, app.count(AUDITED).await), (0, 1));
    assert_eq!(app.count("SELECT count(*) FROM outbox.jobs WHERE dead").await, 1);
    for bad in [json!({}), json!({"reason": "x", "limit": 0}), json!({"reason": "x", "id": event})]
    {
        assert_eq!(admin.post(path, bad.clone()).await.problem(422), "VALIDATION_FAILED", "{bad}");
    }
}

/// Counts to one.
struct Counting;

impl Recurring for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }

    fn every(&self) -> std::time::Duration {
        std::time::Duration::from_hours(1)
    }

    fn run<'a>(&'a self, _: &'a Turn) -> BoxFuture<'a, Result<String, HandleError>> {
        Box::pin(async { Ok("one".to_owned()) })
    }
}

#[tokio::test]
async fn recurring_jobs_are_shown_and_can_be_had_now() {
    let app = TestApp::new().await;
    let (db, clock, ids) = (app.db.db().clone(), app.db.shared_clock(), app.db.ids().clone());
    let jobs: Vec<Arc<dyn Recurring>> = vec![Arc::new(Counting)];
    let scheduler = Scheduler::new(db, clock, ids, "here".to_owned(), jobs);
    scheduler.register().await.unwrap();
    let stop = CancellationToken::new();
    assert_eq!(scheduler.run_due(&stop).await.unwrap(), 0);
    let path = "/api/admin/jobs/counting/run";
    let reason = json!({"reason": "to see"});
    assert_eq!(app.staff(Role::Ops).post(path, reason.clone()).await.problem(403), "FORBIDDEN");
    let mut admin = app.staff(Role::Admin);
    admin.post(path, reason.clone()).await.ok(200);
    assert_eq!(scheduler.run_due(&stop).await.unwrap(), 1);
    let shown = app.staff(Role::Ops).get("/api/admin/jobs").await.ok(200);
    let job = &shown["items"][0];
    assert_eq!(
        (&job["name"], &job["outcome"], &job["message"], &job["turns"], &job["running_on"]),
        (&json!("counting"), &json!("succeeded"), &json!("one"), &json!(1), &Value::Null)
    );
    let unknown = admin.post("/api/admin/jobs/nothing/run", reason).await;
    assert_eq!(unknown.problem(404), "NOT_FOUND");
    assert_eq!(app.count(AUDITED).await, 1);
}
