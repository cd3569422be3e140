//! Files of products over HTTP. What is in them is tested in `crates/product-files`.

use identity::Role;
use product_files::{Runner, Step};
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, Visitor};

const IMPORTS: &str = "/api/admin/product-imports";
const EXPORT: &str = "/api/admin/products/export";
const AUDITED: &str = "SELECT count(*) FROM audit.entries
    WHERE action = 'catalog_write' AND target_id = '*'";
const PRODUCTS: &str = "SELECT count(*) FROM catalog.products";

async fn send(who: &mut Visitor<'_>, query: &str, text: &str) -> Answer {
    who.post_text(&format!("{IMPORTS}{query}"), "text/csv", text).await
}

/// Takes every file that waits, as a server does in the background.
async fn take_all(app: &TestApp) {
    let (db, ids) = (app.db.db().clone(), app.db.ids().clone());
    let runner = Runner::new(db, app.db.shared_clock(), ids);
    while let Some(mut job) = runner.claim().await.unwrap() {
        while job.step().await.unwrap() == Step::More {}
    }
}

/// Where what was accepted is followed.
fn place(accepted: &Answer) -> String {
    assert_eq!(accepted.status.as_u16(), 202, "{:?}", accepted.body);
    let place = accepted.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(place, format!("{IMPORTS}/{}", accepted.body["id"].as_str().unwrap()));
    place
}

/// Sends a file, has it taken, and says what became of it.
async fn import(app: &TestApp, who: &mut Visitor<'_>, query: &str, text: &str) -> Value {
    let place = place(&send(who, query, text).await);
    take_all(app).await;
    who.get(&place).await.ok(200)
}

/// Added, changed, unchanged, refused.
fn sums(import: &Value) -> [u64; 4] {
    ["added", "changed", "unchanged", "refused"].map(|name| import[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_file_is_tried_taken_and_taken_again() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let text = "Handle,Title,Type,Variant SKU,Variant Price,Status\n\
                cup,杯,kitchen,CUP,100,active\n\
                jar,罐,kitchen,JAR,1.5,active\n";
    let wrong = json!([{
        "line": 3, "column": "Variant Price", "code": "number", "product": "jar",
        "message": "must be whole dollars: the shop's currency has no cents",
    }]);
    let trial = import(&app, &mut ops, "?dry_run=true", text).await;
    assert_eq!((&trial["status"], sums(&trial)), (&json!("done"), [1, 0, 0, 1]));
    assert_eq!((&trial["written"], &trial["dry_run"]), (&json!(false), &json!(true)));
    let rows = format!("{IMPORTS}/{}/rows", trial["id"].as_str().unwrap());
    assert_eq!(ops.get(&rows).await.ok(200), json!({"items": wrong, "next_cursor": null}));
    let strict = import(&app, &mut ops, "?strict=true", text).await;
    assert_eq!((&strict["status"], &strict["failure"]), (&json!("failed"), &json!("bad_rows")));
    assert_eq!((&strict["bad_rows"], &strict["written"]), (&json!(1), &json!(false)));
    assert_eq!((app.count(PRODUCTS).await, app.count(AUDITED).await), (2, 0));

    let report = import(&app, &mut ops, "?language=zh-TW", text).await;
    assert_eq!((&report["status"], sums(&report)), (&json!("done"), [1, 0, 0, 1]));
    assert_eq!((&report["written"], &report["complete"]), (&json!(true), &json!(true)));
    assert_eq!((&report["lines"], &report["lines_read"]), (&json!(3), &json!(3)));
    assert_eq!((app.count(PRODUCTS).await, app.count(AUDITED).await), (3, 1));
    let recorded = "SELECT count(*) FROM audit.entries e
        JOIN catalog.product_imports i ON i.id = (e.after ->> 'import_id')::uuid
        WHERE e.target_kind = 'Product' AND e.after #>> '{products,added}' = '1'
            AND e.actor_id = i.sent_by AND e.source = i.source";
    assert_eq!(app.count(recorded).await, 1, "in the name of whoever sent it");
    let again = import(&app, &mut ops, "", text).await;
    assert_eq!(sums(&again), [0, 0, 1, 1]);
    assert_eq!(app.count(AUDITED).await, 1, "what changes nothing is no change");
    let cup = app.visitor().get("/api/products/cup").await.ok(200);
    assert_eq!(cup["name"], json!({"zh_tw": "杯", "en": "杯"}));
}

#[tokio::test]
async fn files_wait_in_a_row_are_listed_and_can_be_given_up() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let text = "Handle,Title\nmug,Mug\n";
    let first = place(&send(&mut ops, "", text).await);
    let second = place(&send(&mut ops, "?dry_run=true", text).await);
    let waiting = ops.get(&second).await.ok(200);
    assert_eq!((&waiting["status"], &waiting["products"]), (&json!("queued"), &json!(0)));
    assert_eq!((&waiting["bytes"], &waiting["started_at"]), (&json!(text.len()), &Value::Null));

    let page = ops.get(&format!("{IMPORTS}?limit=1")).await.ok(200);
    assert_eq!(page["items"], json!([waiting]), "the newest first");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ops.get(&format!("{IMPORTS}?limit=1&cursor={cursor}")).await.ok(200);
    assert_eq!(
        (&rest["items"][0]["status"], &rest["next_cursor"]),
        (&json!("queued"), &Value::Null)
    );
    let foreign = ops.get(&format!("{IMPORTS}?cursor=e30")).await;
    assert_eq!(foreign.problem(422), "VALIDATION_FAILED");

    let cancel = format!("{first}/cancel");
    let given_up = ops.post(&cancel, json!({})).await.ok(200);
    assert_eq!(given_up["status"], json!("cancelled"));
    assert_eq!(ops.post(&cancel, json!({})).await.ok(200), given_up, "twice is once");
    let told = "SELECT count(*) FROM audit.entries WHERE after #>> '{import,status}' = 'cancelled'";
    assert_eq!(app.count(told).await, 1);
    take_all(&app).await;
    assert_eq!(ops.get(&first).await.ok(200), given_up);
    assert_eq!(ops.get(&second).await.ok(200)["status"], json!("done"));
    let late = ops.post(&format!("{second}/cancel"), json!({})).await;
    assert_eq!(late.problem(409), "INVALID_TRANSITION");
    assert_eq!(late.body["current_status"], json!("done"));
    let changed = "SELECT count(*) FROM catalog.products WHERE version > 1";
    assert_eq!(app.count(changed).await, 0);
    let kept = "SELECT count(*) FROM catalog.product_import_pieces";
    assert_eq!(app.count(kept).await, 0, "a file is kept while it is needed");
}

#[tokio::test]
async fn what_only_a_newer_program_can_read_is_listed_all_the_same() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let place = place(&send(&mut ops, "?strict=true", "Handle,Title\nmug,Mug\n").await);
    app.execute(
        r#"UPDATE catalog.product_imports
            SET rules = rules || '{"language": "fr", "only_new": true}',
                taken_notes = '[{"level": 1}]'"#,
    )
    .await;
    let seen = ops.get(&place).await.ok(200);
    assert_eq!((&seen["strict"], &seen["language"]), (&json!(true), &json!("zh-TW")));
    let message = "a newer version of the program says more of this file than this one can read";
    let note = json!({"line": 1, "column": "", "message": message, "count": 1});
    assert_eq!(seen["notes"], json!([note]));
    assert_eq!(ops.get(IMPORTS).await.ok(200)["items"], json!([seen]));
    let given_up = ops.post(&format!("{place}/cancel"), json!({})).await.ok(200);
    assert_eq!(given_up["status"], json!("cancelled"));
}

#[tokio::test]
async fn bad_rows_are_paged_and_go_out_as_a_sheet() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let bad = "a,A,kitchen,=A,1.5\nb,B,nowhere,B,1\n,C,kitchen,C,1\n";
    let text = format!("Handle,Title,Type,Variant SKU,Variant Price\n{bad}");
    let report = import(&app, &mut ops, "", &text).await;
    assert_eq!((&report["bad_rows"], sums(&report)), (&json!(3), [0, 0, 0, 3]));
    let rows = format!("{IMPORTS}/{}/rows", report["id"].as_str().unwrap());
    let page = ops.get(&format!("{rows}?limit=2")).await.ok(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = ops.get(&format!("{rows}?limit=2&cursor={cursor}")).await.ok(200);
    assert_eq!((&rest["next_cursor"], rest["items"].as_array().unwrap().len()), (&Value::Null, 1));
    let all = page["items"].as_array().unwrap().iter().chain(rest["items"].as_array().unwrap());
    let mut lines: Vec<u64> = all.map(|row| row["line"].as_u64().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, [2, 3, 4]);
    let sheet = ops.get(&format!("{rows}/export")).await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let sheet = sheet.ok(200).as_str().unwrap().to_owned();
    assert!(sheet.starts_with("\u{feff}line,column,code,message,product\n"), "{sheet}");
    assert_eq!(sheet.lines().count(), 4, "{sheet}");
    assert!(sheet.contains("\n3,Type,unknown,there is no such category,b\n"), "{sheet}");
}

#[tokio::test]
async fn what_is_no_file_or_too_large_or_not_allowed_is_refused() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let text = "Handle,Title\nmug,Mug\n";
    assert_eq!(send(&mut ops, "", "").await.problem(422), "VALIDATION_FAILED");
    assert_eq!(send(&mut ops, "?language=fr", text).await.problem(422), "VALIDATION_FAILED");
    let json = ops.post(IMPORTS, json!({})).await;
    assert_eq!(json.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    let endless = format!("{text}{}", "\n".repeat(64 * 1024 * 1024));
    assert_eq!(send(&mut ops, "", &endless).await.problem(413), "PAYLOAD_TOO_LARGE");
    for other in ["x;y\n", "{}", "<html>"] {
        let refused = send(&mut ops, "?dry_run=true", other).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{other}");
        assert_eq!(refused.body["rows"][0]["code"], "unreadable", "{other}");
        assert_eq!(refused.body["rows"][0]["line"], 1, "{other}");
    }
    let left = "SELECT (SELECT count(*) FROM catalog.product_imports)
        + (SELECT count(*) FROM catalog.product_import_pieces)";
    assert_eq!(app.count(left).await, 0, "nothing of a refused file is kept");

    let place = place(&send(&mut ops, "", text).await);
    let mut warehouse = app.staff(Role::Warehouse);
    assert_eq!(send(&mut warehouse, "", text).await.problem(403), "FORBIDDEN");
    let cancel = format!("{place}/cancel");
    assert_eq!(warehouse.post(&cancel, json!({})).await.problem(403), "FORBIDDEN");
    let (rows, sheet) = (format!("{place}/rows"), format!("{place}/rows/export"));
    let mut guest = app.visitor();
    for path in [&place, &rows, &sheet, &IMPORTS.to_owned()] {
        assert_eq!(guest.get(path).await.problem(401), "AUTH_UNAUTHORIZED", "{path}");
    }
    assert_eq!(ops.get(&place).await.ok(200)["status"], json!("queued"));
    let unknown = format!("{IMPORTS}/01990000-0000-7000-8000-000000000000");
    for path in [unknown.clone(), format!("{unknown}/rows"), format!("{unknown}/rows/export")] {
        assert_eq!(ops.get(&path).await.problem(404), "PRODUCT_IMPORT_NOT_FOUND", "{path}");
    }
    let gone = ops.post(&format!("{unknown}/cancel"), json!({})).await;
    assert_eq!(gone.problem(404), "PRODUCT_IMPORT_NOT_FOUND");
    assert_eq!(app.count(AUDITED).await, 0);
}

#[tokio::test]
async fn when_too_many_wait_the_next_one_has_to() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let text = "Handle,Title\nmug,Mug\n";
    for _ in 0..20 {
        place(&send(&mut ops, "", text).await);
    }
    let busy = send(&mut ops, "", text).await;
    assert_eq!(busy.problem(503), "SERVICE_UNAVAILABLE");
    assert_eq!(busy.headers["retry-after"], "60");
    take_all(&app).await;
    place(&send(&mut ops, "", text).await);
}

#[tokio::test]
async fn what_goes_out_comes_back_and_is_what_put_takes() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let sheet = ops.get(EXPORT).await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let sheet = sheet.ok(200).as_str().unwrap().to_owned();
    assert!(sheet.starts_with("\u{feff}Handle,Title,Body (HTML),Type,"), "{sheet}");
    let report = import(&app, &mut ops, "", &sheet).await;
    assert_eq!((&report["unchanged"], &report["products"]), (&json!(2), &json!(2)));

    let lines = ops.get(&format!("{EXPORT}?format=jsonl")).await;
    assert_eq!(lines.headers["content-type"], "application/x-ndjson");
    let lines = lines.ok(200).as_str().unwrap().to_owned();
    let place = place(&ops.post_text(IMPORTS, "application/x-ndjson", &lines).await);
    take_all(&app).await;
    let report = ops.get(&place).await.ok(200);
    assert_eq!((&report["unchanged"], &report["products"]), (&json!(2), &json!(2)));

    // A line is what PUT takes, but for what a file adds to it.
    let mut mug: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&mug["slug"], &mug["category"]), (&json!("mug"), &json!("kitchen")));
    let members = mug.as_object_mut().unwrap();
    let id = members.remove("id").unwrap();
    for added in ["category", "state", "publish_at"] {
        members.remove(added).unwrap();
    }
    members.insert("category_id".into(), json!(app.shop.category));
    let path = format!("/api/admin/products/{}", id.as_str().unwrap());
    let mut seeing = app.staff(Role::Ops).with("if-match", "\"1\"");
    let same = seeing.send(axum::http::Method::PUT, &path, Some(mug)).await.ok(200);
    assert_eq!(same["version"], json!(1), "and it is what it was");
}
