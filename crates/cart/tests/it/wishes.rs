//! Wish lists on a real database.

use cart::{WISHES_MAX, add_wishes, forget_wishes, remove_wish, wishes};
use kernel::id::{ProductId, UserId};
use proptest::{collection::vec, prelude::*};
use testkit::{TestDb, seed};
use uuid::Uuid;

fn product(number: u16) -> ProductId {
    Uuid::from_u128(u128::from(number)).into()
}

fn person(number: u8) -> UserId {
    seed::id(number, 0)
}

async fn add(db: &TestDb, user: UserId, numbers: &[u16]) {
    let products: Vec<_> = numbers.iter().copied().map(product).collect();
    let mut tx = db.db().begin().await.unwrap();
    add_wishes(&mut tx, user, &products, &*db.clock()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn list(db: &TestDb, user: UserId) -> Vec<u16> {
    let mut conn = db.db().acquire().await.unwrap();
    let wished = wishes(&mut conn, user).await.unwrap();
    wished.iter().map(|it| u16::try_from(it.product_id.as_uuid().as_u128()).unwrap()).collect()
}

#[tokio::test]
async fn what_is_added_comes_first_and_what_is_there_keeps_its_place() {
    let db = TestDb::new().await;
    let (one, other) = (person(1), person(2));
    add(&db, one, &[1]).await;
    add(&db, one, &[2]).await;
    add(&db, other, &[9]).await;
    // A guest's list, the newest first; some of it is on the account's, and one is in it twice.
    for _ in 0..2 {
        add(&db, one, &[4, 1, 3, 4]).await;
        assert_eq!(list(&db, one).await, [4, 3, 2, 1]);
    }
    add(&db, one, &[]).await;
    let mut conn = db.db().acquire().await.unwrap();
    for _ in 0..2 {
        remove_wish(&mut conn, one, product(3)).await.unwrap();
        assert_eq!(list(&db, one).await, [4, 2, 1]);
    }
    forget_wishes(&mut conn, one).await.unwrap();
    assert_eq!(list(&db, one).await, [0_u16; 0]);
    assert_eq!(list(&db, other).await, [9]);
}

#[tokio::test]
async fn a_full_list_lets_its_oldest_go() {
    let db = TestDb::new().await;
    let most = u16::try_from(WISHES_MAX).unwrap();
    let all: Vec<u16> = (0..most).rev().collect();
    add(&db, person(1), &all).await;
    assert_eq!(list(&db, person(1)).await, all);
    add(&db, person(1), &[most + 1, most]).await;
    let now = list(&db, person(1)).await;
    assert_eq!(now.len(), WISHES_MAX);
    assert_eq!((now[0], now[1], now[2]), (most + 1, most, most - 1));
    assert_eq!(now.last(), Some(&2));
    // Of too many, the newest.
    let many: Vec<u16> = (1000..1000 + most + 7).collect();
    add(&db, person(1), &many).await;
    assert_eq!(list(&db, person(1)).await, many[..WISHES_MAX]);
}

#[tokio::test]
async fn two_devices_at_once_lose_nothing() {
    let db = TestDb::new().await;
    let adds: Vec<[u16; 2]> = (0..20).map(|n| [n, n + 1]).collect();
    futures::future::join_all(adds.iter().map(|pair| add(&db, person(1), pair))).await;
    let mut now = list(&db, person(1)).await;
    now.sort_unstable();
    assert_eq!(now, (0..=20).collect::<Vec<_>>());
}

/// What the list has to be: what is new at its head, each once, the newest two hundred.
fn expected(own: &[u16], added: &[u16]) -> Vec<u16> {
    let mut all = Vec::new();
    for &number in added.iter().take(WISHES_MAX).filter(|it| !own.contains(it)).chain(own) {
        if !all.contains(&number) {
            all.push(number);
        }
    }
    all.truncate(WISHES_MAX);
    all
}

#[test]
fn any_lists_are_merged_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let db = runtime.block_on(TestDb::new());
    let person = std::cell::Cell::new(0_u8);
    let config =
        ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() };
    let lists = vec(vec(0..300_u16, 0..=260), 1..4);
    proptest!(config, |(lists in lists)| {
        person.set(person.get().wrapping_add(1));
        let who = self::person(person.get());
        runtime.block_on(async {
            let mut conn = db.db().acquire().await.unwrap();
            forget_wishes(&mut conn, who).await.unwrap();
        });
        let mut own = Vec::new();
        for added in &lists {
            runtime.block_on(add(&db, who, added));
            own = expected(&own, added);
            prop_assert_eq!(&runtime.block_on(list(&db, who)), &own);
        }
    });
}
