//! Sessions: begun by a password, kept alive by tokens that work once, ended.

use identity::{Device, Email, EndReason, Passwords, RefreshToken, Refreshed};
use kernel::Clock as _;
use testkit::TestDb;

use crate::newcomers::{PASSWORD, execute, pass, refresh, register, rotate, sign_in};

#[tokio::test]
async fn neither_passwords_nor_tokens_are_stored() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let mut conn = db.owner().acquire().await.unwrap();
    let (hash, digest): (String, Vec<u8>) = sqlx::query_as(
        "SELECT u.password_hash, t.digest FROM identity.users u, identity.refresh_tokens t",
    )
    .fetch_one(&mut *conn)
    .await
    .unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"));
    assert_eq!(RefreshToken::parse(&session.refresh_token.reveal()), Some(session.refresh_token));
    assert_eq!(digest.len(), 32);
}

#[tokio::test]
async fn signing_in_needs_the_right_password_of_an_active_account() {
    let db = TestDb::new().await;
    let (user, _) = register(&db, "a@example.com").await;
    let signed_in = sign_in(&db, "A@EXAMPLE.COM", PASSWORD).await.unwrap();
    assert_eq!(signed_in.user, user);
    assert!(sign_in(&db, "a@example.com", "correct horse batterz").await.is_none());
    assert!(sign_in(&db, "b@example.com", PASSWORD).await.is_none());
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert!(sign_in(&db, "a@example.com", PASSWORD).await.is_none());
}

#[tokio::test]
async fn a_person_deactivated_while_the_password_was_checked_gets_no_session() {
    let db = TestDb::new().await;
    register(&db, "a@example.com").await;
    let mut conn = db.db().acquire().await.unwrap();
    let email = Email::new("a@example.com").unwrap();
    let credentials = identity::credentials(&mut conn, &email).await.unwrap();
    let verified = Passwords::default().verify(credentials, PASSWORD.into()).await.unwrap();
    execute(&db, "UPDATE identity.users SET active = false").await;
    let device = Device::default();
    let session =
        identity::start_session(&mut conn, verified.unwrap(), &device, db.ids(), &*db.clock())
            .await;
    assert_eq!(session.unwrap(), None);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_the_session_lives_on() {
    let db = TestDb::new().await;
    let (user, session) = register(&db, "a@example.com").await;
    let mut token = session.refresh_token;
    for _ in 0..5 {
        pass(&db, 29 * 24 * 3600);
        let Refreshed::Granted(next) = refresh(&db, &token).await else { panic!() };
        assert_eq!((next.user.id, next.session_id), (user.id, session.session_id));
        assert_ne!(next.refresh_token, token);
        token = next.refresh_token.clone();
    }
    pass(&db, 30 * 24 * 3600);
    assert!(matches!(refresh(&db, &token).await, Refreshed::Refused));
    let unknown = RefreshToken::parse(&"A".repeat(43)).unwrap();
    assert!(matches!(refresh(&db, &unknown).await, Refreshed::Refused));
}

#[tokio::test]
async fn a_token_used_again_later_ends_the_session_for_everybody() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let stolen = session.refresh_token;
    let next = rotate(&db, &stolen).await;
    pass(&db, 11);
    assert!(matches!(refresh(&db, &stolen).await, Refreshed::Reused));
    assert!(matches!(refresh(&db, &next).await, Refreshed::Refused));
    let other = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    rotate(&db, &other.refresh_token).await;
}

#[tokio::test]
async fn two_tabs_may_refresh_at_once_but_only_one_line_goes_on() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let first = session.refresh_token;
    let (a, b) = tokio::join!(rotate(&db, &first), rotate(&db, &first));
    assert_ne!(a, b);
    pass(&db, 10);
    let c = rotate(&db, &first).await;
    pass(&db, 60);
    // The browser kept `b`; whoever comes with `a` or `c` later has a copy.
    let d = rotate(&db, &b).await;
    pass(&db, 60);
    for copy in [&a, &c] {
        assert!(!matches!(refresh(&db, copy).await, Refreshed::Granted(_)));
    }
    assert!(matches!(refresh(&db, &d).await, Refreshed::Refused), "the session has ended");
}

#[tokio::test]
async fn an_older_token_has_no_grace() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let second = rotate(&db, &session.refresh_token).await;
    pass(&db, 1);
    rotate(&db, &second).await;
    assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Reused));
}

#[tokio::test]
async fn signing_out_and_deactivation_end_what_tokens_can_do() {
    let db = TestDb::new().await;
    let (_, one) = register(&db, "a@example.com").await;
    let two = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    identity::end_session(&mut conn, one.session_id, EndReason::SignedOut, now).await.unwrap();
    identity::end_session(&mut conn, one.session_id, EndReason::SignedOut, now).await.unwrap();
    assert!(matches!(refresh(&db, &one.refresh_token).await, Refreshed::Refused));
    let three = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    let newest = rotate(&db, &three.refresh_token).await;
    let reason = EndReason::SignedOut;
    identity::end_session_of(&mut conn, &three.refresh_token, reason, now).await.unwrap();
    assert!(matches!(refresh(&db, &newest).await, Refreshed::Refused));
    let two = rotate(&db, &two.refresh_token).await;
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert!(matches!(refresh(&db, &two).await, Refreshed::Refused));
}

#[tokio::test]
async fn sessions_long_over_are_forgotten() {
    let db = TestDb::new().await;
    let (_, over) = register(&db, "a@example.com").await;
    let live = sign_in(&db, "a@example.com", PASSWORD).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    identity::end_session(&mut conn, over.session_id, EndReason::SignedOut, now).await.unwrap();
    pass(&db, 60);
    let later = db.clock().now();
    assert_eq!(identity::purge_sessions(&mut conn, now, 10).await.unwrap(), 0);
    assert_eq!(identity::purge_sessions(&mut conn, later, 10).await.unwrap(), 1);
    rotate(&db, &live.refresh_token).await;
}
