//! API keys on a real database.

use identity::{
    ApiKey, ApiKeyInfo, ApiKeyOwner, DisplayName, IdentityError, NewApiKey, Scopes, User,
};
use jiff::{SignedDuration, Timestamp};
use kernel::Clock as _;
use testkit::TestDb;

use crate::people::{everything, execute, pass, register};

fn scopes(words: &[&str]) -> Scopes {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Scopes::new(&words, None).unwrap()
}

async fn create(
    db: &TestDb,
    user: &User,
    expires_at: Option<Timestamp>,
) -> Result<(ApiKeyInfo, ApiKey), IdentityError> {
    let name = DisplayName::new("ERP").unwrap();
    let new = NewApiKey { name, scopes: scopes(&["stock_write", "catalog_read"]), expires_at };
    let mut tx = db.db().begin().await.unwrap();
    let made = identity::create_api_key(&mut tx, user.id, new, db.ids(), &*db.clock()).await?;
    tx.commit().await.unwrap();
    Ok(made)
}

async fn owner(db: &TestDb, key: &ApiKey) -> Option<ApiKeyOwner> {
    let mut conn = db.db().acquire().await.unwrap();
    identity::api_key_owner(&mut conn, key, db.clock().now()).await.unwrap()
}

async fn list(db: &TestDb, user: &User) -> Vec<ApiKeyInfo> {
    let mut conn = db.db().acquire().await.unwrap();
    identity::api_keys(&mut conn, user.id).await.unwrap()
}

async fn revoke(db: &TestDb, user: &User, key: &ApiKeyInfo) -> bool {
    let mut conn = db.db().acquire().await.unwrap();
    identity::revoke_api_key(&mut conn, user.id, key.id, db.clock().now()).await.unwrap()
}

#[tokio::test]
async fn a_key_speaks_for_its_owner_and_is_nowhere_in_the_database() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let (info, key) = create(&db, &user, None).await.unwrap();
    let found = owner(&db, &key).await.unwrap();
    assert_eq!((&found.user, found.key_id), (&user, info.id));
    assert_eq!(found.scopes, ["catalog_read", "stock_write"]);
    assert_eq!(list(&db, &user).await.len(), 1);

    let all = everything(&db).await;
    let shown = key.reveal();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(&shown.as_bytes()[4..]).unwrap();
    assert!(!all.contains(&shown) && !all.contains(&shown[4..]));
    assert!(!all.contains(&data_encoding::HEXLOWER.encode(&bytes)));
    assert!(all.contains(&data_encoding::HEXLOWER.encode(&key.digest())));
}

#[tokio::test]
async fn a_key_ends_when_it_expires_is_revoked_or_its_owner_goes() {
    let db = TestDb::new().await;
    let (user, other) =
        (register(&db, "a@example.com").await, register(&db, "b@example.com").await);
    let in_an_hour = db.clock().now() + SignedDuration::from_hours(1);
    let (_, brief) = create(&db, &user, Some(in_an_hour)).await.unwrap();
    let (info, key) = create(&db, &user, None).await.unwrap();
    pass(&db, 3_599);
    assert!(owner(&db, &brief).await.is_some());
    pass(&db, 1);
    assert!(owner(&db, &brief).await.is_none());

    assert!(!revoke(&db, &other, &info).await, "somebody else's");
    assert!(owner(&db, &key).await.is_some());
    assert!(revoke(&db, &user, &info).await);
    assert!(!revoke(&db, &user, &info).await, "revoked before");
    assert!(owner(&db, &key).await.is_none());
    assert_eq!(list(&db, &user).await.len(), 1, "an expired one is still shown");

    let (_, key) = create(&db, &user, None).await.unwrap();
    assert!(owner(&db, &key).await.is_some());
    execute(&db, "UPDATE identity.users SET active = false").await;
    assert!(owner(&db, &key).await.is_none());
    assert!(matches!(create(&db, &user, None).await, Err(IdentityError::NoSuchUser)));
    let unknown = ApiKey::parse(&format!("oxk_{}", "A".repeat(43))).unwrap();
    assert!(owner(&db, &unknown).await.is_none());
}

#[tokio::test]
async fn the_last_use_is_kept_to_the_minute() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let (_, key) = create(&db, &user, None).await.unwrap();
    assert_eq!(list(&db, &user).await[0].last_used_at, None);
    let first = db.clock().now();
    owner(&db, &key).await.unwrap();
    pass(&db, 59);
    owner(&db, &key).await.unwrap();
    assert_eq!(list(&db, &user).await[0].last_used_at, Some(first));
    pass(&db, 1);
    owner(&db, &key).await.unwrap();
    assert_eq!(list(&db, &user).await[0].last_used_at, Some(db.clock().now()));
}

#[tokio::test]
async fn nobody_has_more_than_twenty_live_keys_however_fast_they_ask() {
    let db = TestDb::new().await;
    let user = register(&db, "a@example.com").await;
    let mut keys = Vec::new();
    for _ in 0..19 {
        keys.push(create(&db, &user, None).await.unwrap().0);
    }
    let (a, b) = tokio::join!(create(&db, &user, None), create(&db, &user, None));
    assert!(a.is_ok() != b.is_ok());
    assert!(matches!(a.and(b), Err(IdentityError::TooManyApiKeys)));
    assert_eq!(list(&db, &user).await.len(), 20);
    assert!(revoke(&db, &user, &keys[0]).await);
    assert!(create(&db, &user, None).await.is_ok());
}
