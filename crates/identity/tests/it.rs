//! Accounts, sessions and secrets on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use identity::{
    AdminSetup, DisplayName, Email, EndReason, IdentityError, Password, PasswordHash, Passwords,
    RefreshToken, Refreshed, Role, SignedIn, User,
};
use jiff::SignedDuration;
use kernel::Clock as _;
use testkit::TestDb;

const PASSWORD: &str = "correct horse battery";

async fn hash(db: &TestDb, password: &str) -> PasswordHash {
    let password = Password::new(password).unwrap();
    Passwords::default().hash(password, db.ids()).await.unwrap()
}

async fn register(db: &TestDb, email: &str) -> Result<(User, SignedIn), IdentityError> {
    let hash = hash(db, PASSWORD).await;
    let mut tx = db.db().begin().await.unwrap();
    let email = Email::new(email).unwrap();
    let name = DisplayName::new("王小明").unwrap();
    let (user, verified) =
        identity::register(&mut tx, email, &name, &hash, db.ids(), &*db.clock()).await?;
    let session = identity::start_session(&mut tx, verified, db.ids(), &*db.clock()).await?;
    tx.commit().await.unwrap();
    Ok((user, session.unwrap()))
}

async fn sign_in(db: &TestDb, email: &str, password: &str) -> Option<SignedIn> {
    let email = Email::new(email).unwrap();
    let mut tx = db.db().begin().await.unwrap();
    let credentials = identity::credentials(&mut tx, &email).await.unwrap();
    let verified = Passwords::default().verify(credentials, password.into()).await.unwrap()?;
    let session = identity::start_session(&mut tx, verified, db.ids(), &*db.clock()).await.unwrap();
    tx.commit().await.unwrap();
    session
}

async fn refresh(db: &TestDb, token: &RefreshToken) -> Refreshed {
    let mut tx = db.db().begin().await.unwrap();
    let refreshed = identity::refresh(&mut tx, token, db.ids(), &*db.clock()).await.unwrap();
    tx.commit().await.unwrap();
    refreshed
}

/// The next token, or a panic.
async fn rotate(db: &TestDb, token: &RefreshToken) -> RefreshToken {
    match refresh(db, token).await {
        Refreshed::Granted(signed_in) => signed_in.refresh_token.clone(),
        other => panic!("{other:?}"),
    }
}

fn pass(db: &TestDb, seconds: i64) {
    db.clock().advance(SignedDuration::from_secs(seconds));
}

async fn execute(db: &TestDb, sql: &'static str) {
    let mut conn = db.owner().acquire().await.unwrap();
    sqlx::query(sql).execute(&mut *conn).await.unwrap();
}

#[tokio::test]
async fn an_account_is_opened_once_whatever_the_case_of_the_email() {
    let db = TestDb::new().await;
    let (user, _) = register(&db, "Wang@Example.com").await.unwrap();
    assert_eq!(user.email.as_str(), "Wang@Example.com");
    assert_eq!(user.roles, []);
    let again = register(&db, "wang@example.COM").await;
    assert!(matches!(again, Err(IdentityError::EmailTaken)));

    let mut conn = db.db().acquire().await.unwrap();
    assert_eq!(identity::user(&mut conn, user.id).await.unwrap(), Some(user.clone()));
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert_eq!(identity::user(&mut conn, user.id).await.unwrap(), None);
}

#[tokio::test]
async fn neither_passwords_nor_tokens_are_stored() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await.unwrap();
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
    let (user, _) = register(&db, "a@example.com").await.unwrap();
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
    register(&db, "a@example.com").await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let email = Email::new("a@example.com").unwrap();
    let credentials = identity::credentials(&mut conn, &email).await.unwrap();
    let verified = Passwords::default().verify(credentials, PASSWORD.into()).await.unwrap();
    execute(&db, "UPDATE identity.users SET active = false").await;
    let session =
        identity::start_session(&mut conn, verified.unwrap(), db.ids(), &*db.clock()).await;
    assert_eq!(session.unwrap(), None);
}

#[tokio::test]
async fn refresh_tokens_rotate_and_the_session_lives_on() {
    let db = TestDb::new().await;
    let (user, session) = register(&db, "a@example.com").await.unwrap();
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
    let (_, session) = register(&db, "a@example.com").await.unwrap();
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
    let (_, session) = register(&db, "a@example.com").await.unwrap();
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
    let (_, session) = register(&db, "a@example.com").await.unwrap();
    let second = rotate(&db, &session.refresh_token).await;
    pass(&db, 1);
    rotate(&db, &second).await;
    assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Reused));
}

#[tokio::test]
async fn signing_out_and_deactivation_end_what_tokens_can_do() {
    let db = TestDb::new().await;
    let (_, one) = register(&db, "a@example.com").await.unwrap();
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
    let (_, over) = register(&db, "a@example.com").await.unwrap();
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

async fn ensure_admin(db: &TestDb, email: &str, password: &str) -> AdminSetup {
    let hash = hash(db, password).await;
    let mut tx = db.db().begin().await.unwrap();
    let email = Email::new(email).unwrap();
    let name = DisplayName::new("管理員").unwrap();
    let setup = identity::ensure_admin(&mut tx, email, &name, &hash, db.ids(), &*db.clock()).await;
    tx.commit().await.unwrap();
    setup.unwrap()
}

#[tokio::test]
async fn the_first_administrator_is_made_once() {
    let db = TestDb::new().await;
    let mut conn = db.db().acquire().await.unwrap();
    assert!(!identity::admin_exists(&mut conn).await.unwrap());
    let (a, b) = tokio::join!(
        ensure_admin(&db, "a@example.com", "first password"),
        ensure_admin(&db, "b@example.com", "first password"),
    );
    assert_ne!(a, b);
    assert!([a, b].contains(&AdminSetup::Created) && [a, b].contains(&AdminSetup::AlreadyThere));
    assert!(identity::admin_exists(&mut conn).await.unwrap());
    let winner = if a == AdminSetup::Created { "a@example.com" } else { "b@example.com" };
    let admin = sign_in(&db, winner, "first password").await.unwrap();
    assert_eq!(admin.user.roles, [Role::Admin]);
    assert_eq!(ensure_admin(&db, winner, "other password").await, AdminSetup::AlreadyThere);
    assert!(sign_in(&db, winner, "other password").await.is_none());
}

#[tokio::test]
async fn somebody_who_took_the_administrators_email_before_does_not_become_one() {
    let db = TestDb::new().await;
    let (_, squatter) = register(&db, "boss@example.com").await.unwrap();
    let setup = ensure_admin(&db, "Boss@example.com", "the real password").await;
    assert_eq!(setup, AdminSetup::Promoted);
    assert!(sign_in(&db, "boss@example.com", PASSWORD).await.is_none());
    assert!(matches!(refresh(&db, &squatter.refresh_token).await, Refreshed::Refused));
    let admin = sign_in(&db, "boss@example.com", "the real password").await.unwrap();
    assert_eq!(admin.user.roles, [Role::Admin]);
}

async fn secret(db: &TestDb, name: &'static str) -> [u8; 32] {
    let mut conn = db.db().acquire().await.unwrap();
    identity::secret(&mut conn, name, db.ids(), db.clock().now()).await.unwrap()
}

#[tokio::test]
async fn secrets_are_made_once_however_many_ask() {
    let db = TestDb::new().await;
    let (a, b, c) = tokio::join!(
        secret(&db, identity::ACCESS_TOKEN_KEY),
        secret(&db, identity::ACCESS_TOKEN_KEY),
        secret(&db, identity::ORDER_ACCESS_KEY),
    );
    assert_eq!(a, b);
    assert_ne!(a, c);
    assert_eq!(a, secret(&db, identity::ACCESS_TOKEN_KEY).await);
}
