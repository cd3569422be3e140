//! The catalogue as operations work on it: products and categories over HTTP.

use axum::http::Method;
use identity::Role;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};

const PRODUCTS: &str = "/api/admin/products";
const CATEGORIES: &str = "/api/admin/categories";
const AUDITED: &str = "SELECT count(*) FROM audit.entries WHERE target_kind = 'Product'";

fn both(text: &str) -> Value {
    json!({"zh_tw": text, "en": text})
}

fn twd(amount: i64) -> Value {
    json!({"amount": amount, "currency": "TWD"})
}

/// A bowl in two sizes.
fn bowl(app: &TestApp) -> Value {
    json!({
        "slug": "bowl", "category_id": app.shop.category, "name": both("Bowl"),
        "description_html": both("<p>Deep <b>red</b>.</p><script>x()</script>"),
        "tags": ["gift"], "options": [{"name": both("Size"), "values": [both("S"), both("L")]}],
        "variants": [
            {"sku": "BOWL-S", "options": [both("S")], "price": twd(300), "barcode": "4006381333931"},
            {"sku": "BOWL-L", "options": [both("L")], "price": twd(500), "compare_at": twd(600)}
        ],
        "related": [app.shop.tote]
    })
}

async fn send(app: &TestApp, method: Method, path: &str, seen: i64, body: Option<Value>) -> Answer {
    let mut ops = app.staff(Role::Ops).with("if-match", format!("\"{seen}\""));
    ops.send(method, path, body).await
}

/// Adds the bowl; where it is.
async fn added(app: &TestApp) -> (String, Value) {
    let made = app.staff(Role::Ops).post(PRODUCTS, bowl(app)).await.ok(201);
    (format!("{PRODUCTS}/{}", made["id"].as_str().unwrap()), made)
}

#[tokio::test]
async fn a_product_is_added_as_a_draft_published_seen_and_bought_from_then_on() {
    let app = TestApp::new().await;
    let answer = app.staff(Role::Ops).post(PRODUCTS, bowl(&app)).await;
    let (location, tag) = (answer.headers["location"].clone(), answer.headers["etag"].clone());
    let made = answer.ok(201);
    let path = format!("{PRODUCTS}/{}", made["id"].as_str().unwrap());
    assert_eq!((location.to_str().unwrap(), tag.to_str().unwrap()), (path.as_str(), "\"1\""));
    assert_eq!((&made["state"], &made["publish_at"]), (&json!("draft"), &json!(null)));
    assert_eq!(made["description"], both("Deep red."));
    assert_eq!(made["description_html"], both("<p>Deep <b>red</b>.</p>"));
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), made);
    assert_eq!(app.visitor().get("/api/products/bowl").await.problem(404), "PRODUCT_NOT_FOUND");
    let item = json!({"variant_id": made["variants"][0]["id"], "quantity": 1});
    let refused = app.visitor().post("/api/cart/items", item.clone()).await;
    assert_eq!(refused.problem(404), "PRODUCT_NOT_FOUND", "nobody buys a draft");

    let publish = format!("{path}/publish");
    let reason = || Some(json!({"reason": "it is here"}));
    let shown = send(&app, Method::POST, &publish, 1, reason()).await.ok(200);
    assert_eq!((&shown["state"], &shown["version"]), (&json!("published"), &json!(2)));
    let seen = app.visitor().get("/api/products/bowl").await.ok(200);
    assert_eq!(seen["variants"][0]["barcode"], "4006381333931");
    assert_eq!(seen["tags"], json!(["gift"]));
    assert_eq!(seen["category_path"], json!([seen["category"]]));
    let related: Vec<&Value> =
        seen["related"].as_array().unwrap().iter().map(|it| &it["slug"]).collect();
    assert_eq!(related, ["tote", "mug"], "by hand, then of the same category");
    let again = send(&app, Method::POST, &publish, 2, reason()).await;
    assert_eq!(again.problem(409), "PRODUCT_STATE_CONFLICT");

    let archive = format!("{path}/archive");
    send(&app, Method::POST, &archive, 2, reason()).await.ok(200);
    assert_eq!(app.visitor().get("/api/products/bowl").await.problem(404), "PRODUCT_NOT_FOUND");
    let withdraw = format!("{path}/withdraw");
    let draft = send(&app, Method::POST, &withdraw, 3, reason()).await.ok(200);
    assert_eq!(draft["state"], "draft");
    assert_eq!(app.count(AUDITED).await, 4);
    let told = "SELECT count(*) FROM outbox.events WHERE type LIKE 'product.%'";
    assert_eq!(app.count(told).await, 4);
}

#[tokio::test]
async fn a_scheduled_product_appears_by_itself() {
    let app = TestApp::new().await;
    let (path, _) = added(&app).await;
    let schedule = format!("{path}/schedule");
    let past = json!({"publish_at": "2001-01-01T00:00:00Z"});
    let refused = send(&app, Method::POST, &schedule, 1, Some(past)).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/publish_at");
    let at = kernel::Clock::now(&*app.db.clock()) + jiff::SignedDuration::from_secs(60);
    let form = json!({"publish_at": at.to_string(), "reason": "the first of the month"});
    let planned = send(&app, Method::POST, &schedule, 1, Some(form)).await.ok(200);
    assert_eq!(planned["state"], "scheduled");
    let listed = format!("{PRODUCTS}?state=scheduled");
    let list = app.staff(Role::Ops).get(&listed).await.ok(200);
    assert_eq!(list["items"][0]["slug"], "bowl");
    assert_eq!(app.visitor().get("/api/products/bowl").await.problem(404), "PRODUCT_NOT_FOUND");
    app.pass(60);
    assert_eq!(app.visitor().get("/api/products/bowl").await.ok(200)["slug"], "bowl");
    let list = app.staff(Role::Ops).get(&listed).await.ok(200);
    assert_eq!(list["items"], json!([]));
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200)["state"], "published");
}

#[tokio::test]
async fn a_change_needs_the_version_that_was_seen_and_a_part_changes_only_that() {
    let app = TestApp::new().await;
    let (path, made) = added(&app).await;
    let name = || Some(json!({"name": both("Deep bowl"), "reason": "it is deep"}));
    let blind = app.staff(Role::Ops).send(Method::PATCH, &path, name()).await;
    assert_eq!(blind.problem(422), "VALIDATION_FAILED");
    let stale = send(&app, Method::PATCH, &path, 9, name()).await;
    assert_eq!(stale.problem(412), "VERSION_CONFLICT");
    assert_eq!(app.staff(Role::Ops).get(&path).await.ok(200), made);
    let patched = send(&app, Method::PATCH, &path, 1, name()).await.ok(200);
    let mut expected = made.clone();
    expected["name"] = both("Deep bowl");
    expected["version"] = json!(2);
    expected["updated_at"] = patched["updated_at"].clone();
    assert_eq!(patched, expected);
    let same = send(&app, Method::PATCH, &path, 2, name()).await.ok(200);
    assert_eq!(same["version"], 2, "nothing is different");
    assert_eq!(app.count(AUDITED).await, 2);

    let mut whole = bowl(&app);
    whole["variants"] = json!([{
        "id": made["variants"][1]["id"], "sku": "BOWL-L", "options": [both("L")], "price": twd(550)
    }]);
    let after = send(&app, Method::PUT, &path, 2, Some(whole)).await.ok(200);
    assert_eq!(after["name"], both("Bowl"));
    let active = |sku: &str| {
        let all = after["variants"].as_array().unwrap();
        all.iter().find(|it| it["sku"] == sku).unwrap()["active"].clone()
    };
    assert_eq!((active("BOWL-S"), active("BOWL-L")), (json!(false), json!(true)));
}

#[tokio::test]
async fn what_is_wrong_with_a_product_is_told_and_nothing_is_added() {
    let app = TestApp::new().await;
    let id = "01990000-0000-7000-8000-0000000000ee";
    for (field, value, pointer) in [
        ("slug", json!("Bowl"), "/slug"),
        ("slug", json!("mug"), "/slug"),
        ("category_id", json!(id), "/category_id"),
        ("name", json!({"zh_tw": "", "en": "Bowl"}), "/name"),
        ("name", both("a\u{0}b"), "/name/zh_tw"),
        ("subtitle", json!({"zh_tw": "碗", "en": ""}), "/subtitle"),
        ("description", both("beside"), "/description_html"),
        ("tags", json!(["a,b"]), "/tags"),
        ("badges", json!(["New!"]), "/badges"),
        ("related", json!([id]), "/related"),
        ("images", json!([{"key": "x.webp", "alt": both("x")}]), "/images/0/key"),
        ("variants", json!([{"sku": "A B", "price": twd(1)}]), "/variants"),
        ("variants", json!([{"sku": "X", "price": twd(1), "id": id}]), "/variants/0/id"),
        (
            "variants",
            json!([{"sku": "X", "price": twd(1), "barcode": "4006381333932"}]),
            "/variants/0/barcode",
        ),
        (
            "variants",
            json!([{"sku": "MUG-WHITE", "options": [both("S")], "price": twd(1)}]),
            "/variants",
        ),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut form = bowl(&app);
        form[field] = value.clone();
        let refused = app.staff(Role::Ops).post(PRODUCTS, form).await;
        assert_eq!(refused.problem(422), "VALIDATION_FAILED", "{field}: {value}");
        let errors = refused.ok(422)["errors"].to_string();
        assert!(errors.contains(&format!("\"{pointer}")), "{field}: {errors}");
    }
    let (path, _) = added(&app).await;
    let none = json!({"variants": []});
    send(&app, Method::PATCH, &path, 1, Some(none)).await.ok(200);
    let reason = Some(json!({"reason": "now"}));
    let empty = send(&app, Method::POST, &format!("{path}/publish"), 2, reason).await;
    assert_eq!(empty.problem(422), "VALIDATION_FAILED", "there is nothing to buy");
    let warehouse = app.staff(Role::Warehouse).post(PRODUCTS, bowl(&app)).await;
    assert_eq!(warehouse.problem(403), "FORBIDDEN");
    assert_eq!(app.visitor().get(PRODUCTS).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.count("SELECT count(*) FROM catalog.products").await, 3);
}

#[tokio::test]
async fn slugs_that_were_given_up_lead_to_the_product_until_they_are_taken_again() {
    let app = TestApp::new().await;
    let (path, _) = added(&app).await;
    let reason = Some(json!({"reason": "here"}));
    send(&app, Method::POST, &format!("{path}/publish"), 1, reason).await.ok(200);
    for (seen, slug) in [(2, "deep-bowl"), (3, "noodle-bowl")] {
        send(&app, Method::PATCH, &path, seen, Some(json!({"slug": slug}))).await.ok(200);
    }
    let mut visitor = app.visitor();
    for former in ["bowl", "deep-bowl"] {
        let moved = visitor.get(&format!("/api/products/{former}")).await;
        assert_eq!(moved.status.as_u16(), 301);
        assert_eq!(moved.headers["location"], "/api/products/noodle-bowl");
    }
    visitor.get("/api/products/noodle-bowl").await.ok(200);
    let tote = format!("{PRODUCTS}/{}", app.shop.tote);
    send(&app, Method::PATCH, &tote, 1, Some(json!({"slug": "bowl"}))).await.ok(200);
    assert_eq!(visitor.get("/api/products/bowl").await.ok(200)["name"]["en"], "Tote");
    let back = send(&app, Method::PATCH, &path, 4, Some(json!({"slug": "deep-bowl"}))).await;
    assert_eq!(back.ok(200)["slug"], "deep-bowl");
    let moved = visitor.get("/api/products/noodle-bowl").await;
    assert_eq!(moved.headers["location"], "/api/products/deep-bowl");
}

/// A category; its id.
async fn shelf(app: &TestApp, slug: &str, parent: Option<&Value>) -> Value {
    let form = json!({"slug": slug, "name": both(slug), "position": 5, "parent_id": parent});
    app.staff(Role::Ops).post(CATEGORIES, form).await.ok(201)["id"].clone()
}

#[tokio::test]
async fn categories_are_a_tree_and_a_list_holds_what_lies_deeper() {
    let app = TestApp::new().await;
    let kitchen = json!(app.shop.category);
    let home = shelf(&app, "home", None).await;
    let path = |id: &Value| format!("{CATEGORIES}/{}", id.as_str().unwrap());
    let form = |slug: &str, parent: &Value| {
        Some(json!({"slug": slug, "name": both(slug), "position": 1, "parent_id": parent}))
    };
    let put = async |id: &Value, seen, form| send(&app, Method::PUT, &path(id), seen, form).await;
    put(&kitchen, 1, form("kitchen", &home)).await.ok(200);
    let circle = put(&home, 1, form("home", &kitchen)).await;
    assert_eq!(circle.problem(422), "VALIDATION_FAILED");
    assert_eq!(circle.body["errors"][0]["pointer"], "/parent_id");
    let tree = app.visitor().get("/api/categories").await.ok(200);
    let seen: Vec<_> = tree["items"].as_array().unwrap().iter().collect();
    assert_eq!((&seen[0]["slug"], &seen[0]["product_count"]), (&json!("home"), &json!(2)));
    assert_eq!((&seen[1]["slug"], &seen[1]["parent_id"]), (&json!("kitchen"), &home));
    let list = app.visitor().get("/api/products?category=home").await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let mug = app.visitor().get("/api/products/mug").await.ok(200);
    let slugs: Vec<_> =
        mug["category_path"].as_array().unwrap().iter().map(|it| &it["slug"]).collect();
    assert_eq!(slugs, ["home", "kitchen"]);

    put(&kitchen, 2, form("cooking", &home)).await.ok(200);
    let moved = app.visitor().get("/api/categories/kitchen").await;
    assert_eq!(moved.status.as_u16(), 301);
    assert_eq!(moved.headers["location"], "/api/categories/cooking");
    let page = app.visitor().get("/api/categories/cooking").await.ok(200);
    assert_eq!(page["path"][0]["slug"], "home");
    let list = app.visitor().get("/api/products?category=kitchen").await.ok(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "its former slug is understood");
    assert_eq!(app.visitor().get("/api/categories/none").await.problem(404), "CATEGORY_NOT_FOUND");

    let full = send(&app, Method::DELETE, &path(&kitchen), 3, None).await;
    assert_eq!(full.problem(409), "CATEGORY_NOT_EMPTY");
    let empty = shelf(&app, "empty", Some(&home)).await;
    let stale = send(&app, Method::DELETE, &path(&empty), 9, None).await;
    assert_eq!(stale.problem(412), "VERSION_CONFLICT");
    assert_eq!(send(&app, Method::DELETE, &path(&empty), 1, None).await.status.as_u16(), 204);
    let gone = app.staff(Role::Ops).get(&path(&empty)).await;
    assert_eq!(gone.problem(404), "CATEGORY_NOT_FOUND");
    let all = app.staff(Role::Ops).get(CATEGORIES).await.ok(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let denied = app.staff(Role::Warehouse).post(CATEGORIES, json!({})).await;
    assert_eq!(denied.problem(403), "FORBIDDEN");
    assert_eq!(app.count(AUDITED).await, 5);
}
