//! Kept addresses.

use identity::{Address, AddressFields, IdentityError, MOST_ADDRESSES};
use kernel::id::{AddressId, UserId};
use testkit::TestDb;

use crate::newcomers::{execute, newcomer};

fn fields(name: &str, is_default: bool) -> AddressFields {
    AddressFields {
        name: name.into(),
        phone: "0912345678".into(),
        postal_code: "100".into(),
        city: "臺北市".into(),
        district: "中正區".into(),
        address1: "重慶南路一段 122 號".into(),
        address2: None,
        is_default,
    }
}

async fn add(db: &TestDb, user: UserId, fields: AddressFields) -> Result<Address, IdentityError> {
    let mut tx = db.db().begin().await.unwrap();
    let added = identity::add_address(&mut tx, user, fields, db.ids(), &*db.clock()).await?;
    tx.commit().await.unwrap();
    Ok(added.unwrap())
}

async fn replace(db: &TestDb, user: UserId, address: &Address) -> bool {
    let mut tx = db.db().begin().await.unwrap();
    let done = identity::replace_address(&mut tx, user, address, &*db.clock()).await.unwrap();
    if done {
        tx.commit().await.unwrap();
    }
    done
}

async fn list(db: &TestDb, user: UserId) -> Vec<Address> {
    let mut conn = db.db().acquire().await.unwrap();
    identity::addresses(&mut conn, user).await.unwrap()
}

#[tokio::test]
async fn one_address_at_most_is_the_default() {
    let db = TestDb::new().await;
    let (user, _) = newcomer(&db, "a@example.com").await;
    let home = add(&db, user.id, fields("Home", true)).await.unwrap();
    let work = add(&db, user.id, fields("Work", true)).await.unwrap();
    let defaults = async || -> Vec<AddressId> {
        let addresses = list(&db, user.id).await;
        addresses.into_iter().filter(|it| it.fields.is_default).map(|it| it.id).collect()
    };
    assert_eq!(defaults().await, [work.id]);
    assert!(replace(&db, user.id, &home).await);
    assert_eq!(defaults().await, [home.id]);
    let moved = Address { id: home.id, fields: fields("New home", false) };
    assert!(replace(&db, user.id, &moved).await);
    assert_eq!(defaults().await, []);
    let unmarked = Address { id: work.id, fields: fields("Work", false) };
    assert_eq!(list(&db, user.id).await, [moved, unmarked]);
}

#[tokio::test]
async fn twenty_fit_also_when_many_are_added_at_once() {
    let db = TestDb::new().await;
    let (user, _) = newcomer(&db, "a@example.com").await;
    for _ in 0..MOST_ADDRESSES - 1 {
        add(&db, user.id, fields("Home", false)).await.unwrap();
    }
    let (a, b, c) = tokio::join!(
        add(&db, user.id, fields("A", false)),
        add(&db, user.id, fields("B", false)),
        add(&db, user.id, fields("C", true)),
    );
    let fit = [a, b, c].into_iter().flatten().count();
    assert_eq!(fit, 1);
    assert_eq!(list(&db, user.id).await.len(), MOST_ADDRESSES);
    let refused = add(&db, user.id, fields("D", true)).await;
    assert!(matches!(refused, Err(IdentityError::TooManyAddresses)));
}

#[tokio::test]
async fn somebody_elses_address_is_none() {
    let db = TestDb::new().await;
    let (owner, _) = newcomer(&db, "a@example.com").await;
    let (other, _) = newcomer(&db, "b@example.com").await;
    let home = add(&db, owner.id, fields("Home", true)).await.unwrap();
    let theirs = add(&db, other.id, fields("Mine", true)).await.unwrap();
    let stolen = Address { id: home.id, fields: fields("Stolen", true) };
    assert!(!replace(&db, other.id, &stolen).await);
    let mut conn = db.db().acquire().await.unwrap();
    assert!(!identity::remove_address(&mut conn, other.id, home.id).await.unwrap());
    assert_eq!(list(&db, owner.id).await, std::slice::from_ref(&home));
    assert_eq!(list(&db, other.id).await, [theirs], "theirs is still their default");
    assert!(identity::remove_address(&mut conn, owner.id, home.id).await.unwrap());
    assert!(!identity::remove_address(&mut conn, owner.id, home.id).await.unwrap());
    assert_eq!(list(&db, owner.id).await, []);

    execute(&db, "UPDATE identity.users SET active = false").await;
    let mut tx = db.db().begin().await.unwrap();
    let added =
        identity::add_address(&mut tx, owner.id, fields("X", false), db.ids(), &*db.clock()).await;
    assert_eq!(added.unwrap(), None);
}
