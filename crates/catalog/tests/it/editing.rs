//! Products and categories as people change them: versions, the tree, slugs, states.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
};

use catalog::{
    EditContext, Misplaced, Move, MoveError, StoredCategory, add_category, add_product, category,
    change_category, change_product, delete_category, move_product, product,
};
use kernel::{
    Ids,
    id::{CategoryId, ProductId},
};

use super::*;

/// Each transaction draws other ids, although the clock stands still.
static SEED: AtomicU64 = AtomicU64::new(1000);

/// Does something in a transaction of its own, which ends as it should.
macro_rules! within {
    ($db:expr, $change:ident($($argument:expr),+)) => {{
        let (db, ids) = ($db, Ids::from_seed(SEED.fetch_add(1, Ordering::Relaxed)));
        let clock = db.clock();
        let mut tx = db.db().begin().await.unwrap();
        let done = $change(&mut tx, $($argument,)+ &EditContext { clock: &*clock, ids: &ids }).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    }};
}

fn shelf(number: u8, parent: Option<u8>) -> Category {
    Category {
        id: seed::id(number, 0),
        slug: Slug::new(format!("shelf-{number}")).unwrap(),
        name: both("Shelf"),
        parent: parent.map(|number| seed::id(number, 0)),
        position: 1,
    }
}

async fn text(db: &TestDb, sql: &'static str) -> Vec<String> {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query_scalar(sql).fetch_all(&mut *conn).await.unwrap()
}

const EVENTS: &str = "SELECT type FROM outbox.events ORDER BY tx, position";

async fn stored(db: &TestDb, id: CategoryId) -> StoredCategory {
    category(&mut db.db().acquire().await.unwrap(), id).await.unwrap().unwrap()
}

#[tokio::test]
async fn categories_are_moved_told_and_deleted_when_empty() {
    let (db, now) = shop().await;
    within!(&db, add_category(&shelf(30, None))).unwrap();
    within!(&db, add_category(&shelf(31, Some(30)))).unwrap();
    let moved = Category { parent: Some(seed::id(1, 0)), ..shelf(31, None) };
    let (before, after) = within!(&db, change_category(&moved, 1)).unwrap();
    assert_eq!((before.category, before.version), (shelf(31, Some(30)), 1));
    assert_eq!((&after.category, after.version), (&moved, 2));
    assert_eq!(stored(&db, moved.id).await, after);
    let same = within!(&db, change_category(&moved, 2)).unwrap();
    assert_eq!(same, (after.clone(), after), "nothing is written");

    put(&db, &Product { category_id: moved.id, ..bowl(now) }).await.unwrap();
    for (id, version) in [(moved.id, 2), (seed::id(1, 0), 1)] {
        let refused = within!(&db, delete_category(id, version));
        assert!(matches!(refused, Err(CatalogError::NotEmpty)), "a product, a category lie in it");
    }
    let gone = within!(&db, delete_category(seed::id(30, 0), 1)).unwrap();
    assert_eq!(gone.category, shelf(30, None));
    let again = within!(&db, delete_category(seed::id(30, 0), 1));
    assert!(matches!(again, Err(CatalogError::NotFound)));
    let told = ["category.changed", "category.changed", "category.changed", "category.deleted"];
    assert_eq!(text(&db, EVENTS).await, told);
}

#[tokio::test]
async fn what_cannot_be_changed_changes_nothing() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    within!(&db, add_category(&shelf(30, None))).unwrap();
    within!(&db, add_category(&shelf(31, Some(30)))).unwrap();
    let before = (text(&db, EVENTS).await, stored(&db, seed::id(30, 0)).await);
    let id: ProductId = bowl(now).id;
    let kept = product(&mut db.db().acquire().await.unwrap(), id).await.unwrap().unwrap();

    let into_itself = Category { parent: Some(seed::id(31, 0)), ..shelf(30, None) };
    let refused = within!(&db, change_category(&into_itself, 1));
    assert!(matches!(refused, Err(CatalogError::Misplaced(Misplaced::Cycle))));
    let refused = within!(&db, change_category(&shelf(30, Some(1)), 2));
    assert!(matches!(refused, Err(CatalogError::Changed)));
    let taken = Category { slug: Slug::new("kitchen").unwrap(), ..shelf(30, None) };
    let refused = within!(&db, change_category(&taken, 1));
    assert!(matches!(refused, Err(CatalogError::SlugTaken)));

    let other = Product { name: both("Other"), ..bowl(now) };
    let refused = within!(&db, change_product(other.clone(), 2));
    assert!(matches!(refused, Err(CatalogError::Changed)), "an older version was seen");
    let lost = Product { related: vec![seed::id(99, 0)], ..other.clone() };
    let refused = within!(&db, change_product(lost, 1));
    assert!(matches!(refused, Err(CatalogError::UnknownRelated)));
    let foreign = Product { id: seed::id(98, 0), ..other };
    let refused = within!(&db, change_product(foreign, 1));
    assert!(matches!(refused, Err(CatalogError::NotFound)));
    let refused = within!(&db, move_product(id, Move::Publish, 1));
    let why = matches!(refused, Err(CatalogError::Move(MoveError::Illegal(_))));
    assert!(why, "it is published");

    assert_eq!((text(&db, EVENTS).await, stored(&db, seed::id(30, 0)).await), before);
    let now = product(&mut db.db().acquire().await.unwrap(), id).await.unwrap().unwrap();
    assert_eq!(now, kept);
}

/// Two people move each other's category into their own at the same moment: one of them is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_circle_comes_out_of_a_race() {
    let (db, _) = shop().await;
    for number in [30, 31] {
        within!(&db, add_category(&shelf(number, None))).unwrap();
    }
    for _ in 0..10 {
        let versions = (
            stored(&db, seed::id(30, 0)).await.version,
            stored(&db, seed::id(31, 0)).await.version,
        );
        let one = async { within!(&db, change_category(&shelf(30, Some(31)), versions.0)) };
        let other = async { within!(&db, change_category(&shelf(31, Some(30)), versions.1)) };
        let (one, other) = tokio::join!(one, other);
        assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
        let refused = one.err().or(other.err());
        let why = matches!(refused, Some(CatalogError::Misplaced(Misplaced::Cycle)));
        assert!(why, "{refused:?}");
        for number in [30, 31] {
            let seen = stored(&db, seed::id(number, 0)).await.version;
            within!(&db, change_category(&shelf(number, None), seen)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_product_is_added_changed_and_told() {
    let (db, now) = shop().await;
    let added = within!(&db, add_product(bowl(now))).unwrap();
    assert_eq!((added.product.status, added.version), (ProductStatus::Draft, 1));
    let html = LocalizedText::new("<p>碗<script>x</script></p>", "<p>A <b>bowl</b></p>");
    let changed = Product {
        slug: Slug::new("deep-bowl").unwrap(),
        description: Description::rich(&html),
        tags: vec!["禮物".into()],
        ..bowl(now)
    };
    let (before, after) = within!(&db, change_product(changed.clone(), 1)).unwrap();
    assert_eq!(before, added);
    assert_eq!(after.product, Product { status: ProductStatus::Draft, ..changed });
    assert_eq!(&*after.product.description.text().en, "A bowl");
    assert_eq!(&*after.product.description.html().unwrap().zh_tw, "<p>碗</p>");
    let mut fewer = after.product.clone();
    let large = fewer.variants.pop().unwrap();
    let (_, after) = within!(&db, change_product(fewer, 2)).unwrap();
    let inactive = Variant { active: false, ..large };
    assert_eq!(after.product.variants[1], inactive, "left out: inactive, not gone");
    assert_eq!(text(&db, EVENTS).await, ["product.created", "product.changed", "product.changed"]);
    let former = "SELECT data::jsonb ->> 'former_slug' FROM outbox.events
                  WHERE data::jsonb ->> 'former_slug' IS NOT NULL";
    assert_eq!(text(&db, former).await, ["bowl"]);
}

#[tokio::test]
async fn a_scheduled_product_is_sold_from_its_time_on_also_out_of_memory() {
    let (db, now) = shop().await;
    within!(&db, add_product(bowl(now))).unwrap();
    let (book, asked) = (OfferBook::default(), [seed::id(10, 10)]);
    let sellable = async || {
        let mut conn = db.db().acquire().await.unwrap();
        let at = db.clock().now();
        let read = offers(&mut conn, &asked, at).await.unwrap()[&asked[0]].sellable;
        let kept = book.offers(&mut conn, &asked, at).await.unwrap()[&asked[0]].sellable;
        assert_eq!(read, kept);
        (kept, catalog::revision(&mut conn).await.unwrap())
    };
    assert!(!sellable().await.0, "a draft");
    let hour = SignedDuration::from_hours(1);
    let id = bowl(now).id;
    within!(&db, move_product(id, Move::Schedule(now + hour), 1)).unwrap();
    let (before, revision) = sellable().await;
    db.clock().advance(hour - SignedDuration::from_secs(1));
    assert_eq!((before, sellable().await), (false, (false, revision)));
    db.clock().advance(SignedDuration::from_secs(1));
    assert_eq!(sellable().await, (true, revision), "nobody changed anything: its time came");
    within!(&db, move_product(id, Move::Archive, 2)).unwrap();
    assert!(!sellable().await.0);
    within!(&db, move_product(id, Move::Publish, 3)).unwrap();
    assert!(sellable().await.0);
    within!(&db, move_product(id, Move::Withdraw, 4)).unwrap();
    assert!(!sellable().await.0);
    let told = [
        "product.created",
        "product.scheduled",
        "product.archived",
        "product.published",
        "product.withdrawn",
    ];
    assert_eq!(text(&db, EVENTS).await, told);
}

/// A hundred renames at random among few names: at any moment every name that was ever used leads to
/// one product at most, and who follows it once is there.
#[tokio::test]
async fn slugs_lead_somewhere_in_one_step_however_they_change() {
    let (db, now) = shop().await;
    let ids = Ids::from_seed(11);
    let names: Vec<String> = (0..6).map(|number| format!("name-{number}")).collect();
    let mut tx = db.db().begin().await.unwrap();
    for number in 0..3_u8 {
        let mut it = bowl(now);
        it.id = seed::id(60 + number, 0);
        it.slug = Slug::new(&*names[usize::from(number)]).unwrap();
        it.variants = vec![variant(60 + number, &format!("N-{number}"), "Small", 1)];
        put_product(&mut tx, &it, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut renamed = 0;
    for _ in 0..100 {
        let [who, whereto] = ids.bytes::<2>();
        let id: ProductId = seed::id(60 + who % 3, 0);
        let found = product(&mut db.db().acquire().await.unwrap(), id).await.unwrap().unwrap();
        let slug = Slug::new(&*names[usize::from(whereto % 6)]).unwrap();
        let wish = Product { slug, ..found.product };
        match within!(&db, change_product(wish, found.version)) {
            Ok((before, after)) => renamed += u32::from(before != after),
            Err(error) => assert!(matches!(error, CatalogError::SlugTaken), "{error:?}"),
        }
        let live = text(&db, "SELECT slug FROM catalog.products").await;
        let former = text(&db, "SELECT slug FROM catalog.former_product_slugs").await;
        let all: HashSet<&String> = live.iter().chain(&former).collect();
        assert_eq!(all.len(), live.len() + former.len(), "no name is both: {live:?} {former:?}");
    }
    assert!(renamed > 20, "{renamed}");
}
