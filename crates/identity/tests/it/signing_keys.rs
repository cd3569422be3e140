//! Keys that sign access tokens, on a real database.

use identity::{AccessTokenError, AccessTokens, Rotation, SigningKey};
use kernel::Clock as _;
use testkit::TestDb;

use crate::people::{count, execute, pass, register, sign_in};

async fn keys(db: &TestDb) -> Vec<SigningKey> {
    let mut conn = db.db().acquire().await.unwrap();
    identity::signing_keys(&mut conn, db.ids(), db.clock().now()).await.unwrap()
}

async fn node(db: &TestDb) -> AccessTokens {
    AccessTokens::with_keys(&keys(db).await).unwrap()
}

async fn rotate(db: &TestDb, rotation: Rotation) -> SigningKey {
    let mut tx = db.db().begin().await.unwrap();
    let now = db.clock().now();
    let key = identity::rotate_signing_keys(&mut tx, rotation, db.ids(), now).await.unwrap();
    tx.commit().await.unwrap();
    key
}

async fn look(db: &TestDb, node: &AccessTokens) {
    node.refresh(&mut db.db().acquire().await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn the_first_key_is_the_secret_of_before_and_the_same_for_everybody() {
    let db = TestDb::new().await;
    let now = db.clock().now();
    let mut conn = db.db().acquire().await.unwrap();
    let seed = identity::secret(&mut conn, identity::ACCESS_TOKEN_KEY, db.ids(), now).await;
    let before = AccessTokens::new(&seed.unwrap()).unwrap();
    let session = sign_in(&db, &register(&db, "a@example.com").await).await;
    let token = before.issue_to(&session, now).unwrap();

    let (a, b) = tokio::join!(node(&db), node(&db));
    assert_eq!(keys(&db).await.len(), 1);
    for node in [&a, &b] {
        assert!(node.verify(&token, now).is_ok(), "nobody was signed out by the new version");
        let new = node.issue_to(&session, now).unwrap();
        assert!(before.verify(&new, now).is_ok(), "nor by the old one beside it");
    }
}

#[tokio::test]
async fn a_rotation_refuses_no_token_and_lets_the_old_ones_run_out() {
    let db = TestDb::new().await;
    let session = sign_in(&db, &register(&db, "a@example.com").await).await;
    let (one, two) = (node(&db).await, node(&db).await);
    let now = || db.clock().now();
    rotate(&db, Rotation::Smooth).await;
    // Only the first has looked.
    look(&db, &one).await;
    pass(&db, 59);
    let old = one.issue_to(&session, now()).unwrap();
    assert!(two.verify(&old, now()).is_ok(), "the new key does not sign yet");

    look(&db, &two).await;
    pass(&db, 1);
    let new = one.issue_to(&session, now()).unwrap();
    for node in [&one, &two] {
        assert!(node.verify(&new, now()).is_ok() && node.verify(&old, now()).is_ok());
    }
    pass(&db, 898);
    assert!(two.verify(&old, now()).is_ok(), "to its last second");
    pass(&db, 1);
    assert_eq!(two.verify(&old, now()), Err(AccessTokenError::Expired));
    // A clone has the same keys: the state of a server is made of clones.
    let clone = two.clone();
    rotate(&db, Rotation::Smooth).await;
    look(&db, &two).await;
    pass(&db, 60);
    let newest = two.issue_to(&session, now()).unwrap();
    assert!(clone.verify(&newest, now()).is_ok());
}

#[tokio::test]
async fn a_key_that_got_out_is_believed_no_more() {
    let db = TestDb::new().await;
    let session = sign_in(&db, &register(&db, "a@example.com").await).await;
    let node = node(&db).await;
    let old = node.issue_to(&session, db.clock().now()).unwrap();
    rotate(&db, Rotation::AtOnce).await;
    look(&db, &node).await;
    let now = db.clock().now();
    assert_eq!(node.verify(&old, now), Err(AccessTokenError::Invalid));
    assert!(node.verify(&node.issue_to(&session, now).unwrap(), now).is_ok());
    let left = "SELECT count(*) FROM identity.secrets WHERE name = 'access_token_key'";
    assert_eq!(count(&db, left).await, 0, "and an old version would not sign with it again");
}

#[tokio::test]
async fn keys_long_retired_are_destroyed_and_the_last_one_never_is() {
    let db = TestDb::new().await;
    keys(&db).await;
    rotate(&db, Rotation::Smooth).await;
    pass(&db, 61);
    let now = db.clock().now();
    let mut conn = db.db().acquire().await.unwrap();
    let before = now - jiff::SignedDuration::from_secs(1);
    assert_eq!(identity::purge_signing_keys(&mut conn, before).await.unwrap(), 0);
    assert_eq!(identity::purge_signing_keys(&mut conn, now).await.unwrap(), 1);
    assert_eq!(identity::purge_signing_keys(&mut conn, now).await.unwrap(), 0);
    assert_eq!(keys(&db).await.len(), 1);
}

#[tokio::test]
async fn a_node_keeps_its_keys_when_it_finds_none() {
    let db = TestDb::new().await;
    let session = sign_in(&db, &register(&db, "a@example.com").await).await;
    let node = node(&db).await;
    let now = db.clock().now();
    let token = node.issue_to(&session, now).unwrap();
    execute(&db, "DELETE FROM identity.signing_keys").await;
    look(&db, &node).await;
    assert!(node.verify(&token, now).is_ok());
}

#[tokio::test]
async fn keys_are_not_shown() {
    let db = TestDb::new().await;
    let key = rotate(&db, Rotation::Smooth).await;
    let shown = format!("{key:?} {:?}", node(&db).await);
    assert!(shown.contains(&key.kid()) && !shown.contains("seed"), "{shown}");
}
