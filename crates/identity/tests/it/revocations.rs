//! The denylist on a real database, as several nodes see it.

use identity::{AccessClaims, EndReason, Refreshed, Revocations, SignedIn};
use kernel::Clock as _;
use testkit::TestDb;

use crate::people::{PASSWORD, count, pass, register, sign_in, tokens, verified};

/// What the session's access token of this moment says.
fn claims(db: &TestDb, session: &SignedIn) -> AccessClaims {
    let now = db.clock().now();
    tokens().verify(&tokens().issue_to(session, now).unwrap(), now).unwrap()
}

async fn look(db: &TestDb, node: &Revocations) {
    let mut conn = db.db().acquire().await.unwrap();
    node.refresh(&mut conn, db.clock().now()).await.unwrap();
}

#[tokio::test]
async fn a_session_that_ends_on_one_node_is_refused_on_another_at_its_next_look() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let (one, two) = (sign_in(&db, &user).await, sign_in(&db, &user).await);
    let (here, there) = (Revocations::new(), Revocations::new());
    look(&db, &here).await;
    look(&db, &there).await;

    let now = db.clock().now();
    let mut conn = db.db().acquire().await.unwrap();
    let reason = EndReason::SignedOut;
    identity::end_session(&mut conn, one.session_id, reason, now).await.unwrap();
    here.note_session(one.session_id, now);
    assert!(here.is_revoked(&claims(&db, &one)) && !there.is_revoked(&claims(&db, &one)));
    look(&db, &there).await;
    for node in [&here, &there] {
        assert!(node.is_revoked(&claims(&db, &one)));
        assert!(!node.is_revoked(&claims(&db, &two)));
    }
    // Ending it again is no news; a node that starts now knows it all the same.
    identity::end_session(&mut conn, one.session_id, reason, now).await.unwrap();
    assert_eq!(count(&db, "SELECT count(*) FROM identity.revocations").await, 1);
    let new = Revocations::new();
    look(&db, &new).await;
    assert!(new.is_revoked(&claims(&db, &one)));
}

#[tokio::test]
async fn however_a_session_ends_its_tokens_end_with_it() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let node = Revocations::new();
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();

    let session = sign_in(&db, &user).await;
    let reason = EndReason::SignedOut;
    identity::end_session_of(&mut conn, &session.refresh_token, reason, now).await.unwrap();
    look(&db, &node).await;
    assert!(node.is_revoked(&claims(&db, &session)), "by its refresh token");

    let session = sign_in(&db, &user).await;
    identity::end_own_session(&mut conn, user.id, session.session_id, now).await.unwrap();
    look(&db, &node).await;
    assert!(node.is_revoked(&claims(&db, &session)), "from the list of sessions");

    let (kept, session) = (sign_in(&db, &user).await, sign_in(&db, &user).await);
    let who = verified(&db, &user).await;
    let password = identity::Password::new(PASSWORD).unwrap();
    let hash = identity::Passwords::default().hash(password, db.ids()).await.unwrap();
    identity::change_password(&mut conn, &who, &hash, kept.session_id, now).await.unwrap();
    look(&db, &node).await;
    assert!(node.is_revoked(&claims(&db, &session)), "the password changed");
    assert!(!node.is_revoked(&claims(&db, &kept)));

    identity::end_sessions(&mut conn, user.id, EndReason::PasswordChanged, now).await.unwrap();
    look(&db, &node).await;
    assert!(node.is_revoked(&claims(&db, &kept)), "all of them");
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_the_familys_access_tokens_too() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let session = sign_in(&db, &user).await;
    let node = Revocations::new();
    let refresh = async |token| {
        let mut tx = db.db().begin().await.unwrap();
        let refreshed = identity::refresh(&mut tx, token, db.ids(), &*db.clock()).await.unwrap();
        tx.commit().await.unwrap();
        refreshed
    };
    let Refreshed::Granted(next) = refresh(&session.refresh_token).await else { panic!() };
    pass(&db, 11);
    let (thief, owner) = (claims(&db, &session), claims(&db, &next));
    look(&db, &node).await;
    assert!(!node.is_revoked(&thief) && !node.is_revoked(&owner));
    assert!(matches!(refresh(&session.refresh_token).await, Refreshed::Reused));
    look(&db, &node).await;
    assert!(node.is_revoked(&thief) && node.is_revoked(&owner));
}

#[tokio::test]
async fn what_commits_late_is_found_all_the_same() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let (slow, quick) = (sign_in(&db, &user).await, sign_in(&db, &user).await);
    let node = Revocations::new();
    look(&db, &node).await;

    let now = db.clock().now();
    let reason = EndReason::SignedOut;
    let mut late = db.db().begin().await.unwrap();
    identity::end_session(&mut late, slow.session_id, reason, now).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    identity::end_session(&mut conn, quick.session_id, reason, now).await.unwrap();
    // The later row is seen first, and so are many looks without any.
    for _ in 0..3 {
        look(&db, &node).await;
        assert!(node.is_revoked(&claims(&db, &quick)) && !node.is_revoked(&claims(&db, &slow)));
    }
    pass(&db, 30);
    late.commit().await.unwrap();
    look(&db, &node).await;
    assert!(node.is_revoked(&claims(&db, &slow)));
}

#[tokio::test]
async fn what_is_rolled_back_ends_nothing() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let session = sign_in(&db, &user).await;
    let mut tx = db.db().begin().await.unwrap();
    let (now, reason) = (db.clock().now(), EndReason::SignedOut);
    identity::end_session(&mut tx, session.session_id, reason, now).await.unwrap();
    tx.rollback().await.unwrap();
    let node = Revocations::new();
    look(&db, &node).await;
    assert!(!node.is_revoked(&claims(&db, &session)));
}

#[tokio::test]
async fn somebodys_tokens_can_be_refused_without_ending_their_sessions() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let session = sign_in(&db, &user).await;
    let before = claims(&db, &session);
    db.clock().advance(jiff::SignedDuration::from_millis(1));
    let mut conn = db.db().acquire().await.unwrap();
    identity::revoke_tokens(&mut conn, user.id, db.clock().now()).await.unwrap();
    let node = Revocations::new();
    look(&db, &node).await;
    assert!(node.is_revoked(&before));
    // Of the same second, and made after it.
    assert!(!node.is_revoked(&claims(&db, &session)));
}

#[tokio::test]
async fn a_revocation_is_forgotten_when_no_such_token_can_be_left() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let session = sign_in(&db, &user).await;
    let node = Revocations::new();
    let (token, now) = (claims(&db, &session), db.clock().now());
    let mut conn = db.db().acquire().await.unwrap();
    let reason = EndReason::SignedOut;
    identity::end_session(&mut conn, session.session_id, reason, now).await.unwrap();
    // The token itself lives for 15 minutes.
    pass(&db, 17 * 60);
    look(&db, &node).await;
    assert!(node.is_revoked(&token));
    let now = db.clock().now();
    assert_eq!(identity::purge_revocations(&mut conn, now, 10).await.unwrap(), 0);
    pass(&db, 4 * 60);
    look(&db, &node).await;
    assert!(node.is_empty());
    let now = db.clock().now();
    assert_eq!(identity::purge_revocations(&mut conn, now, 10).await.unwrap(), 1);
}
