//! The books against what can be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::books::{Books, Money, Order, Payment, State, units_of, variants};
use crate::simulation::answer::{AttemptSeen, Observed, OrderSeen, StockSeen};

/// Everything in which the books and what is seen differ. Learns ids nobody was told of.
pub fn compare(books: &mut Books, seen: &Observed) -> Vec<String> {
    let mut wrong: Vec<String> = seen.strays.clone();
    stock(books, seen, &mut wrong);
    orders(books, seen, &mut wrong);
    holds(books, seen, &mut wrong);
    limits(books, seen, &mut wrong);
    payments(books, seen, &mut wrong);
    if let Some(events) = &seen.events {
        diff("event", &expected_events(books), events, &mut wrong);
    }
    wrong
}

fn stock(books: &Books, seen: &Observed, wrong: &mut Vec<String>) {
    let expected: BTreeMap<_, _> = books
        .shelves
        .iter()
        .map(|(row, shelf)| {
            let safety = i32::try_from(shelf.safety).unwrap_or(i32::MAX);
            let (balance, frozen) = (shelf.balance(), shelf.frozen);
            (*row, StockSeen { balance, frozen, safety, version: shelf.entries })
        })
        .collect();
    diff("stock (variant, warehouse)", &expected, &seen.stock, wrong);
}

fn orders(books: &mut Books, seen: &Observed, wrong: &mut Vec<String>) {
    let keys: BTreeSet<_> = books.orders.keys().chain(seen.orders.keys()).copied().collect();
    for key in keys {
        let rows = seen.orders.get(&key).map_or(&[][..], Vec::as_slice);
        match (books.orders.get_mut(&key), rows) {
            (Some(order), [row]) => {
                let expected = order_seen(order, row);
                order.id = Some(expected.id);
                if expected != *row {
                    wrong.push(format!("order {key} is {row:?}, not {expected:?}"));
                }
            }
            (Some(_), []) => wrong.push(format!("order {key} is lost")),
            (None, rows) => wrong.push(format!("order {key} must not exist: {rows:?}")),
            (Some(_), rows) => wrong.push(format!("key {key} has made {} orders", rows.len())),
        }
    }
}

/// How the order should look; an id nobody was told of is taken as it is.
fn order_seen(order: &Order, row: &OrderSeen) -> OrderSeen {
    let status = match order.state {
        State::Waiting => "pending_payment",
        State::Paid => "paid",
        State::Shipped => "shipped",
        State::Cancelled | State::RanOut => "cancelled",
        State::GivenUp => "refund_requested",
    };
    OrderSeen {
        id: order.id.unwrap_or(row.id),
        status: status.into(),
        total: order.total,
        lines: order.basket.lines.iter().map(|(v, units)| (*v, i64::from(*units))).collect(),
        paid: was_paid(order),
    }
}

/// Whether its money came, and was kept for it at first.
const fn was_paid(order: &Order) -> bool {
    matches!(order.state, State::Paid | State::Shipped | State::GivenUp)
}

fn holds(books: &Books, seen: &Observed, wrong: &mut Vec<String>) {
    let mut expected = BTreeMap::new();
    for (key, order) in &books.orders {
        let bought = was_paid(order);
        for take in &order.takes {
            let hold = (take.variant, i64::from(take.units), bought);
            expected.insert((*key, take.line, take.house), hold);
        }
    }
    diff("hold (order, line, warehouse)", &expected, &seen.holds, wrong);
}

fn limits(books: &Books, seen: &Observed, wrong: &mut Vec<String>) {
    let (mut purchases, mut redemptions) = (BTreeMap::new(), BTreeMap::new());
    let mut redeemed = BTreeMap::new();
    let dead = [State::Cancelled, State::RanOut];
    for (key, order) in books.orders.iter().filter(|(_, order)| !dead.contains(&order.state)) {
        for variant in variants(&order.basket) {
            if books.world.limits[usize::from(variant)].is_some() {
                purchases.insert((variant, *key), units_of(&order.basket, variant));
            }
        }
        if let Some(coupon) = order.basket.coupon.filter(|_| order.saved > 0) {
            redemptions.insert(*key, (coupon, order.saved));
            *redeemed.entry(coupon).or_default() += 1;
        }
    }
    diff("purchase (variant, order)", &purchases, &seen.purchases, wrong);
    diff("redemption of order", &redemptions, &seen.redemptions, wrong);
    diff("redemptions of coupon", &redeemed, &seen.redeemed, wrong);
}

fn payments(books: &mut Books, seen: &Observed, wrong: &mut Vec<String>) {
    let mut expected = BTreeMap::new();
    let mut numbers = BTreeSet::new();
    for (attempt, payment) in &mut books.payments {
        if let Some(row) = seen.attempts.get(attempt) {
            payment.trade_no.get_or_insert_with(|| row.trade_no.clone());
        }
        if !numbers.insert(payment.trade_no.clone()) {
            wrong.push(format!("payment {attempt:?} has the trade number of another"));
        }
        expected.insert(*attempt, attempt_seen(payment));
    }
    diff("payment (order, attempt)", &expected, &seen.attempts, wrong);
    let kept: i64 =
        books.payments.values().filter(|p| p.money == Money::Kept).map(|p| p.amount).sum();
    let paid = |order: &&Order| matches!(order.state, State::Paid | State::Shipped);
    let due: i64 = books.orders.values().filter(paid).map(|order| order.total).sum();
    if kept != due {
        wrong.push(format!("{kept} dollars are kept for orders of {due} dollars"));
    }
}

fn attempt_seen(payment: &Payment) -> AttemptSeen {
    let (status, kept, refunds) = match payment.money {
        Money::Asked => ("pending", true, vec![]),
        Money::Refused => ("failed", true, vec![]),
        Money::CalledOff => ("cancelled", true, vec![]),
        Money::Kept => ("succeeded", true, vec![]),
        Money::AskedBack => ("succeeded", true, vec![("cancelled".to_owned(), payment.amount)]),
        Money::GoesBack(why) => ("succeeded", false, vec![(why.to_owned(), payment.amount)]),
    };
    AttemptSeen {
        trade_no: payment.trade_no.clone().unwrap_or_default(),
        status: status.into(),
        amount: payment.amount,
        kept,
        refunds,
    }
}

/// Exactly these events must have been written, no more and no less.
fn expected_events(books: &Books) -> BTreeMap<String, usize> {
    let mut events = BTreeMap::new();
    let mut add = |name: String, times: usize| {
        if times > 0 {
            *events.entry(name).or_default() += times;
        }
    };
    for (key, order) in &books.orders {
        add(format!("order.created {key}"), 1);
        add(format!("order.cancelled {key}"), order.endings);
        add(format!("order.paid {key}"), usize::from(was_paid(order)));
    }
    for ((key, _), payment) in &books.payments {
        let back = matches!(payment.money, Money::GoesBack(_) | Money::AskedBack);
        let came = back || payment.money == Money::Kept;
        add(format!("payment.succeeded {key}"), usize::from(came));
        add(format!("payment.failed {key}"), usize::from(payment.failure_told));
        add(format!("refund.requested {key}"), usize::from(back));
    }
    for ((variant, house), shelf) in &books.shelves {
        add(format!("inventory.low_stock v{variant} w{house}"), shelf.alerts);
    }
    events
}

fn diff<K, V>(what: &str, expected: &BTreeMap<K, V>, seen: &BTreeMap<K, V>, wrong: &mut Vec<String>)
where
    K: Ord + std::fmt::Debug,
    V: PartialEq + std::fmt::Debug,
{
    let keys: BTreeSet<_> = expected.keys().chain(seen.keys()).collect();
    for key in keys {
        match (expected.get(key), seen.get(key)) {
            (expected, seen) if expected == seen => {}
            (Some(expected), Some(seen)) => {
                wrong.push(format!("{what} {key:?} is {seen:?}, not {expected:?}"));
            }
            (Some(expected), None) => {
                wrong.push(format!("{what} {key:?} is missing: {expected:?}"));
            }
            (None, seen) => wrong.push(format!("{what} {key:?} must not be there: {seen:?}")),
        }
    }
}
