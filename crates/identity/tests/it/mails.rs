//! What a mail carried comes back.

use identity::{Email, ProofToken, Refreshed, Resend, User};
use kernel::Clock as _;
use testkit::TestDb;

use crate::newcomers::{PASSWORD, execute, hash, newcomer, pass, refresh, register, sign_in, text};

async fn verify(db: &TestDb, token: &ProofToken) -> Option<User> {
    let mut tx = db.db().begin().await.unwrap();
    let user = identity::verify_email(&mut tx, token, db.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    user
}

async fn forget(db: &TestDb, email: &str) -> Option<ProofToken> {
    let email = Email::new(email).unwrap();
    let mut tx = db.db().begin().await.unwrap();
    let now = db.clock().now();
    let found = identity::forgot_password(&mut tx, &email, db.ids(), now).await.unwrap();
    tx.commit().await.unwrap();
    found.map(|(_, token)| token)
}

async fn reset(db: &TestDb, token: &ProofToken, password: &str) -> Option<User> {
    let hash = hash(db, password).await;
    let mut tx = db.db().begin().await.unwrap();
    let user = identity::reset_password(&mut tx, token, &hash, db.clock().now()).await.unwrap();
    tx.commit().await.unwrap();
    user
}

const SHOWN: &str = "SELECT format('%s %s %s', email_verified_at, password_hash, phone)
     FROM identity.users";

#[tokio::test]
async fn an_address_is_verified_once_within_three_days() {
    let db = TestDb::new().await;
    let (user, token) = newcomer(&db, "a@example.com").await;
    pass(&db, 3 * 24 * 3600 - 1);
    let verified = verify(&db, &token).await.unwrap();
    assert_eq!(verified, User { email_verified: true, ..user });
    let before = text(&db, SHOWN).await;
    assert_eq!(verify(&db, &token).await, None, "used");
    assert_eq!(text(&db, SHOWN).await, before);
    let (_, late) = newcomer(&db, "b@example.com").await;
    pass(&db, 3 * 24 * 3600);
    assert_eq!(verify(&db, &late).await, None, "too late");
    let verified = "SELECT string_agg(email, ',') FROM identity.users
         WHERE email_verified_at IS NOT NULL";
    assert_eq!(text(&db, verified).await, "a@example.com");
}

#[tokio::test]
async fn of_two_who_bring_the_same_token_one_comes_too_late() {
    let db = TestDb::new().await;
    let (_, token) = newcomer(&db, "a@example.com").await;
    let (a, b) = tokio::join!(verify(&db, &token), verify(&db, &token));
    assert_ne!(a.is_some(), b.is_some());
    let token = forget(&db, "a@example.com").await.unwrap();
    let (a, b) = tokio::join!(
        reset(&db, &token, "one new password"),
        reset(&db, &token, "two new password"),
    );
    assert_ne!(a.is_some(), b.is_some());
    let password = if a.is_some() { "one new password" } else { "two new password" };
    assert!(sign_in(&db, "a@example.com", password).await.is_some());
}

#[tokio::test]
async fn the_mail_is_sent_once_more_until_the_address_is_verified() {
    let db = TestDb::new().await;
    let (user, first) = newcomer(&db, "a@example.com").await;
    let resend = async || {
        let mut tx = db.db().begin().await.unwrap();
        let now = db.clock().now();
        let sent = identity::resend_verification(&mut tx, user.id, db.ids(), now).await.unwrap();
        tx.commit().await.unwrap();
        sent
    };
    let Resend::Token(_, second) = resend().await else { panic!() };
    assert_ne!(first, second);
    assert!(verify(&db, &first).await.is_some(), "the first link is still good");
    assert_eq!(verify(&db, &second).await, None, "and with it the others are used up");
    assert!(matches!(resend().await, Resend::Verified));
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert!(matches!(resend().await, Resend::Inactive));
}

#[tokio::test]
async fn a_token_is_good_for_its_own_purpose_only() {
    let db = TestDb::new().await;
    let (_, verification) = newcomer(&db, "a@example.com").await;
    let password = forget(&db, "a@example.com").await.unwrap();
    let before = text(&db, SHOWN).await;
    assert_eq!(verify(&db, &password).await, None);
    assert_eq!(reset(&db, &verification, "another long password").await, None);
    let unknown = ProofToken::parse(&"A".repeat(43)).unwrap();
    assert_eq!(verify(&db, &unknown).await, None);
    assert_eq!(reset(&db, &unknown, "another long password").await, None);
    assert_eq!(text(&db, SHOWN).await, before);
    assert!(verify(&db, &verification).await.is_some(), "and was not used up by the attempt");
}

#[tokio::test]
async fn a_reset_ends_every_session_and_every_other_link() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let (one, two) =
        (forget(&db, "A@example.com").await.unwrap(), forget(&db, "a@example.com").await.unwrap());
    pass(&db, 30 * 60 - 1);
    let user = reset(&db, &one, "a brand new password").await.unwrap();
    assert!(user.email_verified, "whoever has the link reads the mail");
    assert_eq!(reset(&db, &two, "yet another password").await, None);
    assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Refused));
    assert!(sign_in(&db, "a@example.com", PASSWORD).await.is_none());
    assert!(sign_in(&db, "a@example.com", "a brand new password").await.is_some());
    assert_eq!(text(&db, "SELECT count(*)::text FROM identity.proofs").await, "0");
}

#[tokio::test]
async fn a_link_to_reset_is_too_old_after_half_an_hour() {
    let db = TestDb::new().await;
    let (_, session) = register(&db, "a@example.com").await;
    let token = forget(&db, "a@example.com").await.unwrap();
    let before = text(&db, SHOWN).await;
    let mut conn = db.db().acquire().await.unwrap();
    let candidate = identity::reset_candidate(&mut conn, &token, db.clock().now()).await.unwrap();
    assert_eq!(candidate.unwrap().id, session.user.id);
    pass(&db, 30 * 60);
    let candidate = identity::reset_candidate(&mut conn, &token, db.clock().now()).await.unwrap();
    assert_eq!(candidate, None);
    assert_eq!(reset(&db, &token, "a brand new password").await, None);
    assert_eq!(text(&db, SHOWN).await, before);
    assert!(matches!(refresh(&db, &session.refresh_token).await, Refreshed::Granted(_)));
}

#[tokio::test]
async fn forgetting_an_address_without_an_account_writes_a_row_that_proves_nothing() {
    let db = TestDb::new().await;
    assert_eq!(forget(&db, "nobody@example.com").await, None);
    let rows = "SELECT count(*)::text FROM identity.proofs WHERE user_id IS NULL";
    assert_eq!(text(&db, rows).await, "1");
    newcomer(&db, "a@example.com").await;
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert_eq!(forget(&db, "a@example.com").await, None, "deactivated is unknown");
    assert_eq!(text(&db, rows).await, "2");

    pass(&db, 4 * 24 * 3600);
    let mut conn = db.db().acquire().await.unwrap();
    assert_eq!(identity::purge_proofs(&mut conn, db.clock().now(), 2).await.unwrap(), 2);
    assert_eq!(identity::purge_proofs(&mut conn, db.clock().now(), 2).await.unwrap(), 1);
}

#[tokio::test]
async fn who_opened_an_account_with_anothers_address_keeps_nothing_of_it() {
    let db = TestDb::new().await;
    let (user, squatter) = register(&db, "victim@example.com").await;
    execute(&db, "UPDATE identity.users SET phone = '0900000000'").await;
    execute(
        &db,
        "INSERT INTO identity.addresses (id, user_id, name, phone, postal_code, city, district,
             address1, is_default, created_at, updated_at)
         SELECT id, id, 'X', '0900000000', '100', 'X', 'X', 'X', true, now(), now()
         FROM identity.users",
    )
    .await;
    execute(
        &db,
        "INSERT INTO identity.api_keys (id, user_id, name, digest, scopes, created_at)
         SELECT id, id, 'X', sha256('x'), '{catalog_read}', now() FROM identity.users",
    )
    .await;
    execute(
        &db,
        "INSERT INTO identity.second_factors (user_id, sealed_secret, created_at, confirmed_at)
         SELECT id, 'x', now(), now() FROM identity.users",
    )
    .await;
    let token = forget(&db, "victim@example.com").await.unwrap();
    let owner = reset(&db, &token, "the owner's own password").await.unwrap();
    assert_eq!((owner.id, owner.email_verified, owner.phone), (user.id, true, None));
    assert!(matches!(refresh(&db, &squatter.refresh_token).await, Refreshed::Refused));
    let left = "SELECT format('%s %s %s %s',
             (SELECT count(*) FROM identity.addresses),
             (SELECT count(*) FROM identity.second_factors),
             (SELECT count(*) FROM identity.api_keys WHERE revoked_at IS NULL),
             (SELECT count(phone) FROM identity.users))";
    assert_eq!(text(&db, left).await, "0 0 0 0");
    assert!(sign_in(&db, "victim@example.com", "the owner's own password").await.is_some());
}

#[tokio::test]
async fn tokens_are_stored_as_their_hash_only() {
    let db = TestDb::new().await;
    let (_, token) = newcomer(&db, "a@example.com").await;
    let kept = text(&db, "SELECT encode(digest, 'base64') FROM identity.proofs").await;
    let shown = token.reveal().replace('-', "+").replace('_', "/");
    assert!(!kept.contains(&shown[..20]), "{kept}");
    assert_eq!(kept.len(), 44);
}
