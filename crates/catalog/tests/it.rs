//! The catalogue on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "it/bundles.rs"]
mod bundles;
#[path = "it/editing.rs"]
mod editing;
#[path = "it/pictures.rs"]
mod pictures;

use catalog::{
    CatalogError, Category, Description, ImageRef, OfferBook, Product, ProductOption,
    ProductStatus, Slug, Variant, offers, put_category, put_product,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, LocalizedText, Money, id::VariantId};
use testkit::{TestDb, seed};

fn both(text: &str) -> LocalizedText {
    LocalizedText::new(format!("{text}中"), text)
}

fn image(key: &str) -> ImageRef {
    ImageRef { key: key.into(), alt: both(key), width: 800, height: 600 }
}

fn variant(number: u8, sku: &str, size: &str, price: i64) -> Variant {
    Variant {
        id: seed::id(number, number & 63),
        sku: sku.into(),
        barcode: None,
        name: both(size),
        options: vec![both(size)],
        price: Money::twd(price).unwrap(),
        compare_at: None,
        weight_g: 250,
        image: None,
        purchase_limit: None,
        active: true,
    }
}

fn bowl(at: Timestamp) -> Product {
    Product {
        id: seed::id(2, 0),
        slug: Slug::new("bowl").unwrap(),
        category_id: seed::id(1, 0),
        name: both("Bowl"),
        subtitle: LocalizedText::default(),
        description: Description::plain(both("A bowl.")),
        badges: vec!["new".into()],
        tags: vec![],
        options: vec![ProductOption {
            name: both("Size"),
            values: vec![both("Small"), both("Large")],
        }],
        status: ProductStatus::Published { at },
        images: vec![image("products/bowl-1.webp"), image("products/bowl-2.webp")],
        variants: vec![
            variant(10, "BOWL-S", "Small", 300),
            Variant { image: Some(1), ..variant(11, "BOWL-L", "Large", 500) },
        ],
        related: vec![],
    }
}

async fn shop() -> (TestDb, Timestamp) {
    let db = TestDb::new().await;
    let mut conn = db.db().acquire().await.unwrap();
    let category = Category {
        id: seed::id(1, 0),
        slug: Slug::new("kitchen").unwrap(),
        name: both("Kitchen"),
        parent: None,
        position: 1,
    };
    put_category(&mut conn, &category, db.clock().now()).await.unwrap();
    drop(conn);
    let now = db.clock().now();
    (db, now)
}

async fn put(db: &TestDb, product: &Product) -> Result<(), CatalogError> {
    let mut tx = db.db().begin().await.unwrap();
    put_product(&mut tx, product, db.clock().now()).await?;
    tx.commit().await.unwrap();
    Ok(())
}

async fn offer(db: &TestDb, number: u8, now: Timestamp) -> Option<catalog::Offer> {
    let id: VariantId = seed::id(number, number & 63);
    let mut conn = db.db().acquire().await.unwrap();
    offers(&mut conn, &[id], now).await.unwrap().remove(&id)
}

#[tokio::test]
async fn an_offer_says_what_the_order_engine_needs() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let large = offer(&db, 11, now).await.unwrap();
    assert_eq!(&*large.sku, "BOWL-L");
    assert_eq!(&*large.product_slug, "bowl");
    assert_eq!((large.name, large.variant_name), (both("Bowl"), both("Large")));
    assert_eq!(large.price.amount(), 500);
    assert_eq!(large.image.unwrap().key, "products/bowl-2.webp");
    assert!(large.sellable);
    let small = offer(&db, 10, now).await.unwrap();
    assert_eq!(small.image.unwrap().key, "products/bowl-1.webp");
    assert_eq!(offer(&db, 99, now).await, None);
    let mut conn = db.db().acquire().await.unwrap();
    let twice = [seed::id(10, 10), seed::id(10, 10), seed::id(11, 11)];
    assert_eq!(offers(&mut conn, &twice, now).await.unwrap().len(), 2);
    assert!(offers(&mut conn, &[], now).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_what_is_active_and_published_by_now_is_sellable() {
    let (db, now) = shop().await;
    let tomorrow = now + SignedDuration::from_hours(24);
    put(&db, &bowl(tomorrow)).await.unwrap();
    assert!(!offer(&db, 10, now).await.unwrap().sellable);
    assert!(offer(&db, 10, tomorrow).await.unwrap().sellable);

    let mut one_off = bowl(now);
    one_off.variants[0].active = false;
    put(&db, &one_off).await.unwrap();
    assert!(!offer(&db, 10, now).await.unwrap().sellable);
    assert!(offer(&db, 11, now).await.unwrap().sellable);

    put(&db, &Product { status: ProductStatus::Archived, ..bowl(now) }).await.unwrap();
    assert!(!offer(&db, 11, tomorrow).await.unwrap().sellable);
}

#[tokio::test]
async fn putting_again_changes_in_place_and_never_deletes_a_variant() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let mut changed = bowl(now);
    changed.name = both("Deep bowl");
    changed.images.pop();
    changed.variants.pop();
    changed.variants[0].price = Money::twd(280).unwrap();
    changed.variants.push(variant(12, "BOWL-XL", "Large", 700));
    put(&db, &changed).await.unwrap();

    let small = offer(&db, 10, now).await.unwrap();
    assert_eq!((small.name, small.price.amount()), (both("Deep bowl"), 280));
    assert!(!offer(&db, 11, now).await.unwrap().sellable, "left out: inactive, not gone");
    assert!(offer(&db, 12, now).await.unwrap().sellable);
}

#[tokio::test]
async fn conflicts_are_named_and_write_nothing() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let mut other = bowl(now);
    other.id = seed::id(3, 0);
    assert!(matches!(put(&db, &other).await, Err(CatalogError::SlugTaken)));
    other.slug = Slug::new("other-bowl").unwrap();
    assert!(matches!(put(&db, &other).await, Err(CatalogError::ForeignVariant)));
    other.variants = vec![variant(20, "BOWL-S", "Small", 1)];
    assert!(matches!(put(&db, &other).await, Err(CatalogError::SkuTaken)));
    other.variants = vec![variant(20, "OTHER", "Small", 1)];
    other.category_id = seed::id(77, 0);
    assert!(matches!(put(&db, &other).await, Err(CatalogError::UnknownCategory)));
    other.variants.clear();
    assert!(matches!(put(&db, &other).await, Err(CatalogError::Invalid(_))));

    assert_eq!(offer(&db, 20, now).await, None);
    assert_eq!(offer(&db, 10, now).await.unwrap().price.amount(), 300);
}

#[tokio::test]
async fn the_book_says_what_the_database_says_after_every_change() {
    let (db, now) = shop().await;
    let product = bowl(now);
    put(&db, &product).await.unwrap();
    let book = OfferBook::default();
    let asked: Vec<VariantId> = vec![seed::id(10, 10), seed::id(11, 11), seed::id(12, 12)];
    let before_it = now - SignedDuration::from_secs(1);
    let mut conn = db.db().acquire().await.unwrap();
    let changes = [
        "UPDATE catalog.variants SET price = price + 1",
        "UPDATE catalog.products SET name_zh = 'other'",
        "UPDATE catalog.images SET object_key = object_key || 'x'",
        "UPDATE catalog.products SET status = 'archived'",
        "UPDATE catalog.products SET status = 'published'",
        "UPDATE catalog.variants SET active = false WHERE sku = 'BOWL-L'",
        "UPDATE catalog.variants SET purchase_limit = 2",
        "DELETE FROM catalog.images",
    ];
    for change in std::iter::once(None).chain(changes.map(Some)) {
        if let Some(sql) = change {
            let mut owner = db.owner().acquire().await.unwrap();
            sqlx::query(sql).execute(&mut *owner).await.unwrap();
        }
        // The second time out of memory, and the time of asking still counts.
        for at in [now, now, before_it] {
            let kept = book.offers(&mut conn, &asked, at).await.unwrap();
            let read = offers(&mut conn, &asked, at).await.unwrap();
            assert_eq!(kept, read, "{change:?}");
        }
    }
    assert_eq!(offers(&mut conn, &asked, now).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_book_shows_a_change_with_its_commit_and_not_before() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let (book, asked) = (OfferBook::default(), [seed::id(10, 10)]);
    let mut conn = db.db().acquire().await.unwrap();
    let mut price = async || book.offers(&mut conn, &asked, now).await.unwrap()[&asked[0]].price;
    assert_eq!(price().await, Money::twd(300).unwrap());
    let mut change = db.db().begin().await.unwrap();
    sqlx::query("UPDATE catalog.variants SET price = 333").execute(&mut *change).await.unwrap();
    assert_eq!(price().await, Money::twd(300).unwrap());
    change.commit().await.unwrap();
    assert_eq!(price().await, Money::twd(333).unwrap());
    let mut undone = db.db().begin().await.unwrap();
    sqlx::query("UPDATE catalog.variants SET price = 1").execute(&mut *undone).await.unwrap();
    undone.rollback().await.unwrap();
    assert_eq!(price().await, Money::twd(333).unwrap());
}
