//! Bundles: what may be one, what may be in one, and what the order engine is told.

use catalog::{
    BundleError, BundlePart, OfferBook, bundles::components, check_stockable, put_bundle,
};
use jiff::Timestamp;
use kernel::{Clock as _, id::VariantId};
use testkit::{
    TestDb,
    seed::{self, Shop},
};

fn part(variant: VariantId, quantity: u32) -> BundlePart {
    BundlePart { variant, quantity }
}

async fn put(
    db: &TestDb,
    bundle: VariantId,
    parts: &[BundlePart],
) -> Result<Vec<(VariantId, u32)>, BundleError> {
    let mut tx = db.db().begin().await.unwrap();
    let before = put_bundle(&mut tx, bundle, parts).await?;
    tx.commit().await.unwrap();
    Ok(before.iter().map(|it| (it.variant, it.quantity)).collect())
}

async fn made_of(db: &TestDb, bundle: VariantId) -> Vec<(VariantId, u32)> {
    let mut conn = db.db().acquire().await.unwrap();
    let parts = components(&mut conn, bundle).await.unwrap();
    parts.iter().map(|it| (it.variant, it.quantity)).collect()
}

async fn stockable(db: &TestDb, variant: VariantId) -> Result<(), BundleError> {
    let mut tx = db.db().begin().await.unwrap();
    check_stockable(&mut tx, variant).await
}

#[tokio::test]
async fn a_bundle_is_what_it_was_last_said_to_be() {
    let db = TestDb::new().await;
    let Shop { mug_white: white, mug_black: black, tote_small: small, .. } = Shop::small(&db).await;
    assert!(stockable(&db, small).await.is_ok());
    let before = put(&db, small, &[part(black, 1), part(white, 1000)]).await.unwrap();
    assert!(before.is_empty());
    assert_eq!(made_of(&db, small).await, [(white, 1000), (black, 1)]);
    assert!(matches!(stockable(&db, small).await, Err(BundleError::IsBundle)));
    assert!(stockable(&db, white).await.is_ok());

    let before = put(&db, small, &[part(black, 2)]).await.unwrap();
    assert_eq!(before, [(white, 1000), (black, 1)]);
    assert_eq!(made_of(&db, small).await, [(black, 2)]);
    assert_eq!(put(&db, small, &[]).await.unwrap(), [(black, 2)]);
    assert!(made_of(&db, small).await.is_empty());
    assert!(stockable(&db, small).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_a_bundle_is_refused_and_changes_nothing() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let (pair, white) = (shop.tote_small, shop.mug_white);
    put(&db, pair, &[part(white, 2)]).await.unwrap();
    let unknown: VariantId = seed::id(0xee, 5);
    let many = |count: u8| (0..count).map(|n| part(seed::id(n, 63), 1)).collect::<Vec<_>>();
    let black = shop.mug_black;
    for (bundle, parts, reason) in [
        (unknown, vec![part(white, 1)], "there is no such variant"),
        (unknown, vec![], "there is no such variant"),
        (black, vec![part(white, 1), part(unknown, 1)], "component 1 does not exist"),
        (black, vec![part(white, 1), part(black, 1)], "component 1 is the bundle itself"),
        (black, vec![part(white, 1), part(white, 1)], "component 1 appears twice"),
        (black, vec![part(white, 0)], "the quantity of component 0 is out of range"),
        (black, vec![part(white, 1001)], "the quantity of component 0 is out of range"),
        (black, vec![part(white, 1), part(pair, 1)], "component 1 is a bundle"),
        (white, vec![part(black, 1)], "the variant is part of another bundle"),
        (black, many(21), "too many components"),
        (black, many(20), "component 0 does not exist"),
    ] {
        let refused = put(&db, bundle, &parts).await.unwrap_err();
        assert_eq!(refused.to_string(), reason);
    }
    assert_eq!(made_of(&db, pair).await, [(white, 2)]);
    assert!(made_of(&db, black).await.is_empty());
    assert!(made_of(&db, white).await.is_empty());
    assert!(matches!(stockable(&db, unknown).await, Err(BundleError::UnknownVariant)));
    // By hand neither.
    let mut conn = db.owner().acquire().await.unwrap();
    let itself = sqlx::query("INSERT INTO catalog.bundle_components VALUES ($1, $1, 1)");
    let refused = itself.bind(black.as_uuid()).execute(&mut *conn).await.unwrap_err();
    let constraint = refused.as_database_error().unwrap().constraint().map(str::to_owned);
    assert_eq!(constraint.as_deref(), Some("bundle_components_itself_check"));
}

/// Two people make each other's component a bundle at the same moment: one of them is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bundle_of_bundles_comes_out_of_a_race() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let (a, b, c) = (shop.mug_black, shop.tote_small, shop.mug_white);
    for _ in 0..10 {
        let (of_b, of_c) = ([part(b, 1)], [part(c, 1)]);
        let (outer, inner) = tokio::join!(put(&db, a, &of_b), put(&db, b, &of_c));
        assert_ne!(outer.is_ok(), inner.is_ok(), "{outer:?} {inner:?}");
        put(&db, a, &[]).await.unwrap();
        put(&db, b, &[]).await.unwrap();
    }
}

/// Who brings stock in and who makes a bundle of the same variant take turns.
#[tokio::test]
async fn a_variant_that_stock_is_brought_in_for_does_not_become_a_bundle_meanwhile() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let mut receiving = db.db().begin().await.unwrap();
    check_stockable(&mut receiving, shop.tote_small).await.unwrap();
    let parts = [part(shop.mug_white, 1)];
    let putting = put(&db, shop.tote_small, &parts);
    tokio::pin!(putting);
    let pause = std::time::Duration::from_millis(50);
    assert!(tokio::time::timeout(pause, &mut putting).await.is_err(), "it has to wait");
    receiving.commit().await.unwrap();
    putting.await.unwrap();
    assert!(matches!(stockable(&db, shop.tote_small).await, Err(BundleError::IsBundle)));
}

#[tokio::test]
async fn the_book_tells_of_a_bundle_as_soon_as_it_is_one() {
    let db = TestDb::new().await;
    let shop = Shop::small(&db).await;
    let (book, now): (OfferBook, Timestamp) = (OfferBook::default(), db.clock().now());
    let small = shop.tote_small;
    let mut conn = db.db().acquire().await.unwrap();
    let before = book.read(&mut conn, &[small], now).await.unwrap();
    assert!(before.offers[&small].bundle.is_none());
    assert!(before.offers[&small].components().is_empty());
    put(&db, small, &[part(shop.mug_white, 3)]).await.unwrap();
    let after = book.read(&mut conn, &[small], now).await.unwrap();
    assert!(after.revision > before.revision);
    assert_eq!(catalog::revision(&mut conn).await.unwrap(), after.revision);
    let [component] = after.offers[&small].components() else { panic!("{after:?}") };
    assert_eq!((component.variant, component.quantity), (shop.mug_white, 3));
    assert_eq!((&*component.sku, &*component.name.en), ("MUG-WHITE", "Mug"));
    // Out of memory just the same.
    let kept = book.read(&mut conn, &[small], now).await.unwrap();
    assert_eq!((kept.offers, kept.revision), (after.offers, after.revision));
    put(&db, small, &[]).await.unwrap();
    let ordinary = book.offers(&mut conn, &[small], now).await.unwrap();
    assert!(ordinary[&small].bundle.is_none());
}
