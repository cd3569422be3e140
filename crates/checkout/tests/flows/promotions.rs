//! What is taken off orders: by promotions and coupons, of which lines, and what goes back later.

use std::{collections::HashMap, sync::Arc};

use checkout::RefundAmount;
use intake::{PlaceError, PlaceOrder, Refusal};
use kernel::{
    LocalizedText, Money, Quantity,
    id::{CategoryId, OrderId, PromotionId, UserId},
};
use orders::{Adjustment, AdjustmentSource, AdjustmentTarget};
use pricing::{
    Audience, Benefit, Coupon, CouponCode, CouponRefusal, PriceList, Promotion, Rule, Scope,
    SetPart, SetTerms, promotions::StoredPromotion,
};
use uuid::Uuid;

use crate::{bench::Bench, desk::staff};

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

fn promotion(number: u128, rule: Rule, scope: Scope) -> Promotion {
    Promotion {
        id: PromotionId::from(Uuid::from_u128(number)),
        name: LocalizedText::new("杯子九折", "10 % off mugs"),
        rule,
        scope,
        priority: 0,
        stackable: false,
        valid_from: None,
        valid_until: None,
        active: true,
    }
}

async fn add(bench: &Bench, promotion: &Promotion) -> StoredPromotion {
    let mut tx = bench.test.db().begin().await.unwrap();
    let now = bench.test.shared_clock().now();
    let stored = pricing::promotions::add(&mut tx, promotion, now).await.unwrap();
    tx.commit().await.unwrap();
    stored
}

async fn coupon(bench: &Bench, code: &str, benefit: Benefit, scope: Scope, minimum: i64) {
    let coupon = Coupon {
        code: CouponCode::parse(code).unwrap(),
        benefit,
        scope,
        minimum_spend: twd(minimum),
        valid_from: None,
        valid_until: None,
        total_limit: None,
        per_customer_limit: None,
        active: true,
        redeemed: 0,
    };
    let mut tx = bench.test.db().begin().await.unwrap();
    pricing::put_coupon(&mut tx, &coupon, bench.test.shared_clock().now()).await.unwrap();
    tx.commit().await.unwrap();
}

fn with(mut request: PlaceOrder, code: &str) -> PlaceOrder {
    request.coupon_code = Some(code.into());
    request
}

fn mugs(bench: &Bench) -> Scope {
    Scope { products: vec![bench.shop.mug], categories: Vec::new() }
}

async fn stored(bench: &Bench, order: OrderId) -> Vec<Adjustment> {
    let mut conn = bench.test.db().acquire().await.unwrap();
    orders::adjustments::of_orders(&mut conn, &[order]).await.unwrap()
}

fn of_lines(
    order: OrderId,
    position: i16,
    source: AdjustmentSource,
    lines: &[(i16, i64)],
) -> Adjustment {
    let shares: Vec<(i16, Money)> = lines.iter().map(|(line, off)| (*line, twd(*off))).collect();
    let amount = Money::sum(shares.iter().map(|(_, off)| *off)).unwrap();
    let target = AdjustmentTarget::Lines(shares);
    Adjustment { order, position, source, amount, target }
}

fn units(lines: &[(i16, i64)]) -> RefundAmount {
    let lines = lines.iter().map(|(line, units)| (*line, Quantity::new(*units).unwrap()));
    RefundAmount::Lines(lines.collect())
}

#[tokio::test]
async fn promotion_and_coupon_are_taken_off_kept_and_given_back_by_line() {
    let bench = Bench::new().await;
    let (mug, tote) = (bench.shop.mug_white, bench.shop.tote_large);
    let ten = promotion(1, Rule::Percentage(10), mugs(&bench));
    add(&bench, &ten).await;
    coupon(&bench, "HUNDRED", Benefit::Amount(twd(100)), Scope::EVERYTHING, 0).await;
    // The example of docs/pricing.md.
    let request = with(bench.order(&[(mug, 2), (tote, 1)]), "hundred");
    let placed = bench.intake.place(request.clone()).await.unwrap();
    let order = placed.order.id;
    assert_eq!(
        (placed.order.subtotal, placed.order.discount, placed.order.total),
        (twd(2770), twd(178), twd(2592))
    );
    let source = AdjustmentSource::Promotion { id: ten.id, name: ten.name.clone() };
    let by_promotion = of_lines(order, 1, source, &[(1, 78)]);
    let source = AdjustmentSource::Coupon("HUNDRED".into());
    let by_coupon = of_lines(order, 2, source, &[(1, 26), (2, 74)]);
    assert_eq!(placed.adjustments, [by_promotion, by_coupon]);
    assert_eq!(stored(&bench, order).await, placed.adjustments);
    let again = bench.intake.place(request.clone()).await.unwrap();
    assert_eq!((again.replayed, &again.adjustments), (true, &placed.adjustments));
    bench.assert_books_are_right().await;

    // What was paid for a line goes back for it: 676 for two mugs.
    bench.pay(order).await;
    let mugs = bench.ask_back(order, units(&[(1, 1)]), staff()).await.unwrap();
    let bag = bench.ask_back(order, units(&[(2, 1)]), staff()).await.unwrap();
    let last = bench.ask_back(order, units(&[(1, 1)]), staff()).await.unwrap();
    assert_eq!([mugs.amount, bag.amount, last.amount], [twd(338), twd(1916), twd(338)]);
    assert_eq!(338 + 1916 + 338, 2592);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_edit_keeps_what_promotions_gave_for_the_units_that_stay() {
    let bench = Bench::new().await;
    let (mug, tote) = (bench.shop.mug_white, bench.shop.tote_large);
    add(&bench, &promotion(1, Rule::Percentage(10), mugs(&bench))).await;
    coupon(&bench, "TEN", Benefit::Percentage(10), Scope::EVERYTHING, 2000).await;
    let request = with(bench.order(&[(mug, 3), (tote, 1)]), "TEN");
    let placed = bench.intake.place(request.clone()).await.unwrap();
    let order = placed.order.id;
    // 1,170 − 117; 10 % of 1,053 + 1,990 is 304.3.
    assert_eq!((placed.order.discount, placed.order.total), (twd(117 + 304), twd(2739)));
    bench.pay(order).await;
    let edited = bench.cut(order, &[(1, 1), (2, 0)]).await.unwrap();
    // 390 − 39, and 10 % of 351 is 35.1.
    assert_eq!((edited.discount, edited.total), (twd(39 + 35), twd(316)));
    let sums: Vec<_> =
        stored(&bench, order).await.into_iter().map(|it| (it.position, it.amount)).collect();
    assert_eq!(sums, [(1, twd(39)), (2, twd(35))]);
    assert_eq!(bench.refunds(order).await, [2739 - 316]);
    bench.assert_books_are_right().await;
    // The first answer is still the first answer.
    let again = bench.intake.place(request).await.unwrap();
    assert_eq!((again.replayed, &again.adjustments), (true, &placed.adjustments));
}

/// A mug and a bag together for NT$ 1,980 instead of 2,380.
async fn add_set(bench: &Bench) {
    let part = |product| SetPart { product, units: 1 };
    let parts = vec![part(bench.shop.mug), part(bench.shop.tote)];
    let rule = Rule::Set { parts, terms: SetTerms::Price(twd(1980)) };
    add(bench, &promotion(1, rule, Scope::EVERYTHING)).await;
}

#[tokio::test]
async fn a_set_is_taken_off_its_lines_and_given_back_by_line() {
    let bench = Bench::new().await;
    add_set(&bench).await;
    let (mug, tote) = (bench.shop.mug_white, bench.shop.tote_large);
    // Two mugs and no bag are no set.
    assert_eq!(bench.place(&[(mug, 2)]).await.order.discount, Money::ZERO);
    let placed = bench.place(&[(mug, 2), (tote, 1)]).await;
    let order = placed.order.id;
    // One set: of the 400, 65.5 are the mug's part and 334.5 the bag's.
    assert_eq!((placed.order.discount, placed.order.total), (twd(400), twd(2370)));
    assert_eq!(
        orders::adjustments::by_line(&placed.adjustments),
        HashMap::from([(1, 66), (2, 334)])
    );
    bench.assert_books_are_right().await;

    bench.pay(order).await;
    let first = bench.ask_back(order, units(&[(1, 1)]), staff()).await.unwrap();
    let bag = bench.ask_back(order, units(&[(2, 1)]), staff()).await.unwrap();
    let last = bench.ask_back(order, units(&[(1, 1)]), staff()).await.unwrap();
    assert_eq!([first.amount, bag.amount, last.amount], [twd(357), twd(1656), twd(357)]);
    assert_eq!(357 + 1656 + 357, 2370);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_set_that_an_edit_breaks_keeps_what_it_gave_for_what_stays() {
    let bench = Bench::new().await;
    add_set(&bench).await;
    let placed = bench.place(&[(bench.shop.mug_white, 2), (bench.shop.tote_large, 1)]).await;
    let order = placed.order.id;
    bench.pay(order).await;
    let edited = bench.cut(order, &[(2, 0)]).await.unwrap();
    assert_eq!((edited.discount, edited.total), (twd(66), twd(780 - 66)));
    assert_eq!(bench.refunds(order).await, [1656]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_change_of_a_promotion_counts_for_the_next_order() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    let total = async || bench.place(&[(mug, 1)]).await.order.total;
    assert_eq!(total().await, twd(470));
    let now = bench.test.shared_clock().now();
    let hour = jiff::SignedDuration::from_hours(1);
    let later = Promotion {
        valid_from: Some(now + hour),
        valid_until: Some(now + hour * 2),
        ..promotion(1, Rule::Amount(twd(90)), Scope::EVERYTHING)
    };
    let first = add(&bench, &later).await;
    assert_eq!(total().await, twd(470));
    // Nothing has to happen for it to begin and to end.
    bench.minutes_pass(60);
    assert_eq!(total().await, twd(380));
    let mut tx = bench.test.db().begin().await.unwrap();
    let more = Promotion { rule: Rule::Amount(twd(100)), ..later.clone() };
    let (_, after) = pricing::promotions::change(&mut tx, &more, first.version, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((after.version, total().await), (2, twd(370)));
    bench.minutes_pass(60);
    assert_eq!(total().await, twd(470));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn members_prices_are_for_those_who_are_signed_in() {
    let bench = Bench::new().await;
    let member = promotion(1, Rule::Member(10), Scope::EVERYTHING);
    add(&bench, &member).await;
    let mut request = bench.order(&[(bench.shop.tote_large, 1)]);
    assert_eq!(bench.intake.place(request.clone()).await.unwrap().order.total, twd(1990));
    request.key = Uuid::from_bytes(bench.test.ids().bytes());
    request.customer = Some(UserId::from(Uuid::from_u128(7)));
    // The price they were shown as guests is not theirs.
    request.expected_total = Some(twd(1990));
    let refused = bench.intake.place(request.clone()).await;
    let Err(PlaceError::Refused(Refusal::PriceChanged { total, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(total, twd(1791));
    request.expected_total = Some(total);
    assert_eq!(bench.intake.place(request).await.unwrap().order.discount, twd(199));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_price_list_is_for_whom_and_when_it_says_and_promotions_take_off_what_is_left() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    add(&bench, &promotion(1, Rule::Percentage(10), mugs(&bench))).await;
    let now = bench.test.shared_clock().now();
    let list = PriceList {
        id: Uuid::from_u128(1).into(),
        name: LocalizedText::new("會員價", "Members"),
        audience: Audience::Members,
        valid_from: Some(now + jiff::SignedDuration::from_hours(1)),
        valid_until: None,
        active: true,
    };
    let order = |member: bool| {
        let customer = member.then(|| UserId::from(Uuid::from_u128(7)));
        PlaceOrder { customer, ..bench.order(&[(mug, 2)]) }
    };
    let subtotal = async |member| bench.intake.place(order(member)).await.unwrap().order.subtotal;
    assert_eq!(subtotal(true).await, twd(780));
    let mut tx = bench.test.db().begin().await.unwrap();
    pricing::price_lists::add(&mut tx, &list, now).await.unwrap();
    let price = [(mug, Some(twd(300)))];
    pricing::price_lists::put_entries(&mut tx, list.id, &price, 1, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(subtotal(true).await, twd(780));
    // Nothing has to happen for it to begin.
    bench.minutes_pass(60);
    assert_eq!(subtotal(false).await, twd(780));
    let placed = bench.intake.place(order(true)).await.unwrap();
    assert_eq!((placed.order.subtotal, placed.order.discount), (twd(600), twd(60)));
    assert_eq!(placed.order.lines[0].unit_price, twd(300));

    // It is over: what was paid stays what was paid.
    bench.pay(placed.order.id).await;
    let mut tx = bench.test.db().begin().await.unwrap();
    pricing::price_lists::remove(&mut tx, list.id, 2).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(subtotal(true).await, twd(780));
    let one = bench.ask_back(placed.order.id, units(&[(1, 1)]), staff()).await.unwrap();
    assert_eq!(one.amount, twd(270));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_price_list_that_ends_before_the_order_comes_is_told() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    let now = bench.test.shared_clock().now();
    let list = PriceList {
        id: Uuid::from_u128(1).into(),
        name: LocalizedText::new("週年慶", "Anniversary"),
        audience: Audience::Everyone,
        valid_from: None,
        valid_until: Some(now + jiff::SignedDuration::from_hours(1)),
        active: true,
    };
    let mut tx = bench.test.db().begin().await.unwrap();
    pricing::price_lists::add(&mut tx, &list, now).await.unwrap();
    let price = [(mug, Some(twd(300)))];
    pricing::price_lists::put_entries(&mut tx, list.id, &price, 1, now).await.unwrap();
    tx.commit().await.unwrap();
    let seen = |total| PlaceOrder { expected_total: Some(twd(total)), ..bench.order(&[(mug, 2)]) };
    assert_eq!(bench.intake.place(seen(680)).await.unwrap().order.total, twd(680));

    // Nobody changes anything; its time is over.
    bench.minutes_pass(60);
    let refused = bench.intake.place(seen(680)).await;
    let Err(PlaceError::Refused(Refusal::PriceChanged { lines, total })) = refused else {
        panic!("{refused:?}")
    };
    // The line's price was not sent, so only the total is compared.
    assert_eq!((lines.len(), total), (0, twd(860)));
    let mut by_line = bench.order(&[(mug, 2)]);
    by_line.lines[0].unit_price = Some(twd(300));
    let refused = bench.intake.place(by_line).await;
    let Err(PlaceError::Refused(Refusal::PriceChanged { lines, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((lines[0].variant, lines[0].unit_price), (mug, twd(390)));
    assert_eq!(bench.intake.place(seen(860)).await.unwrap().order.subtotal, twd(780));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_coupon_for_some_products_or_categories_takes_off_only_theirs() {
    let bench = Bench::new().await;
    let (mug, tote) = (bench.shop.mug_white, bench.shop.tote_large);
    // Mugs lie in a category below the kitchen.
    let below = CategoryId::from(Uuid::from_u128(0xbe10));
    let mut owner = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "INSERT INTO catalog.categories (id, slug, name_zh, name_en, position, parent_id)
         VALUES ($1, 'mugs', '杯子', 'Mugs', 1, $2)",
    )
    .bind(below.as_uuid())
    .bind(bench.shop.category.as_uuid())
    .execute(&mut *owner)
    .await
    .unwrap();
    let move_mugs = sqlx::query("UPDATE catalog.products SET category_id = $1 WHERE id = $2");
    move_mugs
        .bind(below.as_uuid())
        .bind(bench.shop.mug.as_uuid())
        .execute(&mut *owner)
        .await
        .unwrap();
    let of_category = |category| Scope { products: Vec::new(), categories: vec![category] };
    coupon(&bench, "MUGS", Benefit::Percentage(10), mugs(&bench), 0).await;
    coupon(&bench, "BELOW", Benefit::Percentage(10), of_category(below), 700).await;
    coupon(&bench, "KITCHEN", Benefit::Percentage(10), of_category(bench.shop.category), 0).await;
    let place = async |lines: &[_], code| bench.intake.place(with(bench.order(lines), code)).await;
    for (code, off) in [("MUGS", 78), ("BELOW", 78), ("KITCHEN", 277)] {
        let placed = place(&[(tote, 1), (mug, 2)], code).await.unwrap();
        assert_eq!(placed.order.discount, twd(off), "{code}");
        let by_line = orders::adjustments::by_line(&placed.adjustments);
        assert_eq!(by_line.get(&2), Some(&78), "{code}");
    }
    let refused = |answer: Result<Arc<intake::Placed>, PlaceError>| match answer {
        Err(PlaceError::Refused(Refusal::CouponInvalid(why))) => why,
        other => panic!("not refused: {other:?}"),
    };
    assert_eq!(refused(place(&[(tote, 1)], "MUGS").await), CouponRefusal::NothingCovered);
    assert_eq!(CouponRefusal::NothingCovered.as_str(), "nothing_covered");
    let minimum = twd(700);
    let too_little = place(&[(tote, 1), (mug, 1)], "BELOW").await;
    assert_eq!(refused(too_little), CouponRefusal::BelowMinimum { minimum });
    bench.assert_books_are_right().await;
}
