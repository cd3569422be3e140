//! Carts on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "it/wishes.rs"]
mod wishes;

use cart::{CartError, CartOwner, LINES_MAX, LineQuantity};
use kernel::{
    Clock as _,
    id::{CartId, UserId, VariantId},
};
use testkit::{TestDb, seed};

fn units(units: u32) -> LineQuantity {
    LineQuantity::new(units).unwrap()
}

fn variant(number: u8) -> VariantId {
    seed::id(number, number & 63)
}

fn user() -> UserId {
    seed::id(200, 0)
}

async fn open(db: &TestDb, owner: Option<CartOwner>) -> CartId {
    let mut conn = db.db().acquire().await.unwrap();
    cart::open(&mut conn, owner, db.ids(), &*db.clock()).await.unwrap()
}

async fn add(db: &TestDb, cart: CartId, number: u8, quantity: u32) -> Result<(), CartError> {
    let mut tx = db.db().begin().await.unwrap();
    cart::add(&mut tx, cart, variant(number), units(quantity), db.ids(), &*db.clock()).await?;
    tx.commit().await.unwrap();
    // What is added later is shown later.
    db.clock().advance(jiff::SignedDuration::from_millis(1));
    Ok(())
}

async fn merge(db: &TestDb, guest: CartId) -> Option<CartId> {
    let mut tx = db.db().begin().await.unwrap();
    let cart = cart::merge(&mut tx, guest, user(), db.ids(), &*db.clock()).await.unwrap();
    tx.commit().await.unwrap();
    cart
}

async fn contents(db: &TestDb, cart: CartId) -> Vec<(VariantId, u32)> {
    let mut conn = db.db().acquire().await.unwrap();
    let lines = cart::lines(&mut conn, cart).await.unwrap();
    lines.into_iter().map(|line| (line.variant_id, line.quantity.get())).collect()
}

async fn find(db: &TestDb, owner: CartOwner) -> Option<CartId> {
    let mut conn = db.db().acquire().await.unwrap();
    cart::find(&mut conn, owner).await.unwrap()
}

#[tokio::test]
async fn adding_adds_up_to_ninety_nine() {
    let db = TestDb::new().await;
    let cart = open(&db, None).await;
    add(&db, cart, 1, 98).await.unwrap();
    add(&db, cart, 2, 3).await.unwrap();
    add(&db, cart, 1, 1).await.unwrap();
    assert!(matches!(add(&db, cart, 1, 1).await, Err(CartError::LineFull)));
    let expected = [(variant(1), 99), (variant(2), 3)];
    assert_eq!(contents(&db, cart).await.len(), 2);
    for line in contents(&db, cart).await {
        assert!(expected.contains(&line));
    }
}

#[tokio::test]
async fn a_cart_has_a_bounded_number_of_lines() {
    let db = TestDb::new().await;
    let cart = open(&db, None).await;
    for number in 0..u8::try_from(LINES_MAX).unwrap() {
        add(&db, cart, number, 1).await.unwrap();
    }
    assert!(matches!(add(&db, cart, 150, 1).await, Err(CartError::CartFull)));
    add(&db, cart, 7, 1).await.unwrap();
    assert_eq!(contents(&db, cart).await.len(), 100);
}

#[tokio::test]
async fn lines_change_and_go_only_in_their_own_cart() {
    let db = TestDb::new().await;
    let (mine, other) = (open(&db, None).await, open(&db, None).await);
    add(&db, mine, 1, 2).await.unwrap();
    let now = db.clock().now();
    let mut conn = db.db().acquire().await.unwrap();
    let item = cart::lines(&mut conn, mine).await.unwrap()[0].id;

    let foreign = cart::set_quantity(&mut conn, other, item, Some(units(9)), now).await;
    assert!(matches!(foreign, Err(CartError::ItemNotFound)));
    let foreign = cart::remove(&mut conn, other, item, now).await;
    assert!(matches!(foreign, Err(CartError::ItemNotFound)));
    assert_eq!(contents(&db, mine).await, [(variant(1), 2)]);

    cart::set_quantity(&mut conn, mine, item, Some(units(9)), now).await.unwrap();
    assert_eq!(contents(&db, mine).await, [(variant(1), 9)]);
    cart::set_quantity(&mut conn, mine, item, None, now).await.unwrap();
    assert_eq!(contents(&db, mine).await, []);
    let gone = cart::remove(&mut conn, mine, item, now).await;
    assert!(matches!(gone, Err(CartError::ItemNotFound)));
    let unknown = add(&db, seed::id(99, 0), 1, 1).await;
    assert!(matches!(unknown, Err(CartError::CartNotFound)));
}

#[tokio::test]
async fn an_ordered_cart_is_empty_but_for_what_came_since() {
    let db = TestDb::new().await;
    let cart = open(&db, Some(CartOwner::User(user()))).await;
    add(&db, cart, 1, 2).await.unwrap();
    let mut conn = db.db().acquire().await.unwrap();
    let now = db.clock().now();
    let ordered = cart::lines(&mut conn, cart).await.unwrap();
    add(&db, cart, 1, 3).await.unwrap();
    add(&db, cart, 2, 1).await.unwrap();
    cart::take_out(&mut conn, cart, &ordered, now).await.unwrap();
    assert_eq!(contents(&db, cart).await, [(variant(1), 3), (variant(2), 1)]);
    let ordered = cart::lines(&mut conn, cart).await.unwrap();
    cart::take_out(&mut conn, cart, &ordered, now).await.unwrap();
    cart::take_out(&mut conn, cart, &ordered, now).await.unwrap();
    cart::take_out(&mut conn, seed::id(99, 0), &ordered, now).await.unwrap();
    assert_eq!(contents(&db, cart).await, []);
    assert_eq!(find(&db, CartOwner::User(user())).await, Some(cart));
}

#[tokio::test]
async fn clients_do_not_choose_ids_and_do_not_reach_other_peoples_carts() {
    let db = TestDb::new().await;
    let unknown: CartId = seed::id(99, 0);
    let fresh = open(&db, Some(CartOwner::Guest(unknown))).await;
    assert_ne!(fresh, unknown);
    assert_eq!(open(&db, Some(CartOwner::Guest(fresh))).await, fresh);

    let persons = open(&db, Some(CartOwner::User(user()))).await;
    assert_eq!(open(&db, Some(CartOwner::User(user()))).await, persons);
    assert_eq!(find(&db, CartOwner::Guest(persons)).await, None);
    assert_ne!(open(&db, Some(CartOwner::Guest(persons))).await, persons);
}

#[tokio::test]
async fn signing_in_joins_the_two_carts_once() {
    let db = TestDb::new().await;
    let guest = open(&db, None).await;
    let persons = open(&db, Some(CartOwner::User(user()))).await;
    add(&db, persons, 1, 60).await.unwrap();
    add(&db, guest, 1, 60).await.unwrap();
    add(&db, guest, 2, 3).await.unwrap();

    assert_eq!(merge(&db, guest).await, Some(persons));
    assert_eq!(contents(&db, persons).await, [(variant(1), 99), (variant(2), 3)]);
    assert_eq!(find(&db, CartOwner::Guest(guest)).await, None);
    assert_eq!(merge(&db, guest).await, Some(persons));
    assert_eq!(contents(&db, persons).await, [(variant(1), 99), (variant(2), 3)]);
}

#[tokio::test]
async fn merging_keeps_the_bound_on_lines_and_works_without_a_cart() {
    let db = TestDb::new().await;
    assert_eq!(merge(&db, seed::id(99, 0)).await, None);
    let guest = open(&db, None).await;
    for number in 100..150 {
        add(&db, guest, number, 1).await.unwrap();
    }
    let persons = merge(&db, guest).await.unwrap();
    let kept: Vec<_> = (100..150).map(|number| (variant(number), 1)).collect();
    assert_eq!(contents(&db, persons).await, kept, "in the order they were added");

    let guest = open(&db, None).await;
    for number in 0..80 {
        add(&db, guest, number, 1).await.unwrap();
    }
    merge(&db, guest).await.unwrap();
    assert_eq!(contents(&db, persons).await.len(), 100);
}

#[tokio::test]
async fn concurrent_changes_of_one_cart_lose_nothing() {
    let db = TestDb::new().await;
    let guest = open(&db, None).await;
    add(&db, guest, 1, 1).await.unwrap();
    let adds = async {
        let outcomes = tokio::join!(
            add(&db, guest, 1, 5),
            add(&db, guest, 1, 5),
            add(&db, guest, 2, 5),
            add(&db, guest, 3, 5),
        );
        for outcome in [outcomes.0, outcomes.1, outcomes.2, outcomes.3] {
            outcome.unwrap();
        }
    };
    adds.await;
    // Two devices sign in with the same guest cart: it is merged once.
    let (a, b) = tokio::join!(merge(&db, guest), merge(&db, guest));
    assert_eq!(a, b);
    let mut lines = contents(&db, a.unwrap()).await;
    lines.sort_unstable();
    assert_eq!(lines, [(variant(1), 11), (variant(2), 5), (variant(3), 5)]);
}
