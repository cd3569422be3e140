//! Ways of paying as data: who is taken, for how long stock is held, and paying again by another one.

use checkout::CheckoutError;
use intake::{PlaceError, Refusal};
use jiff::SignedDuration;
use kernel::{Actor, Clock as _, Money, id::OrderId};
use orders::OrderStatus;
use payments::{MethodRefusal, PaymentStatus, notices::Verdict};
use uuid::Uuid;

use crate::bench::Bench;

impl Bench {
    async fn sql(&self, sql: &'static str) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut *conn).await.unwrap();
    }

    /// Places one tote, NT$ 1,990, to be paid by this method.
    async fn place_by(&self, method: &str) -> Result<OrderId, PlaceError> {
        let mut request = self.order(&[(self.shop.tote_large, 1)]);
        request.payment_method = method.into();
        self.intake.place(request).await.map(|placed| placed.order.id)
    }

    async fn begin_by(
        &self,
        order: OrderId,
        method: &str,
    ) -> Result<checkout::PaymentForm, CheckoutError> {
        let key = Uuid::from_bytes(self.test.ids().bytes());
        self.checkout.begin_payment_by(order, Some(method), key, Actor::Guest).await
    }

    /// For how many minutes an order is held from its beginning.
    async fn held_for(&self, order: OrderId) -> i64 {
        let order = self.load(order).await;
        order.reserved_until.duration_since(order.created_at).as_mins()
    }
}

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

#[tokio::test]
async fn each_method_holds_the_stock_for_its_own_time_and_the_others_for_the_shops() {
    let bench = Bench::new().await;
    for (method, minutes) in
        [("ecpay_credit", 30), ("ecpay_atm", 7200), ("ecpay_cvs", 5760), ("ecpay_barcode", 8640)]
    {
        let order = bench.place_by(method).await.unwrap();
        assert_eq!(bench.held_for(order).await, minutes, "{method}");
        let held = "SELECT count(*) FROM inventory.reservations r JOIN orders.orders o
                      ON o.id = r.order_id AND o.reserved_until = r.expires_at";
        assert!(bench.count(held).await > 0);
    }
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn amounts_outside_a_methods_limits_are_refused_when_placed_and_when_paid() {
    let bench = Bench::new().await;
    bench
        .sql(
            "UPDATE payments.methods SET max_amount = 1989 WHERE code = 'ecpay_cvs';
              UPDATE payments.methods SET min_amount = 1991 WHERE code = 'ecpay_atm';
              UPDATE payments.methods SET min_amount = 1990, max_amount = 1990
               WHERE code = 'ecpay_barcode'",
        )
        .await;
    let above = MethodRefusal::AboveMaximum { maximum: twd(1989) };
    let below = MethodRefusal::BelowMinimum { minimum: twd(1991) };
    for (method, refusal) in [
        ("ecpay_cvs", above),
        ("ecpay_atm", below),
        ("ecpay_webatm", MethodRefusal::Unknown),
        ("gold", MethodRefusal::Unknown),
    ] {
        let placed = bench.place_by(method).await;
        let expected = Err(PlaceError::Refused(Refusal::PaymentMethod(refusal)));
        assert_eq!(placed, expected, "{method}");
    }
    assert_eq!(bench.count("SELECT count(*) FROM orders.orders").await, 0);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.reserved, 0);
    let order = bench.place_by("ecpay_barcode").await.unwrap();
    for (method, refusal) in
        [("ecpay_cvs", above), ("ecpay_atm", below), ("gold", MethodRefusal::Unknown)]
    {
        let begun = bench.begin_by(order, method).await;
        assert!(matches!(begun, Err(CheckoutError::Method(it)) if it == refusal), "{begun:?}");
    }
    assert_eq!(bench.count("SELECT count(*) FROM payments.attempts").await, 0);
    assert_eq!(bench.held_for(order).await, 8640);
    bench.begin_by(order, "ecpay_barcode").await.unwrap();
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_in_a_sale_is_held_for_less_and_slow_ways_of_paying_are_not_for_it() {
    let bench = Bench::new().await;
    let mut conn = bench.test.db().acquire().await.unwrap();
    let ten = Some(SignedDuration::from_mins(10));
    let before = catalog::put_reservation_time(&mut conn, bench.shop.tote_large, ten).await;
    assert_eq!(before.unwrap(), Some(None));
    drop(conn);
    let slow = Err(PlaceError::Refused(Refusal::PaymentMethod(MethodRefusal::TooSlow)));
    assert_eq!(bench.place_by("ecpay_atm").await, slow);
    let order = bench.place_by("ecpay_credit").await.unwrap();
    assert_eq!(bench.held_for(order).await, 10);
    let begun = bench.begin_by(order, "ecpay_atm").await;
    assert!(matches!(begun, Err(CheckoutError::Method(MethodRefusal::TooSlow))), "{begun:?}");
    bench.begin_by(order, "ecpay_credit").await.unwrap();
    assert_eq!(bench.held_for(order).await, 10);
    // Beside something that is not, the shorter time counts; alone, that has its own.
    let mixed = bench.place(&[(bench.shop.mug_white, 1), (bench.shop.tote_large, 1)]).await;
    assert_eq!(bench.held_for(mixed.order.id).await, 10);
    let plain = bench.place(&[(bench.shop.mug_white, 1)]).await;
    assert_eq!(bench.held_for(plain.order.id).await, 30);
    bench.minutes_pass(10);
    assert_eq!(bench.end_due().await, 2);
    assert_eq!(bench.load(plain.order.id).await.status, OrderStatus::PendingPayment);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn after_a_failure_another_method_pays_and_the_stock_is_held_all_the_while() {
    let bench = Bench::new().await;
    let request = bench.order(&[(bench.shop.tote_large, 1)]);
    let first_answer = bench.intake.place(request.clone()).await.unwrap();
    let order = first_answer.order.id;
    let (card, amount) = bench.at_ecpay(order, "ecpay_credit").await;
    bench.deliver(&bench.notice(&card, amount, "10100058", "0")).await;
    bench.minutes_pass(20);
    let (account, _) = bench.at_ecpay(order, "ecpay_atm").await;
    assert_ne!(account, card);
    // As if it had been placed with it: counted from then, not from now.
    assert_eq!(bench.held_for(order).await, 7200);
    let held = "SELECT count(*) FROM inventory.reservations r JOIN orders.orders o
                  ON o.id = r.order_id AND o.reserved_until = r.expires_at";
    assert_eq!(bench.count(held).await, 1);
    let loaded = bench.load(order).await;
    assert_eq!(&*loaded.payment_method, "ecpay_atm");
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.reserved, 1);
    // A card again does not make it shorter, nor longer.
    bench.begin_by(order, "ecpay_credit").await.unwrap();
    assert_eq!(bench.held_for(order).await, 7200);
    // The key that placed it is answered as it was at first.
    let again = bench.intake.place(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.order.reserved_until, first_answer.order.reserved_until);
    bench.minutes_pass(24 * 60);
    assert_eq!(bench.end_due().await, 0);
    let reply = bench.deliver(&bench.notice(&account, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    let attempts: Vec<_> = bench.attempts(order).await.iter().map(|it| it.status).collect();
    let expected = [PaymentStatus::Failed, PaymentStatus::Succeeded, PaymentStatus::Pending];
    assert_eq!(attempts, expected);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn too_little_time_for_a_code_is_told_and_changes_nothing() {
    let bench = Bench::new().await;
    let order = bench.place_by("ecpay_atm").await.unwrap();
    // Five days, of which the last is grace; an account takes two at least.
    bench.minutes_pass(2 * 24 * 60);
    let form = bench.begin_by(order, "ecpay_atm").await.unwrap();
    let days = form.fields.iter().find(|(name, _)| name == "ExpireDate");
    assert_eq!(days.map(|(_, value)| value.as_str()), Some("1"));
    bench.minutes_pass(1);
    let begun = bench.begin_by(order, "ecpay_atm").await;
    assert!(matches!(begun, Err(CheckoutError::Method(MethodRefusal::TooSlow))), "{begun:?}");
    assert_eq!((bench.attempts(order).await.len(), bench.held_for(order).await), (1, 7200));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn the_same_key_is_the_same_attempt_and_not_another_method() {
    let bench = Bench::new().await;
    let order = bench.place_by("ecpay_credit").await.unwrap();
    let key = Uuid::from_u128(7);
    let begin = |method| bench.checkout.begin_payment_by(order, method, key, Actor::Guest);
    let first = begin(Some("ecpay_atm")).await.unwrap();
    bench.minutes_pass(1);
    assert_eq!(begin(Some("ecpay_atm")).await.unwrap(), first);
    assert_eq!(begin(None).await.unwrap(), first);
    let other = begin(Some("ecpay_credit")).await;
    assert!(matches!(other, Err(CheckoutError::KeyReused)), "{other:?}");
    assert_eq!(bench.attempts(order).await.len(), 1);
}

#[tokio::test]
async fn ten_attempts_and_no_more() {
    let bench = Bench::new().await;
    let order = bench.place_by("ecpay_credit").await.unwrap();
    let mut numbers = std::collections::HashSet::new();
    for _ in 0..10 {
        numbers.insert(bench.begin(order).await.0);
    }
    assert_eq!(numbers.len(), 10, "each has a number of its own");
    let more = bench.begin_by(order, "ecpay_atm").await;
    assert!(matches!(more, Err(CheckoutError::AttemptsUsedUp { most: 10 })), "{more:?}");
    assert_eq!((bench.attempts(order).await.len(), bench.held_for(order).await), (10, 30));
}

#[tokio::test]
async fn a_changed_method_counts_for_orders_placed_from_then_on() {
    let bench = Bench::new().await;
    let before = bench.place_by("ecpay_credit").await.unwrap();
    let mut conn = bench.test.db().acquire().await.unwrap();
    let method = payments::methods::find(&mut conn, "ecpay_credit").await.unwrap().unwrap();
    let hour = Some(SignedDuration::from_hours(1));
    let wish = payments::Method { reservation: hour, ..method.clone() };
    let (old, new) = payments::methods::change(&mut conn, wish.clone()).await.unwrap();
    assert_eq!((old.version, new.version, new.reservation), (1, 2, hour));
    let stale = payments::methods::change(&mut conn, wish).await;
    assert!(matches!(stale, Err(payments::MethodError::Changed)), "{stale:?}");
    drop(conn);
    let after = bench.place_by("ecpay_credit").await.unwrap();
    assert_eq!((bench.held_for(before).await, bench.held_for(after).await), (30, 60));
    assert!(bench.load(after).await.reserved_until > bench.test.clock().now());
}
