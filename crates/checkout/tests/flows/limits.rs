//! Purchase limits, coupons and prices, when many want the same at the same moment.

use std::sync::Arc;

use futures::future::join_all;
use intake::{Intake, OverLimit, PlaceError, PlaceOrder, Placed, Refusal, Settings};
use kernel::{
    Actor, Money,
    id::{OrderId, UserId, VariantId},
};
use orders::OrderStatus;
use payments::notices::Verdict;
use pricing::{Benefit, Coupon, CouponCode, CouponRefusal, Scope};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::bench::{Bench, quick};

pub type Answers = Vec<Result<Arc<Placed>, PlaceError>>;

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

/// Small batches from several batchers, so that batches overlap.
fn crowded() -> Settings {
    Settings { batch: 4, batchers: 4, ..quick() }
}

/// Sends the requests to two engines over the same database, as two nodes would.
async fn on_two_nodes(bench: &Bench, requests: Vec<PlaceOrder>) -> Answers {
    on_two_nodes_with(crowded(), bench, requests).await
}

/// The same, with other settings for the second one.
pub async fn on_two_nodes_with(
    settings: Settings,
    bench: &Bench,
    requests: Vec<PlaceOrder>,
) -> Answers {
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let other = Intake::start(
        bench.test.db().clone(),
        bench.test.shared_clock(),
        bench.test.ids().clone(),
        settings,
        intake::IntakeMetrics::default(),
        &tracker,
        &stop,
    );
    let nodes = [&bench.intake, &other];
    let placing = requests.into_iter().enumerate().map(|(n, request)| nodes[n % 2].place(request));
    let answers = join_all(placing).await;
    stop.cancel();
    tracker.close();
    tracker.wait().await;
    answers
}

fn refused(answer: &Result<Arc<Placed>, PlaceError>) -> Refusal {
    match answer {
        Err(PlaceError::Refused(refusal)) => refusal.clone(),
        other => panic!("not refused: {other:?}"),
    }
}

async fn limit(bench: &Bench, variant: VariantId, units: i32) {
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "UPDATE catalog.variants SET purchase_limit = $2, purchase_limit_since = now() - interval '10 years'
          WHERE id = $1",
    )
    .bind(variant.as_uuid())
    .bind(units)
    .execute(&mut *conn)
    .await
    .unwrap();
}

fn coupon(code: &str, benefit: Benefit) -> Coupon {
    Coupon {
        code: CouponCode::parse(code).unwrap(),
        benefit,
        scope: Scope::EVERYTHING,
        minimum_spend: Money::ZERO,
        valid_from: None,
        valid_until: None,
        total_limit: None,
        per_customer_limit: None,
        active: true,
        redeemed: 0,
    }
}

async fn put(bench: &Bench, coupon: &Coupon) {
    let mut conn = bench.test.db().acquire().await.unwrap();
    pricing::put_coupon(&mut conn, coupon, bench.test.shared_clock().now()).await.unwrap();
}

async fn redeemed(bench: &Bench) -> (i64, i64) {
    (
        bench.count("SELECT sum(redeemed)::bigint FROM pricing.coupons").await,
        bench.count("SELECT count(*) FROM pricing.redemptions WHERE released_at IS NULL").await,
    )
}

/// An order of this guest, or of this account.
fn by(mut request: PlaceOrder, email: &str, account: Option<u128>) -> PlaceOrder {
    Arc::make_mut(&mut request.contact).email = email.into();
    request.customer = account.map(|id| UserId::from(Uuid::from_u128(id)));
    request
}

fn with(mut request: PlaceOrder, code: &str) -> PlaceOrder {
    request.coupon_code = Some(code.into());
    request
}

fn orders(answers: &Answers) -> Vec<OrderId> {
    answers.iter().flatten().map(|placed| placed.order.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_redeem_a_coupon_for_five_exactly_five_times() {
    let bench = Bench::with(crowded()).await;
    let tote = bench.shop.tote_large;
    let five = Coupon { total_limit: Some(5), ..coupon("five", Benefit::Amount(twd(100))) };
    put(&bench, &five).await;
    let requests = |from: usize| -> Vec<_> {
        (from..from + 50)
            .map(|n| by(with(bench.order(&[(tote, 1)]), "Five"), &format!("{n}@example.com"), None))
            .collect()
    };
    let answers = on_two_nodes(&bench, requests(0)).await;
    let placed = orders(&answers);
    assert_eq!(placed.len(), 5);
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        assert_eq!(refused(answer), Refusal::CouponInvalid(CouponRefusal::UsedUp));
    }
    for placed in answers.iter().flatten() {
        let order = &placed.order;
        assert_eq!((order.discount, order.total), (twd(100), twd(1890)));
        assert_eq!(order.coupon_code.as_deref(), Some("FIVE"));
        assert_eq!(bench.load(order.id).await, *order);
    }
    assert_eq!(redeemed(&bench).await, (5, 5));
    assert_eq!(bench.stock(tote, bench.shop.taipei).await.reserved, 5);
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 5);
    bench.assert_books_are_right().await;

    // Two come back: one by its buyer, one by time after another was paid. Then two more go.
    bench.checkout.cancel(placed[0], Actor::Guest, None).await.unwrap();
    assert_eq!(redeemed(&bench).await, (4, 4));
    for paid in &placed[1..4] {
        assert_eq!(bench.pay(*paid).await.verdict, Verdict::Accepted);
    }
    bench.minutes_pass(30);
    assert_eq!(bench.end_due().await, 1);
    assert_eq!(redeemed(&bench).await, (3, 3));
    let answers = on_two_nodes(&bench, requests(50)).await;
    assert_eq!(orders(&answers).len(), 2);
    assert_eq!(redeemed(&bench).await, (5, 5));
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_of_one_buyer_get_exactly_two_units() {
    let bench = Bench::with(crowded()).await;
    let (tote, mug) = (bench.shop.tote_large, bench.shop.mug_white);
    limit(&bench, tote, 2).await;
    // The same person: as a guest, with tags and capitals, and with an account.
    let emails = ["a@example.com", "A@Example.com", "a+1@example.com"];
    let requests = |(): ()| -> Vec<_> {
        (0..50_usize)
            .map(|n| {
                let account = (n % 2 == 1).then_some(7);
                by(bench.order(&[(mug, 1), (tote, 1)]), emails[n % 3], account)
            })
            .collect()
    };
    let answers = on_two_nodes(&bench, requests(())).await;
    let placed = orders(&answers);
    assert_eq!(placed.len(), 2);
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        let over = OverLimit {
            index: 1,
            variant: tote,
            sku: "TOTE-L".into(),
            requested: 1,
            limit: 2,
            left: 0,
        };
        assert_eq!(refused(answer), Refusal::PurchaseLimit(vec![over]));
    }
    assert_eq!(bench.stock(tote, bench.shop.taipei).await.reserved, 2);
    assert_eq!(bench.stock(mug, bench.shop.taipei).await.reserved, 2);
    bench.assert_books_are_right().await;

    // Others are not in their way, and what is cancelled or expired can be bought again.
    bench.intake.place(by(bench.order(&[(tote, 2)]), "b@example.com", None)).await.unwrap();
    bench.checkout.cancel(placed[0], Actor::Guest, None).await.unwrap();
    let answers = on_two_nodes(&bench, requests(())).await;
    assert_eq!(orders(&answers).len(), 1);
    bench.minutes_pass(30);
    assert_eq!(bench.end_due().await, 3);
    assert_eq!(bench.count("SELECT count(*) FROM orders.purchases").await, 0);
    let answers = on_two_nodes(&bench, requests(())).await;
    assert_eq!(orders(&answers).len(), 2);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_lines_of_an_order_are_added_up_before_they_are_limited() {
    let bench = Bench::new().await;
    let (tote, mug) = (bench.shop.tote_large, bench.shop.mug_white);
    limit(&bench, tote, 3).await;
    bench.place(&[(tote, 1)]).await;
    let answer = bench.intake.place(bench.order(&[(tote, 2), (mug, 9), (tote, 1)])).await;
    let over = |index| OverLimit {
        index,
        variant: tote,
        sku: "TOTE-L".into(),
        requested: 3,
        limit: 3,
        left: 2,
    };
    assert_eq!(refused(&answer), Refusal::PurchaseLimit(vec![over(0), over(2)]));
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 1);
    assert_eq!(bench.stock(mug, bench.shop.taipei).await.reserved, 0);
    bench.place(&[(tote, 1), (mug, 1), (tote, 1)]).await;
    assert_eq!(bench.count("SELECT sum(quantity)::bigint FROM orders.purchases").await, 3);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_account_counts_whatever_e_mail_it_gives() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    limit(&bench, mug, 1).await;
    let order = |email, account| by(bench.order(&[(mug, 1)]), email, account);
    bench.intake.place(order("a@example.com", Some(1))).await.unwrap();
    for (email, account) in
        [("b@example.com", Some(1)), ("a@example.com", Some(2)), ("a@example.com", None)]
    {
        let answer = bench.intake.place(order(email, account)).await;
        assert!(matches!(refused(&answer), Refusal::PurchaseLimit(_)), "{email} {account:?}");
    }
    bench.intake.place(order("b@example.com", Some(2))).await.unwrap();
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_limit_that_comes_or_goes_later_does_not_upset_the_count() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    let before = bench.place(&[(mug, 3)]).await.order.id;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    let set = |units: Option<i32>| {
        sqlx::query("UPDATE catalog.variants SET purchase_limit = $1 WHERE sku = 'MUG-WHITE'")
            .bind(units)
    };
    set(Some(2)).execute(&mut *conn).await.unwrap();
    let counted = bench.place(&[(mug, 2)]).await.order.id;
    // What was not counted gives nothing back.
    bench.checkout.cancel(before, Actor::Guest, None).await.unwrap();
    let answer = bench.intake.place(bench.order(&[(mug, 1)])).await;
    assert!(matches!(refused(&answer), Refusal::PurchaseLimit(_)));
    set(None).execute(&mut *conn).await.unwrap();
    bench.checkout.cancel(counted, Actor::Guest, None).await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM orders.purchases").await, 0);
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customers_own_limit_of_a_coupon_holds_too() {
    let bench = Bench::with(crowded()).await;
    let tote = bench.shop.tote_large;
    let once = Coupon { per_customer_limit: Some(1), ..coupon("once", Benefit::Percentage(10)) };
    put(&bench, &once).await;
    let requests = (0..30_usize).map(|n| {
        let email = format!("{}+{n}@example.com", n % 3);
        by(with(bench.order(&[(tote, 1)]), "ONCE"), &email, None)
    });
    let answers = on_two_nodes(&bench, requests.collect()).await;
    assert_eq!(orders(&answers).len(), 3);
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        assert_eq!(refused(answer), Refusal::CouponInvalid(CouponRefusal::AlreadyUsed));
    }
    assert_eq!(redeemed(&bench).await, (3, 3));
    // The same request again is a replay, not a second use.
    let request = by(with(bench.order(&[(tote, 1)]), "once"), "new@example.com", None);
    let first = bench.intake.place(request.clone()).await.unwrap();
    let again = bench.intake.place(request).await.unwrap();
    assert_eq!((again.replayed, &again.order), (true, &first.order));
    assert_eq!(redeemed(&bench).await, (4, 4));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_coupon_that_cannot_be_used_says_why_and_changes_nothing() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    let now = bench.test.shared_clock().now();
    let hour = jiff::SignedDuration::from_hours(1);
    let base = |code: &str| coupon(code, Benefit::Amount(twd(50)));
    put(&bench, &Coupon { valid_from: Some(now + hour), ..base("SOON") }).await;
    put(&bench, &Coupon { valid_until: Some(now), ..base("PAST") }).await;
    put(&bench, &Coupon { active: false, ..base("OFF") }).await;
    put(&bench, &Coupon { minimum_spend: twd(391), ..base("LARGE") }).await;
    for (code, why) in [
        ("NONE", CouponRefusal::Unknown),
        ("no such code", CouponRefusal::Unknown),
        ("SOON", CouponRefusal::NotYetValid { from: now + hour }),
        ("PAST", CouponRefusal::Expired),
        ("OFF", CouponRefusal::Expired),
        ("LARGE", CouponRefusal::BelowMinimum { minimum: twd(391) }),
    ] {
        let answer = bench.intake.place(with(bench.order(&[(mug, 1)]), code)).await;
        assert_eq!(refused(&answer), Refusal::CouponInvalid(why), "{code}");
    }
    // More than everything off, and no shipping fee: nothing would be left to pay.
    put(&bench, &coupon("ALL", Benefit::Amount(twd(10_000)))).await;
    let all = with(bench.order(&[(mug, 3)]), "ALL");
    assert_eq!(refused(&bench.intake.place(all).await), Refusal::TotalOutOfRange);
    // A coupon is no use against a shortage.
    let short = with(bench.order(&[(bench.shop.mug_black, 2)]), "ALL");
    assert!(matches!(refused(&bench.intake.place(short).await), Refusal::Shortage(_)));
    assert_eq!(redeemed(&bench).await, (0, 0));
    for table in
        ["SELECT count(*) FROM orders.orders", "SELECT count(*) FROM orders.idempotency_keys"]
    {
        assert_eq!(bench.count(table).await, 0, "{table}");
    }
    let large = bench.intake.place(with(bench.order(&[(mug, 2)]), " large ")).await.unwrap();
    assert_eq!((large.order.discount, large.order.total), (twd(50), twd(780 - 50 + 80)));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn free_shipping_waives_the_fee_and_is_kept_when_there_is_none() {
    let bench = Bench::new().await;
    put(&bench, &coupon("SHIP", Benefit::FreeShipping)).await;
    let small = bench.intake.place(with(bench.order(&[(bench.shop.mug_white, 1)]), "ship")).await;
    let small = small.unwrap().order.clone();
    assert_eq!((small.discount, small.shipping_fee, small.total), (twd(0), twd(0), twd(390)));
    assert_eq!(small.coupon_code.as_deref(), Some("SHIP"));
    let saved = "SELECT sum(amount)::bigint FROM pricing.redemptions";
    assert_eq!(bench.count(saved).await, 80);
    let large = bench.intake.place(with(bench.order(&[(bench.shop.tote_large, 1)]), "ship")).await;
    assert_eq!(large.unwrap().order.coupon_code, None);
    assert_eq!(redeemed(&bench).await, (1, 1));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn late_money_takes_its_share_of_the_limits_again_or_goes_back() {
    let bench = Bench::new().await;
    let tote = bench.shop.tote_large;
    limit(&bench, tote, 2).await;
    let once = Coupon { total_limit: Some(1), ..coupon("ONCE", Benefit::Amount(twd(90))) };
    put(&bench, &once).await;
    let order = |email: &str| by(bench.order(&[(tote, 2)]), email, None);

    // The coupon is still there when the money comes.
    let lucky = bench.intake.place(with(order("a@example.com"), "ONCE")).await.unwrap().order.id;
    let (trade_no, amount) = bench.begin(lucky).await;
    bench.minutes_pass(31);
    bench.end_due().await;
    assert_eq!(redeemed(&bench).await, (0, 0));
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.load(lucky).await.status, OrderStatus::Paid);
    assert_eq!(redeemed(&bench).await, (1, 1));
    assert_eq!(bench.count("SELECT sum(quantity)::bigint FROM orders.purchases").await, 2);
    bench.assert_books_are_right().await;

    // The buyer has bought again meanwhile.
    let late = bench.intake.place(order("b@example.com")).await.unwrap().order.id;
    let (trade_no, amount) = bench.begin(late).await;
    bench.minutes_pass(31);
    bench.end_due().await;
    bench.intake.place(order("b@example.com")).await.unwrap();
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.load(late).await.status, OrderStatus::Cancelled);
    let refunds = "SELECT count(*) FROM payments.refunds WHERE reason = 'limit_reached'";
    assert_eq!(bench.count(refunds).await, 1);

    // Somebody else has used the coupon meanwhile.
    put(&bench, &Coupon { total_limit: Some(2), ..once }).await;
    let late = bench.intake.place(with(order("c@example.com"), "ONCE")).await.unwrap().order.id;
    let (trade_no, amount) = bench.begin(late).await;
    bench.minutes_pass(31);
    bench.end_due().await;
    bench.intake.place(with(order("d@example.com"), "ONCE")).await.unwrap();
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.load(late).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.count(refunds).await, 2);
    assert_eq!(redeemed(&bench).await, (2, 2));
    bench.assert_books_are_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_is_placed_at_a_price_its_buyer_did_not_see() {
    let bench = Bench::with(crowded()).await;
    let tote = bench.shop.tote_large;
    let prices: Vec<Money> = (0..4).map(|n| twd(1990 + n)).collect();
    let requests: Vec<_> = (0..80_usize)
        .map(|n| {
            let mut request = bench.order(&[(tote, 1)]);
            request.lines[0].unit_price = Some(prices[n % 4]);
            // Half of them compare the total only.
            if n % 8 >= 4 {
                request.lines[0].unit_price = None;
                request.expected_total = Some(prices[n % 4]);
            }
            request
        })
        .collect();
    let changing = async {
        let mut conn = bench.test.owner().acquire().await.unwrap();
        for price in prices.iter().cycle().take(60) {
            sqlx::query("UPDATE catalog.variants SET price = $1 WHERE sku = 'TOTE-L'")
                .bind(price.amount())
                .execute(&mut *conn)
                .await
                .unwrap();
        }
    };
    let (answers, ()) = tokio::join!(on_two_nodes(&bench, requests.clone()), changing);
    for (request, answer) in requests.iter().zip(&answers) {
        let seen = request.lines[0].unit_price.or(request.expected_total).unwrap();
        match answer {
            Ok(placed) => {
                assert_eq!(placed.order.lines[0].unit_price, seen);
                assert_eq!(placed.order.total, seen);
                assert_eq!(bench.load(placed.order.id).await, placed.order);
            }
            Err(PlaceError::Refused(Refusal::PriceChanged { total, .. })) => {
                assert_ne!(*total, seen);
            }
            other => panic!("{other:?}"),
        }
    }
    let placed = i64::try_from(orders(&answers).len()).unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, placed);
    bench.assert_books_are_right().await;
}
