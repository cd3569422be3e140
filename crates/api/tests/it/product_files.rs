//! Files of products over HTTP. What is in them is tested in `crates/product-files`.

use identity::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, Visitor};

const IMPORT: &str = "/api/admin/products/import";
const EXPORT: &str = "/api/admin/products/export";
const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE action = 'catalog_write'";
const PRODUCTS: &str = "SELECT count(*) FROM catalog.products";

async fn import(who: &mut Visitor<'_>, query: &str, text: &str) -> Answer {
    who.post_text(&format!("{IMPORT}{query}"), "text/csv", text).await
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
    let trial = import(&mut ops, "?dry_run=true", text).await.ok(200);
    assert_eq!((&trial["added"], &trial["refused"]), (&json!(1), &json!(1)));
    assert_eq!((&trial["written"], &trial["errors"]), (&json!(false), &wrong));
    let strict = import(&mut ops, "?strict=true", text).await;
    assert_eq!(strict.problem(422), "VALIDATION_FAILED");
    assert_eq!((&strict.body["rows"], &strict.body["rejected"]), (&wrong, &json!(1)));
    assert_eq!((app.count(PRODUCTS).await, app.count(AUDITED).await), (2, 0));
    let report = import(&mut ops, "?language=zh-TW", text).await.ok(200);
    assert_eq!((&report["written"], &report["errors"]), (&json!(true), &wrong));
    assert_eq!((app.count(PRODUCTS).await, app.count(AUDITED).await), (3, 1));
    let recorded = "SELECT count(*) FROM audit.entries
        WHERE target_kind = 'Product' AND after #>> '{products,added}' = '1'";
    assert_eq!(app.count(recorded).await, 1);
    let again = import(&mut ops, "", text).await.ok(200);
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(1)));
    assert_eq!(app.count(AUDITED).await, 1, "what changes nothing is no change");
    let cup = app.visitor().get("/api/products/cup").await.ok(200);
    assert_eq!(cup["name"], json!({"zh_tw": "杯", "en": "杯"}));
}

#[tokio::test]
async fn what_is_no_file_or_too_large_or_not_allowed_is_refused() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let text = "Handle,Title\nmug,Mug\n";
    assert_eq!(import(&mut ops, "", "").await.problem(422), "VALIDATION_FAILED");
    assert_eq!(import(&mut ops, "?dry_run=true", "x;y\n").await.problem(422), "VALIDATION_FAILED");
    assert_eq!(import(&mut ops, "?language=fr", text).await.problem(422), "VALIDATION_FAILED");
    let json = ops.post(IMPORT, json!({})).await;
    assert_eq!(json.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    let endless = format!("{text}{}", "\n".repeat(16 * 1024 * 1024));
    assert_eq!(import(&mut ops, "", &endless).await.problem(413), "PAYLOAD_TOO_LARGE");
    let mut warehouse = app.staff(Role::Warehouse);
    assert_eq!(import(&mut warehouse, "", text).await.problem(403), "FORBIDDEN");
    assert_eq!(app.count(AUDITED).await, 0);
}

#[tokio::test]
async fn what_goes_out_comes_back_and_is_what_put_takes() {
    let app = TestApp::new().await;
    let mut ops = app.staff(Role::Ops);
    let sheet = ops.get(EXPORT).await;
    assert_eq!(sheet.headers["content-type"], "text/csv; charset=utf-8");
    let sheet = sheet.ok(200).as_str().unwrap().to_owned();
    assert!(sheet.starts_with("\u{feff}Handle,Title,Body (HTML),Type,"), "{sheet}");
    let report = import(&mut ops, "", &sheet).await.ok(200);
    assert_eq!((&report["unchanged"], &report["products"]), (&json!(2), &json!(2)));

    let lines = ops.get(&format!("{EXPORT}?format=jsonl")).await;
    assert_eq!(lines.headers["content-type"], "application/x-ndjson");
    let lines = lines.ok(200).as_str().unwrap().to_owned();
    let report = ops.post_text(IMPORT, "application/x-ndjson", &lines).await.ok(200);
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
