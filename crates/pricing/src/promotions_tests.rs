use kernel::{LocalizedText, Money};
use testkit::TestDb;
use uuid::Uuid;

use super::*;
use crate::{
    promotion::{Off, Rule, SetPart, SetTerms, Tier},
    promotion_book::PromotionBook,
    scope::Scope,
};

fn promotion(number: u128, rule: Rule) -> Promotion {
    let scope = Scope {
        products: vec![Uuid::from_u128(7).into()],
        categories: vec![Uuid::from_u128(8).into(), Uuid::from_u128(9).into()],
    };
    // A set says by itself what it is for.
    let is_set = matches!(rule, Rule::Set { .. });
    Promotion {
        id: Uuid::from_u128(number).into(),
        name: LocalizedText::new("活動", "Deal"),
        rule,
        scope: if is_set { Scope::EVERYTHING } else { scope },
        priority: 0,
        stackable: true,
        valid_from: Some(Timestamp::from_second(100).unwrap()),
        valid_until: None,
        active: true,
    }
}

#[tokio::test]
async fn every_rule_is_kept_as_it_is_and_changed_by_who_has_seen_it() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    let dollars = Money::twd(100).unwrap();
    let tiers = vec![
        Tier { spend: dollars, off: Off::Amount(Money::twd(5).unwrap()) },
        Tier { spend: Money::twd(200).unwrap(), off: Off::Percentage(15) },
    ];
    let part = |product, units| SetPart { product: Uuid::from_u128(product).into(), units };
    let rules = [
        Rule::Set { parts: vec![part(7, 1), part(5, 2)], terms: SetTerms::Price(dollars) },
        Rule::Percentage(10),
        Rule::Member(5),
        Rule::Amount(dollars),
        Rule::BuyGet { buy: 2, free: 1 },
        Rule::Tiers(tiers),
        Rule::Set { parts: vec![part(7, 2)], terms: SetTerms::Percentage(15) },
    ];
    for (number, rule) in (1..).zip(&rules) {
        let it = promotion(number, rule.clone());
        let stored = add(&mut conn, &it, now).await.unwrap();
        assert_eq!(stored, StoredPromotion { promotion: it.clone(), version: 1 });
        assert_eq!(find(&mut conn, it.id).await.unwrap(), Some(stored));
    }
    // Each of them becomes each other one.
    let mut version = 1;
    for rule in rules.iter().cycle().skip(1).take(14) {
        let wish = Promotion { priority: -1, stackable: false, ..promotion(1, rule.clone()) };
        let stale = change(&mut conn, &wish, version + 1, now).await;
        assert!(matches!(stale, Err(PromotionError::Changed)), "{stale:?}");
        let (_, after) = change(&mut conn, &wish, version, now).await.unwrap();
        version += 1;
        assert_eq!(after, StoredPromotion { promotion: wish.clone(), version });
        assert_eq!(find(&mut conn, wish.id).await.unwrap(), Some(after.clone()));
        assert_eq!(change(&mut conn, &wish, version, now).await.unwrap().1, after);
    }
    let order: Vec<_> = all(&mut conn).await.unwrap().iter().map(|it| it.promotion.id).collect();
    let expected: Vec<PromotionId> = (1..=7).map(|n| Uuid::from_u128(n).into()).collect();
    assert_eq!(order, expected);
    let gone = Uuid::from_u128(1).into();
    assert!(matches!(remove(&mut conn, gone, 1).await, Err(PromotionError::Changed)));
    assert_eq!(remove(&mut conn, gone, version).await.unwrap().version, version);
    assert!(matches!(remove(&mut conn, gone, version).await, Err(PromotionError::NotFound)));
}

#[tokio::test]
async fn no_more_are_switched_on_than_an_order_can_look_at() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    for number in 1..=100 {
        add(&mut conn, &promotion(number, Rule::Percentage(1)), now).await.unwrap();
    }
    let off = Promotion { active: false, ..promotion(101, Rule::Percentage(1)) };
    add(&mut conn, &off, now).await.unwrap();
    assert_eq!(active(&mut conn).await.unwrap().len(), 100);
    assert_eq!(all(&mut conn).await.unwrap().len(), 101);
    let mut tx = test.db().begin().await.unwrap();
    let one_more = add(&mut tx, &promotion(102, Rule::Percentage(1)), now).await;
    assert!(matches!(one_more, Err(PromotionError::TooMany)), "{one_more:?}");
    tx.rollback().await.unwrap();
    let mut tx = test.db().begin().await.unwrap();
    let switched_on = Promotion { active: true, ..off };
    let one_more = change(&mut tx, &switched_on, 1, now).await;
    assert!(matches!(one_more, Err(PromotionError::TooMany)), "{one_more:?}");
}

#[tokio::test]
async fn the_book_turns_its_page_with_the_revision() {
    let test = TestDb::new().await;
    let mut conn = test.db().acquire().await.unwrap();
    let now = test.shared_clock().now();
    let book = PromotionBook::default();
    assert!(book.read(&mut conn, 1).await.unwrap().is_empty());
    let it = promotion(1, Rule::Percentage(10));
    add(&mut conn, &it, now).await.unwrap();
    // Who has read the number of before gets what was true then.
    assert!(book.read(&mut conn, 1).await.unwrap().is_empty());
    assert_eq!(*book.read(&mut conn, 2).await.unwrap(), *std::slice::from_ref(&it));
    remove(&mut conn, it.id, 1).await.unwrap();
    // Whoever is late reads anew, and does not turn it back.
    assert!(book.read(&mut conn, 1).await.unwrap().is_empty());
    assert_eq!(*book.read(&mut conn, 2).await.unwrap(), [it]);
    assert!(book.read(&mut conn, 3).await.unwrap().is_empty());
}
