//! Lists of products and the search go by the price that is for everyone at that moment.

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, LocalizedText, Money, PageLimit, id::VariantId};
use pricing::{Audience, PriceList, price_lists};
use queries::{
    products::{ProductQuery, ProductSort, ProductSummary, list},
    search::{Refresher, tiles},
};
use search::{Search, SearchQuery, SearchSort};
use testkit::{TestDb, seed::Shop};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Puts up a price list of this number with these prices, from a moment on and until another one.
pub async fn put(
    db: &TestDb,
    number: u128,
    audience: Audience,
    (valid_from, valid_until): (Option<Timestamp>, Option<Timestamp>),
    prices: &[(VariantId, i64)],
) {
    let list = PriceList {
        id: uuid::Uuid::from_u128(number).into(),
        name: LocalizedText::new("週年慶", "Anniversary"),
        audience,
        valid_from,
        valid_until,
        active: true,
    };
    let (mut conn, now) = (db.db().acquire().await.unwrap(), db.clock().now());
    price_lists::add(&mut conn, &list, now).await.unwrap();
    let price = |(variant, amount): &(VariantId, i64)| (*variant, Some(twd(*amount)));
    let prices: Vec<_> = prices.iter().map(price).collect();
    price_lists::put_entries(&mut conn, list.id, &prices, 1, now).await.unwrap();
}

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

/// For an hour, in an hour, for everyone: small bags for NT$ 350; black mugs for NT$ 400, and by another
/// list for more than they cost. For members, everything for NT$ 1.
async fn sale(db: &TestDb, shop: &Shop) {
    let begin = db.clock().now() + HOUR;
    let hour = (Some(begin), Some(begin + HOUR));
    put(db, 1, Audience::Everyone, hour, &[(shop.tote_small, 350), (shop.mug_black, 430)]).await;
    put(db, 2, Audience::Everyone, hour, &[(shop.mug_black, 400)]).await;
    let all = [shop.mug_white, shop.mug_black, shop.tote_large, shop.tote_small].map(|it| (it, 1));
    put(db, 3, Audience::Members, (None, None), &all).await;
}

/// What is asked of the list and of the search.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    min: Option<i64>,
    max: Option<i64>,
    in_stock: bool,
    dearest_first: bool,
}

/// Slugs, with the prices to be expected on the tiles.
type Shown = &'static [(&'static str, i64)];

/// Slugs, with the prices on the tiles.
type Tiles = Vec<(String, i64)>;

fn told(tiles: Vec<ProductSummary>) -> Tiles {
    tiles.into_iter().map(|tile| (tile.slug, tile.price_from.amount())).collect()
}

/// What is on the list.
async fn listed(db: &TestDb, asked: Asked) -> Tiles {
    let Asked { min, max, in_stock, dearest_first } = asked;
    let sort = if dearest_first { ProductSort::PriceDesc } else { ProductSort::PriceAsc };
    let (min_price, max_price) = (min.map(twd), max.map(twd));
    let query = ProductQuery { sort, min_price, max_price, in_stock, ..ProductQuery::default() };
    let mut conn = db.db().acquire().await.unwrap();
    told(list(&mut conn, &query, db.clock().now()).await.unwrap().items)
}

/// What is found, by this index.
async fn found(db: &TestDb, index: &Search, asked: Asked) -> Tiles {
    let Asked { min, max, in_stock, dearest_first } = asked;
    let sort = if dearest_first { SearchSort::PriceDesc } else { SearchSort::PriceAsc };
    let (min_price, max_price) = (min, max);
    let query = SearchQuery { sort, min_price, max_price, in_stock, ..SearchQuery::default() };
    let now = db.clock().now();
    let found = index.snapshot().unwrap().search(&query, now).unwrap();
    assert_eq!(found.total, found.page.items.len());
    let mut conn = db.db().acquire().await.unwrap();
    told(tiles(&mut conn, &found.page.items, now).await.unwrap())
}

#[tokio::test]
async fn lists_and_the_search_go_by_what_everyone_pays_at_that_moment() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let index = Search::default();
    let mut refresher = Refresher::new(index.clone());
    refresher.refresh(db.db()).await.unwrap();
    sale(&db, &shop).await;
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2), "it has heard of the lists");

    let all = Asked::default();
    let between = |min, max| Asked { min: Some(min), max: Some(max), ..all };
    // What is asked; what there is at the own prices, and what during the sale.
    let cases: [(Asked, Shown, Shown); 8] = [
        (all, &[("mug", 390), ("tote", 1_290)], &[("tote", 350), ("mug", 390)]),
        (
            Asked { dearest_first: true, ..all },
            &[("tote", 1_290), ("mug", 390)],
            &[("mug", 390), ("tote", 350)],
        ),
        (between(0, 350), &[], &[("tote", 350)]),
        (between(0, 349), &[], &[]),
        (between(400, 400), &[], &[("mug", 390)]),
        (between(401, 1_290), &[("mug", 390), ("tote", 1_290)], &[]),
        (Asked { min: Some(1_500), ..all }, &[("tote", 1_290)], &[("tote", 350)]),
        // Small bags are sold out.
        (Asked { max: Some(390), in_stock: true, ..all }, &[("mug", 390)], &[("mug", 390)]),
    ];
    let moment = SignedDuration::from_micros(1);
    // Just before it begins, its first and its last moment, its end.
    for (pass, is_sale) in
        [(HOUR - moment, false), (moment, true), (HOUR - moment, true), (moment, false)]
    {
        db.clock().advance(pass);
        for (asked, own, during) in cases {
            let expected = if is_sale { during } else { own };
            let expected: Tiles =
                expected.iter().map(|(slug, price)| ((*slug).to_owned(), *price)).collect();
            assert_eq!(listed(&db, asked).await, expected, "{asked:?}, sale: {is_sale}");
            assert_eq!(found(&db, &index, asked).await, expected, "{asked:?}, sale: {is_sale}");
        }
    }
}

#[tokio::test]
async fn a_price_list_that_is_changed_or_removed_is_followed_by_the_search() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let index = Search::default();
    let mut refresher = Refresher::new(index.clone());
    let cheapest = Asked { max: Some(350), ..Asked::default() };
    put(&db, 1, Audience::Everyone, (None, None), &[(shop.tote_small, 350)]).await;
    refresher.refresh(db.db()).await.unwrap();
    assert_eq!(found(&db, &index, cheapest).await, [("tote".to_owned(), 350)]);

    let mut conn = db.db().acquire().await.unwrap();
    let id = uuid::Uuid::from_u128(1).into();
    let prices = [(shop.tote_small, None), (shop.mug_white, Some(twd(300)))];
    price_lists::put_entries(&mut conn, id, &prices, 2, db.clock().now()).await.unwrap();
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2));
    assert_eq!(found(&db, &index, cheapest).await, [("mug".to_owned(), 300)]);

    price_lists::remove(&mut conn, id, 3).await.unwrap();
    assert_eq!(refresher.refresh(db.db()).await.unwrap(), Some(2));
    assert!(found(&db, &index, cheapest).await.is_empty());
}

#[tokio::test]
async fn a_price_list_may_begin_between_two_pages() {
    let cases: [(ProductSort, &str, Shown); 2] = [
        // The bag moves to where the page before was: it is not seen.
        (ProductSort::PriceAsc, "mug", &[]),
        // It moves to where pages have yet to come: it is seen twice.
        (ProductSort::PriceDesc, "tote", &[("mug", 390), ("tote", 350)]),
    ];
    for (sort, first, then) in cases {
        let db = TestDb::new().await;
        let shop = Shop::small(&db).await;
        sale(&db, &shop).await;
        let mut conn = db.db().acquire().await.unwrap();
        let query =
            ProductQuery { sort, limit: PageLimit::clamped(Some(1)), ..ProductQuery::default() };
        let page = list(&mut conn, &query, db.clock().now()).await.unwrap();
        assert_eq!(page.items[0].slug, first);
        assert!(page.next_cursor.is_some());

        db.clock().advance(HOUR);
        let cursor = page.next_cursor;
        let query = ProductQuery { sort, cursor, ..ProductQuery::default() };
        let page = list(&mut conn, &query, db.clock().now()).await.unwrap();
        assert_eq!(page.next_cursor, None);
        let then: Tiles = then.iter().map(|(slug, price)| ((*slug).to_owned(), *price)).collect();
        assert_eq!(told(page.items), then, "{sort:?}");
    }
}
