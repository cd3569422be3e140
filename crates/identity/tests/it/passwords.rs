//! Another password, and what it leaves of before.

use identity::{Device, Email, Refreshed, User, Verified};
use kernel::{Clock as _, id::SessionId};
use testkit::TestDb;

use crate::newcomers::{PASSWORD, hash, prove, refresh, register, sign_in, text};

async fn change(db: &TestDb, who: &Verified, new: &str, kept: SessionId) -> Option<User> {
    let hash = hash(db, new).await;
    let mut tx = db.db().begin().await.unwrap();
    let changed = identity::change_password(&mut tx, who, &hash, kept, db.clock().now()).await;
    tx.commit().await.unwrap();
    changed.unwrap()
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_older_links() {
    let db = TestDb::new().await;
    let (user, here) = register(&db, "a@example.com").await;
    let there = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let (email, now) = (Email::new("a@example.com").unwrap(), db.clock().now());
    identity::forgot_password(&mut conn, &email, db.ids(), now).await.unwrap().unwrap();
    let who = prove(&db, user.id, PASSWORD).await.unwrap();
    assert_eq!(change(&db, &who, "a brand new password", here.session_id).await, Some(user));
    assert!(matches!(refresh(&db, &here.refresh_token).await, Refreshed::Granted(_)));
    assert!(matches!(refresh(&db, &there.refresh_token).await, Refreshed::Refused));
    assert!(sign_in(&db, "a@example.com", PASSWORD).await.is_none());
    assert!(sign_in(&db, "a@example.com", "a brand new password").await.is_some());
    let links = "SELECT count(*)::text FROM identity.proofs WHERE purpose = 'reset_password'";
    assert_eq!(text(&db, links).await, "0");
}

#[tokio::test]
async fn a_proof_of_the_old_password_is_worth_nothing_after_a_change() {
    let db = TestDb::new().await;
    let (user, here) = register(&db, "a@example.com").await;
    assert!(prove(&db, user.id, "wrong password").await.is_none());
    let thief = prove(&db, user.id, PASSWORD).await.unwrap();
    let thief_too = prove(&db, user.id, PASSWORD).await.unwrap();
    let thief_three = prove(&db, user.id, PASSWORD).await.unwrap();
    let owner = prove(&db, user.id, PASSWORD).await.unwrap();
    change(&db, &owner, "a brand new password", here.session_id).await.unwrap();

    let before = text(&db, "SELECT password_hash FROM identity.users").await;
    assert_eq!(change(&db, &thief, "the thief's password", here.session_id).await, None);
    let mut tx = db.db().begin().await.unwrap();
    let (device, clock) = (Device::default(), db.clock());
    let session = identity::start_session(&mut tx, thief_too, &device, db.ids(), &*clock).await;
    assert_eq!(session.unwrap(), None);
    let closed = identity::close_account(&mut tx, &thief_three, clock.now()).await;
    assert_eq!(closed.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(text(&db, "SELECT password_hash FROM identity.users").await, before);
    assert!(matches!(refresh(&db, &here.refresh_token).await, Refreshed::Granted(_)));
}
