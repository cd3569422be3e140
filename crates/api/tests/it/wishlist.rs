//! What people like, kept with their accounts.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp, Visitor};

const PATH: &str = "/api/me/wishlist";

async fn put(visitor: &mut Visitor<'_>, slug: &str) -> Answer {
    visitor.send(Method::PUT, &format!("{PATH}/items/{slug}"), None).await
}

async fn merge(visitor: &mut Visitor<'_>, slugs: &[&str]) -> Answer {
    visitor.post(&format!("{PATH}/items"), json!({"slugs": slugs})).await
}

async fn slugs(visitor: &mut Visitor<'_>) -> Vec<String> {
    slugs_of(&visitor.get(PATH).await.ok(200))
}

fn slugs_of(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn hearts_are_one_persons_and_pressing_twice_changes_nothing() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    let mut other = app.person("b@example.com").await;
    for slug in ["mug", "tote", "mug"] {
        assert_eq!(put(&mut person, slug).await.status.as_u16(), 204);
    }
    assert_eq!(slugs(&mut person).await, ["tote", "mug"]);
    assert_eq!(slugs(&mut other).await, [""; 0]);
    let shown = person.get(&format!("{PATH}/products")).await.ok(200);
    assert_eq!(slugs_of(&shown), ["tote", "mug"]);
    assert_eq!(shown["items"][1]["price_from"], json!({"amount": 390, "currency": "TWD"}));

    assert_eq!(put(&mut person, "nothing").await.problem(404), "PRODUCT_NOT_FOUND");
    assert_eq!(put(&mut person, "%00").await.problem(404), "PRODUCT_NOT_FOUND");
    for slug in ["mug", "mug", "nothing", "%00"] {
        let gone = person.delete(&format!("{PATH}/items/{slug}")).await;
        assert_eq!(gone.status.as_u16(), 204, "{slug}");
    }
    assert_eq!(slugs(&mut person).await, ["tote"]);

    let mut guest = app.visitor();
    assert_eq!(guest.get(PATH).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(put(&mut guest, "mug").await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(merge(&mut guest, &["mug"]).await.problem(401), "AUTH_UNAUTHORIZED");
    assert_eq!(app.count("SELECT count(*) FROM cart.wishes").await, 1);
}

#[tokio::test]
async fn a_guests_list_joins_the_accounts_once() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    put(&mut person, "mug").await;
    for _ in 0..2 {
        let now = merge(&mut person, &["tote", "mug", "nothing", "tote"]).await.ok(200);
        assert_eq!(slugs_of(&now), ["tote", "mug"]);
    }
    assert_eq!(slugs_of(&merge(&mut person, &[]).await.ok(200)), ["tote", "mug"]);
    let too_many = vec!["mug"; 201];
    let refused = merge(&mut person, &too_many).await;
    assert_eq!(refused.problem(422), "VALIDATION_FAILED");
    assert_eq!(refused.body["errors"][0]["pointer"], "/slugs");
}

#[tokio::test]
async fn what_is_no_longer_on_show_is_left_out_until_it_comes_back() {
    let app = TestApp::new().await;
    let mut person = app.person("a@example.com").await;
    merge(&mut person, &["tote", "mug"]).await.ok(200);
    app.execute("UPDATE catalog.products SET status = 'draft' WHERE slug = 'tote'").await;
    assert_eq!(slugs(&mut person).await, ["mug"]);
    let shown = person.get(&format!("{PATH}/products")).await.ok(200);
    assert_eq!(slugs_of(&shown), ["mug"]);
    app.execute("UPDATE catalog.products SET status = 'published' WHERE slug = 'tote'").await;
    assert_eq!(slugs(&mut person).await, ["tote", "mug"]);
    // Even unseen it can be taken off.
    app.execute("UPDATE catalog.products SET status = 'draft' WHERE slug = 'tote'").await;
    person.delete(&format!("{PATH}/items/tote")).await;
    app.execute("UPDATE catalog.products SET status = 'published' WHERE slug = 'tote'").await;
    assert_eq!(slugs(&mut person).await, ["mug"]);
}
