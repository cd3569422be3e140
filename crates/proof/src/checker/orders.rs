//! Every acknowledged order is there, once, as it was asked for and acknowledged; a key makes at
//! most one; nothing is there that nobody asked for.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    history::{Answer, Attempts, History, Line},
    snapshot::{Order, Snapshot},
    verdict::{Kind, Verdict},
};

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let placings = history.placings();
    let mut by_id: HashMap<Uuid, Vec<&Order>> = HashMap::new();
    let mut by_key: HashMap<&str, Vec<&Order>> = HashMap::new();
    for order in &snapshot.orders {
        by_id.entry(order.id).or_default().push(order);
        match order.key.as_deref().filter(|key| placings.contains_key(key)) {
            Some(key) => by_key.entry(key).or_default().push(order),
            None => verdict.add(
                Kind::PhantomOrder,
                format!("order {} with the key {:?}: nobody asked for it", order.id, order.key),
            ),
        }
    }
    for (id, orders) in by_id.iter().filter(|(_, orders)| orders.len() > 1) {
        verdict.add(Kind::DoubleOrder, format!("order {id} is there {} times", orders.len()));
    }
    for (key, attempts) in &placings {
        let stored = by_key.get(key).map(Vec::as_slice).unwrap_or_default();
        check_key(key, attempts, stored, &by_id, verdict);
    }
}

fn check_key(
    key: &str,
    attempts: &Attempts<'_>,
    stored: &[&Order],
    by_id: &HashMap<Uuid, Vec<&Order>>,
    verdict: &mut Verdict,
) {
    if stored.len() > 1 {
        let ids: Vec<String> = stored.iter().map(|order| order.id.to_string()).collect();
        verdict.add(Kind::DoubleOrder, format!("key {key} made the orders {}", ids.join(", ")));
    }
    let mut acknowledged: BTreeSet<Uuid> = BTreeSet::new();
    let mut bodies: BTreeSet<&str> = BTreeSet::new();
    for event in &attempts.events {
        let Answer::Placed { order, total, reserved_until, digest } = &event.answer else {
            continue;
        };
        bodies.insert(digest);
        if !acknowledged.insert(*order) {
            continue;
        }
        let Some(found) = by_id.get(order).and_then(|orders| orders.first()) else {
            verdict.add(
                Kind::LostOrder,
                format!("order {order} of key {key} was acknowledged and is not there"),
            );
            continue;
        };
        if (found.total, found.reserved_until) != (*total, *reserved_until) {
            verdict.add(
                Kind::ChangedOrder,
                format!("order {order} of key {key}: its total or its time is not as acknowledged"),
            );
        }
        if found.key.as_deref() != Some(key) {
            verdict.add(
                Kind::ChangedOrder,
                format!("order {order} was acknowledged for key {key} and is of {:?}", found.key),
            );
        }
    }
    if acknowledged.len() > 1 {
        let ids: Vec<String> = acknowledged.iter().map(Uuid::to_string).collect();
        verdict.add(Kind::DoubleOrder, format!("key {key} was answered with {}", ids.join(", ")));
    } else if bodies.len() > 1 {
        verdict.add(
            Kind::ChangedOrder,
            format!("key {key} was answered with {} different bodies", bodies.len()),
        );
    }
    for order in stored {
        if !same_lines(order, attempts.lines) {
            verdict.add(
                Kind::ChangedOrder,
                format!("order {} of key {key}: its lines are not as asked", order.id),
            );
        }
    }
    let all_refused = attempts.events.iter().all(|event| event.answer.is_surely_without_effect());
    if all_refused && let Some(order) = stored.first() {
        verdict.add(
            Kind::PhantomOrder,
            format!("order {} of key {key} is there, and every attempt was refused", order.id),
        );
    }
}

fn same_lines(order: &Order, asked: &[Line]) -> bool {
    order.lines.len() == asked.len()
        && order
            .lines
            .iter()
            .zip(asked)
            .all(|(had, wanted)| (had.variant, had.quantity) == (wanted.variant, wanted.quantity))
}
