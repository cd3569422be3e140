use kernel::LocalizedText;
use testkit::TestDb;
use uuid::Uuid;

use super::*;
use crate::{price_book::PriceBook, price_list::Audience};

fn list(number: u128) -> PriceList {
    PriceList {
        id: Uuid::from_u128(number).into(),
        name: LocalizedText::new("會員價", "Members"),
        audience: Audience::Members,
        valid_from: None,
        valid_until: Some(Timestamp::from_second(2_000_000_000).unwrap()),
        active: true,
    }
}

fn variant(number: u128) -> VariantId {
    Uuid::from_u128(number).into()
}

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

#[tokio::test]
async fn a_list_and_its_prices_are_changed_by_who_has_seen_them() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    let it = list(1);
    let stored = add(&mut conn, &it, now).await.unwrap();
    assert_eq!(stored, StoredPriceList { list: it.clone(), version: 1 });
    assert_eq!(find(&mut conn, it.id).await.unwrap(), Some(stored));

    let wish = [(variant(1), Some(twd(300))), (variant(2), Some(twd(80))), (variant(3), None)];
    let stale = put_entries(&mut conn, it.id, &wish, 2, now).await;
    assert!(matches!(stale, Err(PriceListError::Changed)), "{stale:?}");
    let (after, was) = put_entries(&mut conn, it.id, &wish, 1, now).await.unwrap();
    assert_eq!((after.version, was), (2, vec![(variant(1), None), (variant(2), None)]));
    // The same again is nothing.
    let (after, was) = put_entries(&mut conn, it.id, &wish, 2, now).await.unwrap();
    assert_eq!((after.version, was), (2, Vec::new()));
    let less = [(variant(1), Some(twd(290))), (variant(2), None)];
    let (after, was) = put_entries(&mut conn, it.id, &less, 2, now).await.unwrap();
    assert_eq!(after.version, 3);
    assert_eq!(was, [(variant(1), Some(twd(300))), (variant(2), Some(twd(80)))]);
    let left = entries(&mut conn, it.id, None, 10).await.unwrap();
    assert_eq!(left, [(variant(1), twd(290))]);
    assert!(entries(&mut conn, it.id, Some(variant(1)), 10).await.unwrap().is_empty());

    let other = PriceList { audience: Audience::Everyone, active: false, ..it.clone() };
    let (before, after) = change(&mut conn, &other, 3, now).await.unwrap();
    assert_eq!((before.list, after.version), (it.clone(), 4));
    assert_eq!(find(&mut conn, it.id).await.unwrap(), Some(after.clone()));
    assert_eq!(change(&mut conn, &other, 4, now).await.unwrap().1, after);
    assert_eq!(all(&mut conn).await.unwrap(), [after]);
    assert!(active(&mut conn).await.unwrap().is_empty());
    let stale = remove(&mut conn, it.id, 3).await;
    assert!(matches!(stale, Err(PriceListError::Changed)), "{stale:?}");
    assert_eq!(remove(&mut conn, it.id, 4).await.unwrap().version, 4);
    assert!(entries(&mut conn, it.id, None, 10).await.unwrap().is_empty());
    let gone = remove(&mut conn, it.id, 4).await;
    assert!(matches!(gone, Err(PriceListError::NotFound)), "{gone:?}");
}

#[tokio::test]
async fn no_more_are_switched_on_than_may_be() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    for number in 1..=50 {
        add(&mut conn, &list(number), now).await.unwrap();
    }
    let off = PriceList { active: false, ..list(51) };
    add(&mut conn, &off, now).await.unwrap();
    let mut tx = test.db().begin().await.unwrap();
    let one_more = change(&mut tx, &list(51), 1, now).await;
    assert!(matches!(one_more, Err(PriceListError::TooMany)), "{one_more:?}");
}

/// What members pay for the variants 1 and 2, by this revision.
async fn price(book: &PriceBook, conn: &mut Connection, revision: i64) -> (i64, i64) {
    let prices = book.read(conn, revision, &[variant(1), variant(2)]).await.unwrap();
    let at = Timestamp::from_second(1_900_000_000).unwrap();
    let own = |variant| prices.unit_price(variant, twd(390), true, at).amount.amount();
    (own(variant(1)), own(variant(2)))
}

#[tokio::test]
async fn the_book_turns_its_page_with_the_revision() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    let book = PriceBook::default();
    assert_eq!(price(&book, &mut conn, 1).await, (390, 390));
    let it = list(1);
    add(&mut conn, &it, now).await.unwrap();
    put_entries(&mut conn, it.id, &[(variant(1), Some(twd(300)))], 1, now).await.unwrap();
    // Who has read the number of before gets what was true then.
    assert_eq!(price(&book, &mut conn, 1).await, (390, 390));
    assert_eq!(price(&book, &mut conn, 2).await, (300, 390));
    put_entries(&mut conn, it.id, &[(variant(2), Some(twd(100)))], 2, now).await.unwrap();
    assert_eq!(price(&book, &mut conn, 2).await, (300, 390));
    // Whoever is late reads anew, and does not turn it back.
    assert_eq!(price(&book, &mut conn, 1).await, (300, 100));
    assert_eq!(price(&book, &mut conn, 2).await, (300, 390));
    assert_eq!(price(&book, &mut conn, 3).await, (300, 100));
    remove(&mut conn, it.id, 3).await.unwrap();
    assert_eq!(price(&book, &mut conn, 4).await, (390, 390));
}
