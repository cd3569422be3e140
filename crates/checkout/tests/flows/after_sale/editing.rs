//! Less of an order, and another address.

use checkout::OrderEdit;
use kernel::{Money, Quantity};
use orders::OrderStatus;
use pricing::{Benefit, Coupon, CouponCode, Scope};

use super::hands::{refusal, staff};
use crate::bench::Bench;

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

async fn coupon(bench: &Bench, benefit: Benefit) {
    let coupon = Coupon {
        code: CouponCode::parse("SAVE").unwrap(),
        benefit,
        scope: Scope::EVERYTHING,
        minimum_spend: twd(2000),
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

#[tokio::test]
async fn what_is_taken_off_a_paid_order_is_free_and_its_money_goes_back() {
    let bench = Bench::new().await;
    let (mug, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(mug, 3), (tote, 2)]).await;
    let after = bench.cut(order, &[(1, 1), (2, 0)]).await.unwrap();
    // Free shipping that was granted stays granted, although 390 would not get it.
    assert_eq!(
        (after.subtotal, after.shipping_fee, after.total),
        (twd(390), Money::ZERO, twd(390))
    );
    assert_eq!(bench.load(order).await, after);
    assert_eq!(after.lines.len(), 1);
    assert_eq!(bench.refunds(order).await, [2 * 390 + 2 * 1990]);
    assert_eq!(bench.stock(mug, taipei).await.sold, 1);
    assert_eq!(bench.stock(tote, taipei).await.available, 100);
    assert_eq!(bench.events(order).await.last().unwrap(), "order.edited");
    bench.assert_books_are_right().await;

    // Only what is left is sent; with it, the order is shipped.
    bench.send_all(order).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    assert_eq!(bench.fulfilments(order).await, [[3, 3, 2, 2], [2, 2, 2, 2]]);
    assert_eq!(refusal(bench.cut(order, &[(1, 0)]).await), "NothingWouldBeLeft");
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn never_upward_never_nothing_never_what_has_left_or_is_packed() {
    let bench = Bench::new().await;
    let (mug, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(mug, 4), (tote, 1)]).await;
    let sent = bench.plan(order, taipei, &[(1, 1)]).await.unwrap().id;
    bench.send(sent).await;
    bench.plan(order, taipei, &[(1, 1)]).await.unwrap();
    let before = bench.fingerprint().await;
    for (lines, code) in [
        (vec![(1, 4)], "NotSmaller"),
        (vec![(1, 5)], "NotSmaller"),
        (vec![(3, 0)], "NoSuchLine"),
        (vec![(1, 3), (1, 2)], "NoSuchLine"),
        (vec![(1, 0), (2, 0)], "NothingWouldBeLeft"),
        // One has left and one is in a parcel.
        (vec![(1, 1)], "UnitsExceeded"),
    ] {
        assert_eq!(refusal(bench.cut(order, &lines).await), code, "{lines:?}");
    }
    let asked = OrderEdit { address: None, lines: vec![(1, 2)], reason: "late" };
    let stale = bench
        .change(async |checkout, conn, now| {
            checkout.edit_order(conn, order, 1, &asked, staff(), now).await
        })
        .await;
    assert_eq!(refusal(stale), "VersionConflict");
    assert_eq!(bench.fingerprint().await, before);
    // Exactly down to that, and the rest of the order: what is packed then completes it.
    bench.cut(order, &[(1, 2), (2, 0)]).await.unwrap();
    assert_eq!(bench.load(order).await.status, OrderStatus::PreparingShipment);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_order_is_shipped_when_the_rest_is_taken_off() {
    let bench = Bench::new().await;
    let (tote, taipei) = (bench.shop.tote_large, bench.shop.taipei);
    let order = bench.bought(&[(tote, 3)]).await;
    let parcel = bench.plan(order, taipei, &[(1, 2)]).await.unwrap().id;
    bench.send(parcel).await;
    bench.act(parcel, shipping::shipments::ShipmentMove::Deliver).await.unwrap();
    let after = bench.cut(order, &[(1, 2)]).await.unwrap();
    assert_eq!(after.status, OrderStatus::Shipped);
    assert_eq!(bench.refunds(order).await, [1990]);
    // All has arrived: the time for returns runs.
    bench.minutes_pass(8 * 24 * 60);
    assert_eq!(bench.checkout.complete_batch().await.unwrap(), 1);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn a_coupon_takes_off_so_much_less_and_its_minimum_does_not_matter_any_more() {
    for (benefit, before, after) in [
        (Benefit::Percentage(10), 4760 - 476, 2770 - 277),
        (Benefit::Amount(twd(500)), 4760 - 500, 2770 - 500),
    ] {
        let bench = Bench::new().await;
        coupon(&bench, benefit).await;
        let mut request = bench.order(&[(bench.shop.tote_large, 2), (bench.shop.mug_white, 2)]);
        request.coupon_code = Some("SAVE".into());
        let order = bench.intake.place(request).await.unwrap().order.id;
        assert_eq!(bench.load(order).await.total, twd(before), "{benefit:?}");
        bench.pay(order).await;
        let edited = bench.cut(order, &[(1, 1)]).await.unwrap();
        assert_eq!(edited.total, twd(after), "{benefit:?}");
        assert_eq!(bench.refunds(order).await, [before - after]);
        bench.assert_books_are_right().await;
        // Below the minimum, and with a coupon that gives something else by now.
        coupon(&bench, Benefit::Percentage(90)).await;
        let edited = bench.cut(order, &[(1, 0)]).await.unwrap();
        assert!(edited.discount <= edited.subtotal && edited.total >= Money::ZERO);
        assert_eq!(bench.refunds(order).await.iter().sum::<i64>() + edited.total.amount(), before);
        bench.assert_books_are_right().await;
    }
}

#[tokio::test]
async fn an_unpaid_order_gives_back_what_it_holds_and_costs_less() {
    let bench = Bench::new().await;
    let (mug, tote, taipei) = (bench.shop.mug_white, bench.shop.tote_large, bench.shop.taipei);
    let request = bench.order(&[(mug, 3), (tote, 1)]);
    let placed = bench.intake.place(request.clone()).await.unwrap();
    let order = placed.order.id;
    let after = bench.cut(order, &[(1, 1)]).await.unwrap();
    assert_eq!(after.total, twd(390 + 1990));
    assert_eq!(bench.stock(mug, taipei).await.reserved, 1);
    assert_eq!(bench.refunds(order).await, [0_i64; 0]);
    bench.assert_books_are_right().await;
    bench.cut(order, &[(2, 0)]).await.unwrap();
    bench.assert_books_are_right().await;

    // Asked again, the first answer is the first answer.
    let again = bench.intake.place(request).await.unwrap();
    assert!(again.replayed);
    assert_eq!((&again.order.lines, again.order.total), (&placed.order.lines, placed.order.total));
    assert_eq!(again.deductions, placed.deductions);

    // It is paid with what it costs now; nothing is taken off once a payment was begun.
    let (trade_no, amount) = bench.begin(order).await;
    assert_eq!(amount, 390);
    assert_eq!(refusal(bench.cut(order, &[(1, 0)]).await), "NothingWouldBeLeft");
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.fulfilments(order).await, [[1, 0, 0, 0]]);
    bench.send_all(order).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Shipped);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn nothing_is_taken_off_while_a_payment_is_under_way() {
    let bench = Bench::new().await;
    let order = bench.place(&[(bench.shop.mug_white, 3)]).await.order.id;
    bench.begin(order).await;
    let before = bench.fingerprint().await;
    assert_eq!(refusal(bench.cut(order, &[(1, 1)]).await), "NotNow");
    assert_eq!(bench.fingerprint().await, before);
}

#[tokio::test]
async fn an_unpaid_order_that_was_cut_ends_and_is_revived_as_it_is() {
    let bench = Bench::new().await;
    let (mug, taipei) = (bench.shop.mug_white, bench.shop.taipei);
    let order = bench.place(&[(mug, 5)]).await.order.id;
    bench.cut(order, &[(1, 2)]).await.unwrap();
    let (trade_no, amount) = bench.begin(order).await;
    bench.minutes_pass(31);
    assert_eq!(bench.checkout.expire_due().await.unwrap(), 1);
    assert_eq!(bench.stock(mug, taipei).await.available, 10);
    bench.assert_books_are_right().await;
    bench.deliver(&bench.notice(&trade_no, amount, "1", "0")).await;
    assert_eq!(bench.load(order).await.status, OrderStatus::Paid);
    assert_eq!(bench.stock(mug, taipei).await.sold, 2);
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn limits_count_what_is_left() {
    let bench = Bench::new().await;
    let mug = bench.shop.mug_white;
    let mut conn = bench.test.owner().acquire().await.unwrap();
    sqlx::query(
        "UPDATE catalog.variants SET purchase_limit = 3, purchase_limit_since = '2026-01-01'
          WHERE id = $1",
    )
    .bind(mug.as_uuid())
    .execute(&mut *conn)
    .await
    .unwrap();
    drop(conn);
    let order = bench.bought(&[(mug, 3)]).await;
    assert!(bench.intake.place(bench.order(&[(mug, 1)])).await.is_err());
    bench.cut(order, &[(1, 1)]).await.unwrap();
    bench.assert_books_are_right().await;
    assert!(bench.intake.place(bench.order(&[(mug, 3)])).await.is_err());
    assert!(bench.intake.place(bench.order(&[(mug, 2)])).await.is_ok());
    bench.assert_books_are_right().await;
}

#[tokio::test]
async fn an_address_is_changed_until_all_has_left() {
    let bench = Bench::new().await;
    let order = bench.bought(&[(bench.shop.tote_large, 1)]).await;
    let mut address = (*bench.load(order).await.shipping_address).clone();
    address.address1 = "忠孝東路一段 1 號".into();
    let move_to = async |seen: i64| {
        let address = Some(address.clone());
        let asked = OrderEdit { address, lines: Vec::new(), reason: "moved" };
        bench
            .change(async |checkout, conn, now| {
                checkout.edit_order(conn, order, seen, &asked, staff(), now).await
            })
            .await
    };
    let (before, after) = move_to(bench.version(order).await).await.unwrap();
    assert_eq!(*after.shipping_address, address);
    assert_ne!(before.shipping_address, after.shipping_address);
    assert_eq!(after.total, before.total);
    assert_eq!(bench.refunds(order).await, [0_i64; 0]);
    bench.send_all(order).await;
    assert_eq!(refusal(move_to(bench.version(order).await).await), "NotNow");
    bench.assert_books_are_right().await;
    assert_eq!(Quantity::new(1).unwrap(), after.lines[0].quantity);
}
