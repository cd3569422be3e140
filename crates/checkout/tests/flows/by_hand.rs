//! Money that people of the shop see come in: bank transfers, and what carriers collect at the door.

use checkout::{CheckoutError, PaymentForm, receipts::Seen};
use kernel::{Actor, Money, id::OrderId};
use orders::OrderStatus;
use payments::{Payment, PaymentError, PaymentStatus, notices::Verdict};
use pg::DbError;
use uuid::Uuid;

use crate::bench::Bench;

impl Bench {
    /// Places one tote, NT$ 1,990, by a method that is confirmed by hand, and begins to pay it.
    pub async fn by_hand(&self, method: &str) -> (OrderId, PaymentForm) {
        let mut conn = self.test.owner().acquire().await.unwrap();
        sqlx::query("UPDATE payments.methods SET active = true").execute(&mut *conn).await.unwrap();
        drop(conn);
        let mut request = self.order(&[(self.shop.tote_large, 1)]);
        request.payment_method = method.into();
        let order = self.intake.place(request).await.unwrap().order.id;
        let key = Uuid::from_bytes(self.test.ids().bytes());
        let form = self.checkout.begin_payment(order, key, Actor::Guest).await.unwrap();
        (order, form)
    }

    pub async fn note(
        &self,
        order: OrderId,
        key: u128,
        amount: i64,
        reference: &str,
    ) -> Result<(Payment, bool), CheckoutError> {
        let attempt = self.attempts(order).await.remove(0);
        let amount = Money::twd(amount).unwrap();
        let seen = Seen { key: Uuid::from_u128(key), amount, reference };
        let staff = Actor::Staff(Uuid::from_u128(9).into());
        let mut tx = self.test.db().begin().await.unwrap();
        let noted = self.checkout.note_receipt(&mut tx, attempt.id, &seen, staff).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok((noted.payment, noted.new))
    }
}

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

#[tokio::test]
async fn a_transfer_is_confirmed_in_parts_and_paid_when_all_of_it_is_there() {
    let bench = Bench::new().await;
    let (order, form) = bench.by_hand("bank_transfer").await;
    let transfer = form.transfer.unwrap();
    assert_eq!((transfer.amount, &*transfer.account.number), (twd(1990), "123456789012"));
    assert_eq!(transfer.reference.len(), 8);
    assert!(bench.attempts(order).await[0].trade_no.as_str().ends_with(&transfer.reference));
    assert!(!form.posts && form.action.contains("/orders/"));

    let (payment, new) = bench.note(order, 1, 990, "first half").await.unwrap();
    assert_eq!(
        (payment.status, payment.outstanding(), new),
        (PaymentStatus::Pending, twd(1000), true)
    );
    // The same again, by whoever clicked twice.
    let (payment, new) = bench.note(order, 1, 990, "first half").await.unwrap();
    assert_eq!((payment.received, new), (twd(990), false));
    let other = bench.note(order, 1, 991, "first half").await;
    assert!(matches!(other, Err(CheckoutError::Payment(PaymentError::KeyReused))), "{other:?}");
    for wrong in [0, 1001] {
        let refused = bench.note(order, 2, wrong, "x").await;
        let left = PaymentError::NotOutstanding { outstanding: twd(1000) };
        assert_eq!(refused.unwrap_err().to_string(), CheckoutError::Payment(left).to_string());
    }
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);

    let (payment, _) = bench.note(order, 2, 1000, "second half").await.unwrap();
    assert_eq!((payment.status, payment.outstanding()), (PaymentStatus::Succeeded, twd(0)));
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    assert_eq!(bench.events(order).await, ["order.created", "payment.succeeded", "order.paid"]);
    assert_eq!(bench.stock(bench.shop.tote_large, bench.shop.taipei).await.sold, 1);
    let more = bench.note(order, 3, 1, "too much").await;
    assert!(matches!(more, Err(CheckoutError::Payment(PaymentError::NotOutstanding { .. }))));
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn halves_confirmed_at_the_same_moment_are_never_more_than_the_whole() {
    let bench = Bench::new().await;
    let (order, _) = bench.by_hand("bank_transfer").await;
    let noted = futures::future::join_all((1..=4).map(|key| bench.note(order, key, 995, "half")));
    let taken = noted.await.iter().filter(|it| it.is_ok()).count();
    assert_eq!(taken, 2);
    assert_eq!(bench.count("SELECT sum(amount)::bigint FROM payments.receipts").await, 1990);
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_transfer_that_nobody_makes_ends_and_one_that_came_in_part_is_held_for_people() {
    let bench = Bench::new().await;
    let (nothing, _) = bench.by_hand("bank_transfer").await;
    let (part, _) = bench.by_hand("bank_transfer").await;
    bench.note(part, 1, 1, "a dollar").await.unwrap();
    bench.minutes_pass(5760);
    assert_eq!(bench.end_due().await, 1);
    assert_eq!(bench.load(nothing).await.status, OrderStatus::Cancelled);
    assert_eq!(bench.attempts(nothing).await[0].status, PaymentStatus::Cancelled);
    assert_eq!(bench.load(part).await.status, OrderStatus::PendingPayment);
    bench.minutes_pass(24 * 60 - 1);
    assert_eq!(bench.end_due().await, 0);
    bench.minutes_pass(2);
    assert_eq!(bench.end_due().await, 1);
    assert!(bench.events(part).await.contains(&"payment.unanswered".to_owned()));
    assert_eq!(bench.checkout.metrics.orders_unanswered(), 1);
    // The rest comes after all, and the stock is still to be had.
    bench.note(part, 2, 1989, "the rest").await.unwrap();
    assert_eq!(bench.load(part).await.status, OrderStatus::Paid);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_a_provider_tells_is_not_confirmed_by_hand() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    bench.begin(order).await;
    let refused = bench.note(order, 1, 1990, "believe me").await;
    assert!(matches!(refused, Err(CheckoutError::Payment(PaymentError::NotByHand))), "{refused:?}");
    assert_eq!(bench.load(order).await.status, OrderStatus::PendingPayment);
    assert_eq!(bench.count("SELECT count(*) FROM payments.receipts").await, 0);
}

#[tokio::test]
async fn at_the_door_is_sold_at_once_and_paid_when_the_money_is_handed_over() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let (order, form) = bench.by_hand("cash_on_delivery").await;
    assert!(!form.posts && form.transfer.is_none());
    let sold = bench.load(order).await;
    assert_eq!((sold.status, sold.paid_at), (OrderStatus::Paid, None));
    assert_eq!(bench.attempts(order).await[0].status, PaymentStatus::Pending);
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.available, stock.reserved, stock.sold), (99, 0, 1));
    assert_eq!(bench.events(order).await, ["order.created", "order.paid"]);
    bench.assert_books_are_right().await;
    // The clock ends nothing of it.
    bench.minutes_pass(60 * 24 * 60);
    assert_eq!(bench.end_due().await, 0);

    let (payment, _) = bench.note(order, 1, 1990, "settlement of the carrier").await.unwrap();
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    let paid = bench.load(order).await;
    assert_eq!((paid.status, paid.paid_at.is_some()), (OrderStatus::Paid, true));
    assert_eq!(bench.events(order).await, ["order.created", "order.paid", "payment.succeeded"]);
    assert_eq!(bench.stock(tote, taipei).await.sold, 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn other_money_for_what_is_paid_at_the_door_goes_back() {
    let bench = Bench::new().await;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::query("UPDATE payments.methods SET active = true").execute(&mut *conn).await.unwrap();
    drop(conn);
    let order = bench.place(&[(bench.shop.tote_large, 1)]).await.order.id;
    let (card, amount) = bench.begin(order).await;
    let door = Some("cash_on_delivery");
    let key = Uuid::from_u128(5);
    bench.checkout.begin_payment_by(order, door, key, Actor::Guest).await.unwrap();
    let reply = bench.deliver(&bench.notice(&card, amount, "1", "0")).await;
    assert_eq!(reply.verdict, Verdict::Accepted);
    let loaded = bench.load(order).await;
    assert_eq!((loaded.status, loaded.paid_at), (OrderStatus::Paid, None));
    let refunds = "SELECT count(*) FROM payments.refunds WHERE reason = 'paid_twice'";
    assert_eq!(bench.count(refunds).await, 1);
    let attempts: Vec<_> =
        bench.attempts(order).await.iter().map(|it| (it.status, it.kept)).collect();
    assert_eq!(attempts, [(PaymentStatus::Succeeded, false), (PaymentStatus::Pending, true)]);
    bench.assert_books_are_right().await;
    let again =
        bench.checkout.begin_payment_by(order, door, Uuid::from_u128(6), Actor::Guest).await;
    assert!(matches!(again, Err(CheckoutError::InvalidTransition(_))), "{again:?}");
}
