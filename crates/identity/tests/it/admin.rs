//! The first administrator, and the secrets of an installation.

use identity::{AdminSetup, DisplayName, Email, Refreshed, Role};
use kernel::Clock as _;
use testkit::TestDb;

use crate::newcomers::{PASSWORD, hash, refresh, register, sign_in};

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
    let (_, squatter) = register(&db, "boss@example.com").await;
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
