//! The product list and the product page.

use jiff::SignedDuration;
use kernel::{
    Clock as _, Locale, LocalizedText, Money, PageLimit,
    id::{ProductId, VariantId},
};
use pricing::Audience;
use queries::{
    Availability, ListError, categories,
    products::{ProductKey, ProductQuery, ProductSort, ProductView, detail, list, tiles},
    search,
};
use testkit::{
    TestDb,
    seed::{self, Shop},
};

use crate::prices;

async fn slugs(db: &TestDb, query: &ProductQuery) -> Vec<String> {
    let mut conn = db.db().acquire().await.unwrap();
    let page = list(&mut conn, query, db.clock().now()).await.unwrap();
    page.items.into_iter().map(|item| item.slug).collect()
}

async fn page_of(db: &TestDb, key: &str) -> Option<ProductView> {
    let mut conn = db.db().acquire().await.unwrap();
    detail(&mut conn, &ProductKey::from(key), db.clock().now()).await.unwrap()
}

async fn execute(db: &TestDb, sql: &'static str) {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(sql).execute(&mut *conn).await.unwrap();
}

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

#[tokio::test]
async fn a_tile_sums_up_the_variants() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    execute(&db, "UPDATE catalog.variants SET compare_at = 500 WHERE sku = 'MUG-WHITE'").await;
    let mut conn = db.db().acquire().await.unwrap();
    let query = ProductQuery { sort: ProductSort::PriceAsc, ..ProductQuery::default() };
    let page = list(&mut conn, &query, db.clock().now()).await.unwrap();
    assert_eq!(page.next_cursor, None);
    let [mug, tote] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((mug.id, mug.slug.as_str()), (shop.mug, "mug"));
    assert_eq!(mug.name, LocalizedText::new("馬克杯", "Mug"));
    assert_eq!(mug.category.slug, "kitchen");
    assert_eq!((mug.price_from.amount(), mug.price_to.amount()), (390, 420));
    assert_eq!(mug.compare_at, Some(twd(500)));
    assert_eq!(mug.availability, Availability::InStock, "the best variant counts");
    // The inactive TOTE-OLD (990) is not seen.
    assert_eq!((tote.price_from.amount(), tote.price_to.amount()), (1290, 1990));
    assert_eq!(tote.compare_at, None, "the cheapest variant has no price before");
    assert_eq!(tote.image, None);
}

/// White mugs for NT$ 300 and small bags for NT$ 1,000 for everyone, for an hour; and for members
/// everything for less.
async fn put_price_lists(db: &TestDb, shop: &Shop) {
    let hour = (None, Some(db.clock().now() + SignedDuration::from_hours(1)));
    for (number, audience, mug, tote) in
        [(1, Audience::Everyone, 300, 1_000), (2, Audience::Members, 200, 900)]
    {
        let all = [(shop.mug_white, mug), (shop.tote_small, tote)];
        prices::put(db, number, audience, hour, &all).await;
    }
}

#[tokio::test]
async fn wherever_a_product_is_shown_it_has_the_price_that_is_for_everyone() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    execute(&db, "UPDATE catalog.variants SET compare_at = 1500 WHERE sku = 'TOTE-S'").await;
    put_price_lists(&db, &shop).await;
    let mut conn = db.db().acquire().await.unwrap();
    let query = ProductQuery { sort: ProductSort::PriceAsc, ..ProductQuery::default() };
    let both = [shop.mug, shop.tote];
    for (minutes, mug_price, tote_price) in
        [(0, (300, Some(390)), (1_000, Some(1_500))), (60, (390, None), (1_290, Some(1_500)))]
    {
        db.clock().advance(SignedDuration::from_mins(minutes));
        let now = db.clock().now();
        let listed = list(&mut conn, &query, now).await.unwrap().items;
        let told: Vec<_> = listed
            .iter()
            .map(|tile| (tile.price_from.amount(), tile.compare_at.map(Money::amount)))
            .collect();
        assert_eq!(told, [mug_price, tote_price]);
        assert_eq!(tiles(&mut conn, &both, now).await.unwrap(), listed, "a wish list");
        assert_eq!(search::tiles(&mut conn, &both, now).await.unwrap(), listed, "a search");
        let mug = detail(&mut conn, &ProductKey::from("mug"), now).await.unwrap().unwrap();
        assert_eq!((&mug.summary, &mug.related[..]), (&listed[0], &listed[1..]));
        assert_eq!(mug.variants[0].price.amount(), mug_price.0);
        assert_eq!(mug.variants[0].compare_at.map(Money::amount), mug_price.1);
    }
}

#[tokio::test]
async fn stock_counts_only_where_it_can_be_sold() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let mug = page_of(&db, "mug").await.unwrap();
    let [white, black] = &mug.variants[..] else { panic!() };
    assert_eq!((white.availability, white.available_display), (Availability::InStock, None));
    assert_eq!((black.availability, black.available_display), (Availability::LowStock, Some(1)));

    execute(&db, "UPDATE inventory.warehouses SET active = false WHERE code = 'TPE'").await;
    let mug = page_of(&db, "mug").await.unwrap();
    assert_eq!(mug.variants[0].available_display, Some(5));
    assert_eq!(mug.variants[0].availability, Availability::LowStock);
    assert_eq!(mug.variants[1].availability, Availability::SoldOut);

    execute(&db, "UPDATE inventory.stock SET frozen_by = gen_random_uuid()").await;
    let mug = page_of(&db, "mug").await.unwrap();
    assert_eq!(mug.summary.availability, Availability::SoldOut);
    assert_eq!(mug.variants[0].available_display, Some(0));
}

#[tokio::test]
async fn safety_stock_makes_it_low_earlier() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    execute(&db, "UPDATE inventory.stock SET safety_stock = 100").await;
    let tote = page_of(&db, "tote").await.unwrap();
    assert_eq!(tote.variants[0].sku, "TOTE-L");
    assert_eq!(tote.variants[0].availability, Availability::LowStock);
    assert_eq!(tote.variants[0].available_display, None);
}

#[tokio::test]
async fn a_page_is_found_by_id_and_slug_while_published() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    execute(
        &db,
        "INSERT INTO catalog.images SELECT id, n, 'products/mug-' || n || '.webp', '杯', 'Mug', 8, 6
         FROM catalog.products, generate_series(0, 1) n WHERE slug = 'mug'",
    )
    .await;
    execute(&db, "UPDATE catalog.variants SET image_position = 1 WHERE sku = 'MUG-BLACK'").await;
    let mug = page_of(&db, "mug").await.unwrap();
    assert_eq!(page_of(&db, &shop.mug.to_string()).await, Some(mug.clone()));
    assert_eq!(mug.images.len(), 2);
    assert_eq!(mug.summary.image.unwrap().url, "/media/products/mug-0.webp");
    assert_eq!(mug.variants[0].image, None);
    assert_eq!(mug.variants[1].image.as_ref().unwrap().url, "/media/products/mug-1.webp");

    assert_eq!(page_of(&db, "no-such-thing").await, None);
    execute(&db, "UPDATE catalog.products SET status = 'draft' WHERE slug = 'mug'").await;
    assert_eq!(page_of(&db, "mug").await, None);
    assert_eq!(slugs(&db, &ProductQuery::default()).await, ["tote"]);
}

#[tokio::test]
async fn products_appear_at_their_time_and_not_without_variants() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    execute(
        &db,
        "UPDATE catalog.products SET published_at = published_at + interval '1 hour'
         WHERE slug = 'mug'",
    )
    .await;
    assert_eq!(slugs(&db, &ProductQuery::default()).await, ["tote"]);
    assert_eq!(page_of(&db, "mug").await, None);
    db.clock().advance(SignedDuration::from_hours(1));
    assert_eq!(slugs(&db, &ProductQuery::default()).await, ["mug", "tote"]);
    execute(&db, "UPDATE catalog.variants SET active = false WHERE sku LIKE 'TOTE%'").await;
    assert_eq!(slugs(&db, &ProductQuery::default()).await, ["mug"]);
    assert_eq!(page_of(&db, "tote").await, None);

    let mut conn = db.db().acquire().await.unwrap();
    let shelves = categories::list(&mut conn, db.clock().now()).await.unwrap();
    assert_eq!(shelves.items.len(), 1);
    assert_eq!(shelves.items[0].product_count, 1);
}

#[tokio::test]
async fn filters_have_to_fit_one_and_the_same_variant() {
    let db = TestDb::new().await;
    Shop::small(&db).await;
    let all = ProductQuery::default;
    for (query, expected) in [
        (ProductQuery { category: Some("kitchen".into()), ..all() }, 2),
        (ProductQuery { category: Some("garden".into()), ..all() }, 0),
        (ProductQuery { min_price: Some(twd(421)), ..all() }, 1),
        (ProductQuery { max_price: Some(twd(389)), ..all() }, 0),
        (ProductQuery { max_price: Some(twd(390)), ..all() }, 1),
        (ProductQuery { min_price: Some(twd(400)), max_price: Some(twd(1290)), ..all() }, 2),
        (ProductQuery { in_stock: true, ..all() }, 2),
        // Only the sold-out TOTE-S costs that.
        (
            ProductQuery {
                in_stock: true,
                min_price: Some(twd(1000)),
                max_price: Some(twd(1500)),
                ..all()
            },
            0,
        ),
    ] {
        assert_eq!(slugs(&db, &query).await.len(), expected, "{query:?}");
    }
}

/// Forty products of which many share price, name and time of publication.
async fn many(db: &TestDb) -> Shop {
    let shop = Shop::small(db).await;
    for number in 0..40_u8 {
        let product: ProductId = seed::id(0x80 + number, 0);
        let slug = format!("p{number}");
        let name = format!("Thing {}", number % 7);
        seed::product(db, product, shop.category, &slug, &name, &name).await;
        let price = 100 + i64::from(number % 5);
        seed::variant(db, seed::id(0x80 + number, 9), product, &slug, price).await;
    }
    execute(
        db,
        "UPDATE catalog.products SET published_at = published_at
         - (get_byte(uuid_send(id), 14) % 3) * interval '1 microsecond'",
    )
    .await;
    shop
}

/// Every third of them for less, for everyone; and all of them for next to nothing, for members.
async fn reduce_some(db: &TestDb) {
    let variant = |number: u8| -> VariantId { seed::id(0x80 + number, 9) };
    let price = |number: u8| (variant(number), 60 + i64::from(number % 4));
    let some: Vec<(VariantId, i64)> = (0..40).step_by(3).map(price).collect();
    prices::put(db, 1, Audience::Everyone, (None, None), &some).await;
    let all: Vec<(VariantId, i64)> = (0..40).map(|number| (variant(number), 1)).collect();
    prices::put(db, 2, Audience::Members, (None, None), &all).await;
}

#[tokio::test]
async fn pages_join_without_gaps_or_repeats_in_every_order() {
    let db = TestDb::new().await;
    many(&db).await;
    every_order_joins(&db).await;
    reduce_some(&db).await;
    every_order_joins(&db).await;
}

async fn every_order_joins(db: &TestDb) {
    let mut conn = db.db().acquire().await.unwrap();
    for sort in [
        ProductSort::Relevance,
        ProductSort::Newest,
        ProductSort::PriceAsc,
        ProductSort::PriceDesc,
        ProductSort::Name,
    ] {
        for (locale, max_price) in [(Locale::ZhTw, None), (Locale::En, Some(twd(101)))] {
            let whole = ProductQuery { sort, locale, max_price, ..ProductQuery::default() };
            let whole = ProductQuery { limit: PageLimit::clamped(Some(100)), ..whole };
            let expected = slugs(db, &whole).await;
            assert!(expected.len() > 4);
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let query =
                    ProductQuery { cursor, limit: PageLimit::clamped(Some(3)), ..whole.clone() };
                let page = list(&mut conn, &query, db.clock().now()).await.unwrap();
                seen.extend(page.items.into_iter().map(|item| item.slug));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{sort:?} {locale:?}");
        }
    }
}

#[tokio::test]
async fn the_orders_are_what_they_say() {
    let db = TestDb::new().await;
    many(&db).await;
    reduce_some(&db).await;
    let mut conn = db.db().acquire().await.unwrap();
    let mut sorted = async |sort, locale| {
        let limit = PageLimit::clamped(Some(100));
        let query = ProductQuery { sort, locale, limit, ..ProductQuery::default() };
        list(&mut conn, &query, db.clock().now()).await.unwrap().items
    };
    let cheapest = sorted(ProductSort::PriceAsc, Locale::En).await;
    assert!(cheapest.is_sorted_by_key(|item| item.price_from));
    assert_eq!(cheapest[0].price_from, twd(60), "by the price that is for everyone");
    let dearest = sorted(ProductSort::PriceDesc, Locale::En).await;
    assert!(dearest.is_sorted_by(|a, b| a.price_from >= b.price_from));
    let named = sorted(ProductSort::Name, Locale::En).await;
    assert!(named.is_sorted_by_key(|item| item.name.en.to_lowercase()));
    let named = sorted(ProductSort::Name, Locale::ZhTw).await;
    assert!(named.is_sorted_by_key(|item| item.name.zh_tw.clone()));
}

#[tokio::test]
async fn a_foreign_cursor_is_refused() {
    let db = TestDb::new().await;
    let mut conn = db.db().acquire().await.unwrap();
    for cursor in ["x", "e30", "eyJOZXdlc3QiOlsxXX0"] {
        let query = ProductQuery { cursor: Some(cursor.into()), ..ProductQuery::default() };
        let refused = list(&mut conn, &query, db.clock().now()).await;
        assert!(matches!(refused, Err(ListError::Cursor(_))), "{cursor}");
    }
}
