//! Finding products over HTTP.

use serde_json::{Value, json};

use crate::app::TestApp;

fn slugs(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

/// Gives the shop's variants options to choose by.
async fn paint(app: &TestApp) {
    app.execute(
        r#"UPDATE catalog.products
           SET options = '[{"name": {"zh_tw": "顏色", "en": "Colour"}, "values": []}]'"#,
    )
    .await;
    app.execute(
        r#"UPDATE catalog.variants SET options = CASE WHEN sku LIKE '%WHITE'
             THEN '[{"zh_tw": "白", "en": "White"}]'::jsonb
             ELSE '[{"zh_tw": "黑", "en": "Black"}]'::jsonb END"#,
    )
    .await;
}

#[tokio::test]
async fn without_an_index_there_is_a_problem_that_passes() {
    let app = TestApp::new().await;
    for path in ["/api/search?q=mug", "/api/search/suggest?q=mug"] {
        let answer = app.visitor().get(path).await;
        assert_eq!(answer.problem(503), "SERVICE_UNAVAILABLE", "{path}");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    app.index().await;
    let found = app.visitor().get("/api/search?q=mug").await.ok(200);
    assert_eq!(slugs(&found), ["mug"]);
}

#[tokio::test]
async fn products_are_found_as_tiles_with_facets() {
    let app = TestApp::new().await;
    paint(&app).await;
    app.index().await;
    let mut visitor = app.visitor();
    let tiles = visitor.get("/api/products?sort=price_asc").await.ok(200);
    let all = visitor.get("/api/search?sort=price_asc").await.ok(200);
    assert_eq!(all["items"], tiles["items"], "the same tiles as the list's");
    assert_eq!((&all["total"], &all["next_cursor"]), (&json!(2), &json!(null)));
    assert_eq!(
        all["facets"],
        json!({
            "categories": [
                {"slug": "kitchen", "name": {"zh_tw": "廚房", "en": "Kitchen"}, "count": 2},
            ],
            "prices": [
                {
                    "min": {"amount": 200, "currency": "TWD"},
                    "max": {"amount": 499, "currency": "TWD"}, "count": 1,
                },
                {
                    "min": {"amount": 1000, "currency": "TWD"},
                    "max": {"amount": 1999, "currency": "TWD"}, "count": 1,
                },
            ],
            "options": [{
                "key": "colour", "name": {"zh_tw": "顏色", "en": "Colour"},
                "values": [
                    {"key": "black", "name": {"zh_tw": "黑", "en": "Black"}, "count": 2},
                    {"key": "white", "name": {"zh_tw": "白", "en": "White"}, "count": 1},
                ],
            }],
            "in_stock": 2,
        })
    );
    for (query, expected) in [
        ("q=%E9%A6%AC%E5%85%8B", &["mug"][..]),
        ("q=MUG-BLACK", &["mug"]),
        ("q=tote-s", &["tote"]),
        ("q=totte", &["tote"]),
        ("q=umbrella", &[]),
        ("option=colour:white", &["mug"]),
        ("option=colour:white&option=colour:black&sort=price_desc", &["tote", "mug"]),
        ("option=colour:pink", &[]),
        ("option=colour:white&min_price=400", &[]),
        ("category=kitchen&max_price=390", &["mug"]),
        ("category=garden", &[]),
        // TOTE-S, the only one at this price, is sold out.
        ("min_price=1290&max_price=1290", &["tote"]),
        ("min_price=1290&max_price=1290&in_stock=true", &[]),
    ] {
        let found = visitor.get(&format!("/api/search?{query}")).await.ok(200);
        assert_eq!(slugs(&found), expected, "{query}");
        assert_eq!(found["total"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_and_belong_to_their_search() {
    let app = TestApp::new().await;
    app.index().await;
    let mut visitor = app.visitor();
    let first = visitor.get("/api/search?sort=price_asc&limit=1").await.ok(200);
    assert_eq!((slugs(&first), &first["total"]), (vec!["mug"], &json!(2)));
    let cursor = first["next_cursor"].as_str().unwrap();
    // A new index in between changes nothing.
    app.index().await;
    let next = format!("/api/search?sort=price_asc&limit=1&cursor={cursor}");
    let second = visitor.get(&next).await.ok(200);
    assert_eq!((slugs(&second), &second["next_cursor"]), (vec!["tote"], &json!(null)));
    for other in ["sort=price_desc", "sort=price_asc&q=tote", "sort=price_asc&in_stock=true"] {
        let answer = visitor.get(&format!("/api/search?{other}&cursor={cursor}")).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{other}");
        assert_eq!(answer.body["errors"][0]["pointer"], "#cursor");
    }
}

#[tokio::test]
async fn a_product_withdrawn_since_is_not_shown() {
    let app = TestApp::new().await;
    app.index().await;
    app.execute("UPDATE catalog.products SET status = 'archived' WHERE slug = 'tote'").await;
    let found = app.visitor().get("/api/search").await.ok(200);
    assert_eq!(slugs(&found), ["mug"]);
    app.execute("UPDATE catalog.variants SET active = false").await;
    let found = app.visitor().get("/api/search").await.ok(200);
    assert_eq!(slugs(&found), Vec::<&str>::new());
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::new().await;
    app.index().await;
    let mut visitor = app.visitor();
    let (long, many) = (format!("q={}", "a".repeat(201)), "option=a:b&".repeat(21));
    for (query, pointer) in [
        ("min_price=-1", "#min_price"),
        ("max_price=abc", "#max_price"),
        ("sort=name", "#sort"),
        ("cursor=abc", "#cursor"),
        ("in_stock=maybe", "#in_stock"),
        ("q=a%00b", "#q"),
        (long.as_str(), "#q"),
        ("category=a%00b", "#category"),
        ("option=red", "#option"),
        ("option=:red", "#option"),
        ("option=colour:a%00b", "#option"),
        (many.as_str(), "#option"),
    ] {
        let answer = visitor.get(&format!("/api/search?{query}")).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{query}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
    let answer = visitor.get("/api/search/suggest?q=a%00b").await;
    assert_eq!(answer.problem(422), "VALIDATION_FAILED");
}

#[tokio::test]
async fn suggestions_come_while_typing() {
    let app = TestApp::new().await;
    app.index().await;
    let mut visitor = app.visitor();
    let kitchen = json!({
        "kind": "category", "slug": "kitchen", "name": {"zh_tw": "廚房", "en": "Kitchen"},
    });
    let mug = json!({"kind": "product", "slug": "mug", "name": {"zh_tw": "馬克杯", "en": "Mug"}});
    let suggested = visitor.get("/api/search/suggest?q=mu").await.ok(200);
    assert_eq!(suggested, json!({"items": [mug]}));
    let suggested = visitor.get("/api/search/suggest?q=%E5%BB%9A").await.ok(200);
    assert_eq!(suggested["items"][0], kitchen);
    assert_eq!(suggested["items"].as_array().unwrap().len(), 3);
    assert_eq!(visitor.get("/api/search/suggest").await.ok(200), json!({"items": []}));
}
