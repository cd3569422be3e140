//! Pictures: uploads, and the sizes made of them.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
};

use catalog::{
    Claimed, EditContext, Rendition, Uploaded, abandon_uploads, abandoned_uploads, add_product,
    adopt_pictures, claim_picture, let_picture_go, picture_failed, picture_made, revision,
    show_made, upload_picture,
};
use kernel::Ids;

use super::*;

static SEED: AtomicU64 = AtomicU64::new(9_000);
const LEASE: SignedDuration = SignedDuration::from_mins(10);

async fn upload(db: &TestDb, key: &str) -> Uploaded {
    let mut conn = db.db().acquire().await.unwrap();
    upload_picture(&mut conn, key, (400, 300), db.clock().now()).await.unwrap()
}

async fn claim(db: &TestDb) -> Option<Claimed> {
    let (mut conn, now) = (db.db().acquire().await.unwrap(), db.clock().now());
    claim_picture(&mut conn, now, now + LEASE).await.unwrap()
}

async fn add(db: &TestDb, product: Product) -> Result<Product, CatalogError> {
    let (clock, ids) = (db.clock(), Ids::from_seed(SEED.fetch_add(1, Ordering::Relaxed)));
    let mut tx = db.db().begin().await.unwrap();
    let added = add_product(&mut tx, product, &EditContext { clock: &*clock, ids: &ids }).await?;
    tx.commit().await.unwrap();
    Ok(added.product)
}

fn sizes(name: &str) -> Vec<Rendition> {
    let (avif, webp) = (format!("renditions/{name}.avif"), format!("renditions/{name}.webp"));
    vec![Rendition { width: 320, height: 240, avif, webp }]
}

fn pass(db: &TestDb, seconds: i64) {
    db.clock().advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn a_product_takes_uploads_in_their_size_and_no_others() {
    let (db, now) = shop().await;
    assert_eq!(upload(&db, "catalog/a.webp").await, Uploaded::New);
    let named = |key: &str| ImageRef::of_upload(key.into(), both("Bowl"));
    let with = |images| Product { images, ..bowl(now) };
    let missing = vec![named("catalog/a.webp"), named("catalog/b.webp")];
    let refused = add(&db, with(missing)).await;
    assert!(matches!(refused, Err(CatalogError::UnknownPicture { index: 1 })), "{refused:?}");
    let two = vec![named("catalog/a.webp"), image("products/own.webp")];
    let added = add(&db, with(two)).await.unwrap();
    let measured = ImageRef { width: 400, height: 300, ..named("catalog/a.webp") };
    assert_eq!(added.images, [measured, image("products/own.webp")]);
}

#[tokio::test]
async fn each_picture_is_one_workers_until_its_time_is_over() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    assert_eq!(adopt_pictures(&mut conn, now).await.unwrap(), 2);
    assert_eq!(adopt_pictures(&mut conn, now).await.unwrap(), 0, "they are known");
    // Six at once, two pictures.
    let claims = [claim(&db), claim(&db), claim(&db), claim(&db), claim(&db), claim(&db)];
    let [one, two, three, four, five, six] = claims;
    let all = tokio::join!(one, two, three, four, five, six);
    let all = [all.0, all.1, all.2, all.3, all.4, all.5];
    let claimed: Vec<Claimed> = all.into_iter().flatten().collect();
    let keys: HashSet<&str> = claimed.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, HashSet::from(["products/bowl-1.webp", "products/bowl-2.webp"]));
    assert_eq!(claimed.len(), 2);
    pass(&db, 600);
    let again = claim(&db).await.unwrap();
    assert_eq!(again.attempt, 2);
    let late = claimed.iter().find(|it| it.key == again.key).unwrap();
    let late = picture_made(&mut conn, late, (1, 1), &sizes("late")).await.unwrap();
    assert!(!late, "somebody else has it");
    assert!(picture_made(&mut conn, &again, (400, 300), &sizes("a")).await.unwrap());
    let twice = picture_failed(&mut conn, &again, "?", true, db.clock().now()).await.unwrap();
    assert!(!twice, "what is made is made");
}

#[tokio::test]
async fn what_is_made_is_shown_at_once_and_moves_the_revision_once() {
    let (db, now) = shop().await;
    put(&db, &bowl(now)).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    adopt_pictures(&mut conn, now).await.unwrap();
    let before = revision(&mut conn).await.unwrap();
    assert_eq!(show_made(&mut conn).await.unwrap(), 0);
    for name in ["a", "b"] {
        let claimed = claim(&db).await.unwrap();
        assert!(picture_made(&mut conn, &claimed, (400, 300), &sizes(name)).await.unwrap());
    }
    assert_eq!(revision(&mut conn).await.unwrap(), before, "nothing of it is seen yet");
    assert_eq!(show_made(&mut conn).await.unwrap(), 2);
    assert_eq!(revision(&mut conn).await.unwrap(), before + 1);
    assert_eq!(show_made(&mut conn).await.unwrap(), 0);
    assert_eq!(revision(&mut conn).await.unwrap(), before + 1);
}

#[tokio::test]
async fn a_picture_given_back_is_as_if_nobody_had_tried() {
    let (db, _) = shop().await;
    upload(&db, "catalog/a.webp").await;
    assert_eq!(claim(&db).await, None, "its object may be on its way");
    pass(&db, 2);
    let claimed = claim(&db).await.unwrap();
    assert_eq!(claimed, Claimed { key: "catalog/a.webp".into(), attempt: 1 });
    let mut conn = db.db().acquire().await.unwrap();
    assert!(let_picture_go(&mut conn, &claimed, db.clock().now()).await.unwrap());
    assert_eq!(claim(&db).await, Some(claimed));
}

/// Somebody sends a forgotten picture again just when it is given up.
#[tokio::test]
async fn an_upload_is_never_given_up_while_it_is_sent_again() {
    let (db, _) = shop().await;
    upload(&db, "catalog/a.webp").await;
    pass(&db, 60);
    let (before, now) = (db.clock().now() - SignedDuration::from_secs(1), db.clock().now());
    let mut sending = db.db().begin().await.unwrap();
    let again = upload_picture(&mut sending, "catalog/a.webp", (400, 300), now).await.unwrap();
    assert_eq!(again, Uploaded::Known);
    let giving_up = async {
        let mut tx = db.db().begin().await.unwrap();
        let given_up = abandon_uploads(&mut tx, before, 10).await.unwrap();
        tx.commit().await.unwrap();
        given_up
    };
    let sent = async {
        until_somebody_waits(&db).await;
        sending.commit().await.unwrap();
    };
    let (given_up, ()) = tokio::join!(giving_up, sent);
    assert_eq!(given_up, 0);
    let mut tx = db.db().begin().await.unwrap();
    assert_eq!(abandon_uploads(&mut tx, before, 10).await.unwrap(), 0, "nor afterwards");
    let later = now + SignedDuration::from_secs(1);
    assert_eq!(abandon_uploads(&mut tx, later, 10).await.unwrap(), 1);
}

/// Until a transaction waits for a lock.
async fn until_somebody_waits(db: &TestDb) {
    let mut conn = db.owner().acquire().await.unwrap();
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let seen = async {
        while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut *conn).await.unwrap() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(8), seen).await.unwrap();
}

/// The one names an upload while the other gives it up: whoever comes second sees what the first did.
#[tokio::test]
async fn an_upload_is_never_given_up_while_a_product_takes_it() {
    let (db, now) = shop().await;
    upload(&db, "catalog/a.webp").await;
    pass(&db, 1);
    let named = vec![ImageRef::of_upload("catalog/a.webp".into(), both("Bowl"))];
    let (clock, ids) = (db.clock(), Ids::from_seed(77));
    let mut adding = db.db().begin().await.unwrap();
    let mut product = Product { images: named, ..bowl(now) };
    product.variants.iter_mut().for_each(|variant| variant.image = None);
    let context = EditContext { clock: &*clock, ids: &ids };
    add_product(&mut adding, product, &context).await.unwrap();
    let giving_up = async {
        let mut tx = db.db().begin().await.unwrap();
        let given_up = abandon_uploads(&mut tx, db.clock().now(), 10).await.unwrap();
        tx.commit().await.unwrap();
        given_up
    };
    let (given_up, ()) = tokio::join!(giving_up, async { adding.commit().await.unwrap() });
    assert_eq!(given_up, 0);
    let mut conn = db.db().acquire().await.unwrap();
    assert_eq!(abandoned_uploads(&mut conn, 10).await.unwrap(), []);
    // Taken off again it stays: it was shown once.
    sqlx::query("DELETE FROM catalog.images").execute(&mut *conn).await.unwrap();
    let mut tx = db.db().begin().await.unwrap();
    assert_eq!(abandon_uploads(&mut tx, db.clock().now(), 10).await.unwrap(), 0);
}
