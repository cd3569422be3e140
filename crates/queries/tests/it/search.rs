//! The search index follows the catalogue and the stock.

use kernel::Clock as _;
use queries::search::Refresher;
use search::{Search, SearchQuery};
use testkit::{
    TestDb,
    seed::{self, Shop},
};

async fn execute(db: &TestDb, sql: &'static str) {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(sql).execute(&mut *conn).await.unwrap();
}

fn total(db: &TestDb, search: &Search, query: &SearchQuery) -> usize {
    search.snapshot().unwrap().search(query, db.clock().now()).unwrap().total
}

fn asking(q: &str) -> SearchQuery {
    SearchQuery { q: q.into(), ..SearchQuery::default() }
}

#[tokio::test]
async fn the_index_is_made_anew_when_something_has_changed_and_only_then() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let search = Search::default();
    let mut refresher = Refresher::new(search.clone());
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2));
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), None);
    assert_eq!(total(&db, &search, &asking("mug")), 1);

    execute(&db, "UPDATE catalog.products SET name_en = 'Beaker' WHERE slug = 'mug'").await;
    assert_eq!(total(&db, &search, &asking("beaker")), 0, "not before it is refreshed");
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2));
    assert_eq!(total(&db, &search, &asking("beaker")), 1);

    execute(&db, "UPDATE catalog.categories SET name_en = 'Scullery'").await;
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2));
    assert_eq!(total(&db, &search, &asking("scullery")), 2);

    execute(&db, "UPDATE catalog.products SET status = 'archived' WHERE slug = 'mug'").await;
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(1));
    assert_eq!(total(&db, &search, &asking("beaker")), 0);
}

#[tokio::test]
async fn what_appears_later_is_found_when_its_time_has_come() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    execute(&db, "UPDATE catalog.products SET published_at = '2999-01-01' WHERE slug = 'mug'")
        .await;
    let search = Search::default();
    let refreshed = Refresher::new(search.clone()).refresh(db.db()).await;
    assert_eq!(refreshed.unwrap(), Some(2), "it is in the index already");
    assert_eq!(total(&db, &search, &asking("mug")), 0);
    let later = "2999-01-02T00:00:00Z".parse().unwrap();
    let found = search.snapshot().unwrap().search(&asking("mug"), later).unwrap();
    assert_eq!(found.total, 1);
}

#[tokio::test]
async fn what_is_left_is_what_the_product_list_calls_so() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let search = Search::default();
    let mut refresher = Refresher::new(search.clone());
    refresher.refresh(db.db()).await.unwrap();
    let left = |price: Option<i64>| SearchQuery {
        in_stock: true,
        min_price: price,
        max_price: price,
        ..SearchQuery::default()
    };
    // TOTE-S, 1,290, is sold out; TOTE-OLD, 990, is no longer for sale.
    assert_eq!(total(&db, &search, &left(Some(1_290))), 0);
    assert_eq!(total(&db, &search, &left(Some(990))), 0);
    assert_eq!(total(&db, &search, &left(Some(1_990))), 1);
    assert_eq!(total(&db, &search, &left(None)), 2);

    execute(&db, "UPDATE inventory.warehouses SET active = false").await;
    refresher.refresh_stock(db.db()).await.unwrap();
    assert_eq!(total(&db, &search, &left(None)), 0);
    execute(&db, "UPDATE inventory.warehouses SET active = true").await;

    // A bundle has as many as its scarcest component makes: of TOTE-S there is none.
    seed::bundle(&db, shop.mug_white, &[(shop.tote_large, 2)]).await;
    refresher.refresh_stock(db.db()).await.unwrap();
    assert_eq!(total(&db, &search, &left(Some(390))), 1);
    seed::bundle(&db, shop.mug_white, &[(shop.tote_large, 2), (shop.tote_small, 1)]).await;
    refresher.refresh_stock(db.db()).await.unwrap();
    assert_eq!(total(&db, &search, &left(Some(390))), 0);
}
