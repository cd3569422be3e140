//! Money that was acknowledged made an order paid or is on its way back, also that of an order which was
//! given up afterwards; and nothing is paid without a notice.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    history::{Ask, History},
    snapshot::{Attempt, Order, Snapshot},
    verdict::{Kind, Verdict},
};

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let orders: HashMap<Uuid, &Order> = snapshot.orders.iter().map(|o| (o.id, o)).collect();
    let attempts: HashMap<&str, &Attempt> =
        snapshot.attempts.iter().map(|attempt| (attempt.trade_no.as_str(), attempt)).collect();
    let mut back: HashMap<Uuid, Vec<i64>> = HashMap::new();
    for refund in &snapshot.refunds {
        back.entry(refund.attempt).or_default().push(refund.amount);
    }
    let (mut said, mut acknowledged) = (HashSet::new(), HashSet::new());
    for event in &history.events {
        if let Ask::Notice { order, trade_no, paid: true } = &event.ask {
            said.insert(trade_no.as_str());
            if event.answer.is_success() {
                acknowledged.insert((*order, trade_no.as_str()));
            }
        }
    }
    for (order, trade_no) in acknowledged {
        let settled = attempts.get(trade_no).is_some_and(|attempt| {
            let refunds = back.get(&attempt.id).map(Vec::as_slice).unwrap_or_default();
            let paid = orders
                .get(&order)
                .is_some_and(|order| order.state.is_paid() && order.total == attempt.amount);
            let given_up = orders.get(&order).is_some_and(|order| order.state.is_given_up());
            attempt.order == order
                && matches!(
                    attempt.status.as_str(),
                    "succeeded" | "partially_refunded" | "refunded"
                )
                && if attempt.kept && !given_up {
                    paid && refunds.is_empty()
                } else {
                    refunds == [attempt.amount] && (paid || !attempt.kept)
                }
        });
        if !settled {
            let what = format!("payment {trade_no} of order {order} was acknowledged; in vain");
            verdict.add(Kind::LostPayment, what);
        }
    }
    let mut kept: HashMap<Uuid, usize> = HashMap::new();
    let settled = |attempt: &&Attempt| matches!(attempt.status.as_str(), "succeeded" | "refunded");
    for attempt in snapshot.attempts.iter().filter(settled) {
        if !said.contains(attempt.trade_no.as_str()) {
            let what = format!("payment {} succeeded, and nobody said so", attempt.trade_no);
            verdict.add(Kind::PhantomPayment, what);
        }
        *kept.entry(attempt.order).or_default() += usize::from(attempt.kept);
    }
    for order in &snapshot.orders {
        let payments = kept.get(&order.id).copied().unwrap_or(0);
        if payments != usize::from(order.state.is_paid()) {
            let (id, state) = (order.id, order.state.as_str());
            let what = format!("order {id} is {state}, and {payments} payments of it are kept");
            verdict.add(Kind::PhantomPayment, what);
        }
    }
}
