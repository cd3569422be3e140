use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Locale, LocalizedText};
use orders::{Address, Contact, Line, OrderStatus};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn twd(amount: i64) -> Money {
    Money::twd(amount).unwrap()
}

/// An order of lines with these prices and quantities, and this discount.
fn order(lines: &[(i64, i64)], discount: i64) -> Order {
    let lines: Vec<Line> = lines
        .iter()
        .zip(1..)
        .map(|((price, quantity), line_no)| Line {
            line_no,
            variant: Uuid::from_u128(u128::from(line_no.unsigned_abs())).into(),
            sku: "SKU".into(),
            name: LocalizedText::new("杯", "Mug"),
            variant_name: LocalizedText::new("", ""),
            quantity: Quantity::new(*quantity).unwrap(),
            unit_price: twd(*price),
            line_total: twd(price * quantity),
        })
        .collect();
    let subtotal = Money::sum(lines.iter().map(|line| line.line_total)).unwrap();
    Order {
        id: Uuid::from_u128(1).into(),
        status: OrderStatus::Paid,
        customer: None,
        locale: Locale::ZhTw,
        contact: Arc::new(Contact { email: "a@example.com".into(), phone: "0912345678".into() }),
        shipping_address: Arc::new(Address {
            name: "".into(),
            phone: "".into(),
            postal_code: "".into(),
            city: "".into(),
            district: "".into(),
            address1: "".into(),
            address2: None,
        }),
        shipping_method: "home_delivery".into(),
        payment_method: "ecpay_credit".into(),
        coupon_code: None,
        note: None,
        lines,
        subtotal,
        discount: twd(discount),
        shipping_fee: twd(80),
        total: subtotal.minus(twd(discount)).unwrap().plus(twd(80)).unwrap(),
        reserved_until: Timestamp::UNIX_EPOCH,
        created_at: Timestamp::UNIX_EPOCH,
        paid_at: None,
    }
}

fn units(quantity: i64) -> Quantity {
    Quantity::new(quantity).unwrap()
}

fn amounts(order: &Order, asked: &[(i16, i64)], taken: &[(i16, i64)]) -> Vec<i64> {
    let asked: Vec<_> = asked.iter().map(|(line, quantity)| (*line, units(*quantity))).collect();
    let lines = worth(order, &HashMap::new(), &asked, taken).unwrap();
    lines.iter().map(|line| line.amount.amount()).collect()
}

#[test]
fn units_are_worth_their_price_less_their_share_of_the_discount() {
    let plain = order(&[(390, 3), (1990, 1)], 0);
    assert_eq!(amounts(&plain, &[(1, 2), (2, 1)], &[]), [780, 1990]);
    assert_eq!(amounts(&plain, &[], &[]), [0; 0]);
    // 100 off 300, over three units: 67 + 67 + 66 are paid for them in the end.
    let reduced = order(&[(100, 3)], 100);
    assert_eq!(amounts(&reduced, &[(1, 3)], &[]), [200]);
    let singly: Vec<i64> =
        (0..3).flat_map(|before| amounts(&reduced, &[(1, 1)], &[(1, before)])).collect();
    assert_eq!(singly, [66, 67, 67]);
    // Given away: nothing to give back.
    assert_eq!(amounts(&order(&[(100, 1)], 100), &[(1, 1)], &[]), [0]);
    assert_eq!(amounts(&order(&[(0, 1)], 0), &[(1, 1)], &[]), [0]);
}

#[test]
fn what_was_taken_off_a_line_is_not_given_back_for_another() {
    // 90 off the first line only, and 10 off both.
    let order = order(&[(100, 1), (100, 3)], 100);
    let off = HashMap::from([(1, 93), (2, 7)]);
    let worth_of = |asked: &[(i16, i64)], taken: &[(i16, i64)]| -> Vec<i64> {
        let asked: Vec<_> = asked.iter().map(|(line, it)| (*line, units(*it))).collect();
        let lines = worth(&order, &off, &asked, taken).unwrap();
        lines.iter().map(|line| line.amount.amount()).collect()
    };
    assert_eq!(worth_of(&[(1, 1), (2, 3)], &[]), [7, 293]);
    let singly: Vec<i64> = (0..3).flat_map(|before| worth_of(&[(2, 1)], &[(2, before)])).collect();
    assert_eq!(singly, [97, 98, 98]);
}

#[test]
fn more_units_than_were_bought_and_not_asked_back_are_refused() {
    let order = order(&[(390, 3), (1990, 1)], 0);
    let refused = |asked: &[(i16, i64)], taken: &[(i16, i64)]| {
        let asked: Vec<_> = asked.iter().map(|(line, it)| (*line, units(*it))).collect();
        let error = worth(&order, &HashMap::new(), &asked, taken).unwrap_err();
        (error.index, error.line_no, error.left)
    };
    assert_eq!(refused(&[(1, 4)], &[]), (0, 1, 3));
    assert_eq!(refused(&[(2, 1), (1, 2)], &[(1, 2)]), (1, 1, 1));
    assert_eq!(refused(&[(1, 1)], &[(1, 3)]), (0, 1, 0));
    assert_eq!(refused(&[(3, 1)], &[]), (0, 3, 0));
    // The same line twice is not a way around it.
    assert_eq!(refused(&[(1, 2), (1, 2)], &[]), (1, 1, 0));
}

proptest! {
    #[test]
    fn all_units_of_all_lines_in_any_steps_are_exactly_what_was_paid_for_goods(
        lines in prop::collection::vec((0..5000_i64, 1..20_i64), 1..6),
        share in 0..=100_i64,
        step in 1..7_i64,
    ) {
        let subtotal: i64 = lines.iter().map(|(price, quantity)| price * quantity).sum();
        let order = order(&lines, subtotal * share / 100);
        let mut sum = 0;
        for line in &order.lines {
            let bought = i64::from(line.quantity.get());
            let mut before = 0;
            while before < bought {
                let now = step.min(bought - before);
                let taken = [(line.line_no, before)];
                let amount = amounts(&order, &[(line.line_no, now)], &taken)[0];
                prop_assert!(amount >= 0);
                sum += amount;
                before += now;
            }
        }
        prop_assert_eq!(sum, subtotal - order.discount.amount());
    }
}
