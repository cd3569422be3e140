//! What is paid at the door, or never.

use inventory::Fate;
use kernel::{Actor, id::OrderId};
use orders::OrderStatus;
use payments::PaymentStatus;
use shipping::shipments::ShipmentMove;

use super::hands::refusal;
use crate::bench::Bench;

const NOTHING: [i64; 0] = [];

impl Bench {
    /// Totes that are paid at the door, sent in one parcel.
    async fn sent_on_trust(&self) -> OrderId {
        let (order, _) = self.by_hand("cash_on_delivery").await;
        let parcel = self.send_all(order).await;
        self.act(parcel, ShipmentMove::Deliver).await.unwrap();
        order
    }

    async fn attempt_status(&self, order: OrderId) -> PaymentStatus {
        self.attempts(order).await[0].status
    }
}

#[tokio::test]
async fn it_is_called_off_before_anything_has_left_and_nothing_goes_back() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let (order, _) = bench.by_hand("cash_on_delivery").await;
    bench.plan(order, taipei, &[]).await.unwrap();
    bench.checkout.cancel(order, Actor::Guest, Some("changed my mind")).await.unwrap();
    let ended = bench.load(order).await;
    assert_eq!((ended.status, ended.paid_at), (OrderStatus::Cancelled, None));
    assert_eq!(bench.attempt_status(order).await, PaymentStatus::Cancelled);
    assert_eq!(bench.refunds(order).await, NOTHING);
    let stock = bench.stock(tote, taipei).await;
    assert_eq!((stock.total, stock.available, stock.sold), (100, 100, 0));
    let events = bench.events(order).await;
    let told = ["order.created", "order.paid", "shipment.created"];
    assert_eq!(events[..3], told);
    assert_eq!(events[3..], ["shipment.cancelled", "order.cancelled"]);
    bench.assert_books_are_right().await;
    let again = bench.checkout.cancel(order, Actor::Guest, None).await;
    assert_eq!(refusal(again), "Cancel from Cancelled");

    let (other, _) = bench.by_hand("cash_on_delivery").await;
    let after = bench.cancel_paid(other, Fate::WrittenOff).await.unwrap();
    assert_eq!(after.status, OrderStatus::Cancelled);
    assert_eq!(bench.stock(tote, taipei).await.total, 99);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn with_its_money_there_it_is_like_any_other() {
    let bench = Bench::new().await;
    let (order, _) = bench.by_hand("cash_on_delivery").await;
    bench.note(order, 1, 1990, "settlement of the carrier").await.unwrap();
    bench.checkout.cancel(order, Actor::Guest, None).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::RefundRequested);
    assert_eq!(bench.refunds(order).await, [1990]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn what_is_to_be_collected_does_not_change() {
    let bench = Bench::new().await;
    let (order, _) = bench.by_hand("cash_on_delivery").await;
    let before = bench.fingerprint().await;
    assert_eq!(refusal(bench.cut(order, &[(1, 0)]).await), "NothingWouldBeLeft");
    assert_eq!(bench.fingerprint().await, before);
    let mut request = bench.order(&[(bench.shop.tote_large, 2)]);
    request.payment_method = "cash_on_delivery".into();
    let order = bench.intake.place(request).await.unwrap().order.id;
    let key = uuid::Uuid::from_u128(77);
    bench.checkout.begin_payment(order, key, Actor::Guest).await.unwrap();
    let before = bench.fingerprint().await;
    assert_eq!(refusal(bench.cut(order, &[(1, 1)]).await), "NotNow");
    assert_eq!(bench.fingerprint().await, before);
    bench.note(order, 2, 2 * 1990, "settlement of the carrier").await.unwrap();
    bench.cut(order, &[(1, 1)]).await.unwrap();
    assert_eq!(bench.refunds(order).await, [1990]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn nobody_took_it_in_and_it_stays_returned() {
    let bench = Bench::new().await;
    let order = bench.sent_on_trust().await;
    let back = bench.arrived(order, &[(1, 1)]).await;
    bench.inspect(back, &[(1, [1, 0, 0])]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    assert_eq!(bench.attempt_status(order).await, PaymentStatus::Cancelled);
    assert_eq!(bench.refunds(order).await, NOTHING);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn its_money_goes_back_once_it_has_come() {
    let bench = Bench::new().await;
    let order = bench.sent_on_trust().await;
    bench.note(order, 1, 1990, "settlement of the carrier").await.unwrap();
    let back = bench.arrived(order, &[(1, 1)]).await;
    bench.inspect(back, &[(1, [0, 1, 0])]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::Returned);
    assert_eq!(bench.refunds(order).await, [1990]);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn it_is_completed_when_its_money_is_there() {
    let bench = Bench::new().await;
    let order = bench.sent_on_trust().await;
    bench.minutes_pass(9 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 0);
    bench.note(order, 1, 1990, "settlement of the carrier").await.unwrap();
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 1);
    assert_eq!(bench.load(order).await.status, OrderStatus::Completed);
    bench.assert_books_are_right().await;
}
