//! Browsing over HTTP.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn products_are_listed_filtered_and_paged() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let all = visitor.get("/api/products?sort=price_asc").await.ok(200);
    assert_eq!(all["next_cursor"], json!(null));
    let mug = &all["items"][0];
    assert_eq!(mug["slug"], "mug");
    assert_eq!(mug["name"], json!({"zh_tw": "馬克杯", "en": "Mug"}));
    assert_eq!(mug["price_from"], json!({"amount": 390, "currency": "TWD"}));
    assert_eq!(mug["availability"], "in_stock");
    for key in ["image", "compare_at"] {
        assert_eq!(mug.get(key), Some(&json!(null)), "{key} is there, as null");
    }
    let first = visitor.get("/api/products?sort=price_asc&limit=1").await.ok(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second =
        visitor.get(&format!("/api/products?sort=price_asc&limit=1&cursor={cursor}")).await;
    let second = second.ok(200);
    assert_eq!(second["items"][0]["slug"], "tote");
    let found = visitor.get("/api/products?in_stock=true&category=kitchen&max_price=420");
    assert_eq!(found.await.ok(200)["items"].as_array().unwrap().len(), 1);
    let dear = visitor.get("/api/products?min_price=1000&max_price=1999").await.ok(200);
    assert_eq!(dear["items"][0]["slug"], "tote");
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    for (query, pointer) in [
        ("min_price=-1", "#min_price"),
        ("max_price=abc", "#max_price"),
        ("sort=best", "#sort"),
        ("cursor=abc", "#cursor"),
        ("in_stock=maybe", "#in_stock"),
        ("category=a%00b", "#category"),
    ] {
        let answer = visitor.get(&format!("/api/products?{query}")).await;
        assert_eq!(answer.problem(422), "VALIDATION_FAILED", "{query}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn a_product_has_its_page_and_its_shelf() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let mug = visitor.get("/api/products/mug").await.ok(200);
    assert_eq!(mug["slug"], "mug");
    assert_eq!(mug["variants"][1]["sku"], "MUG-BLACK");
    assert_eq!(mug["variants"][1]["available_display"], 1);
    assert_eq!(mug["variants"][0]["available_display"], json!(null));
    let by_id = format!("/api/products/{}", app.shop.mug);
    assert_eq!(visitor.get(&by_id).await.ok(200), mug);
    for unknown in ["nothing", "%00", "0199aaaa-0000-7000-8000-000000000000"] {
        let answer = visitor.get(&format!("/api/products/{unknown}")).await;
        assert_eq!(answer.problem(404), "PRODUCT_NOT_FOUND");
    }
    let shelves = visitor.get("/api/categories").await.ok(200);
    assert_eq!(shelves["items"][0]["slug"], "kitchen");
    assert_eq!(shelves["items"][0]["product_count"], 2);
}
