//! Every release is justified: its order was cancelled by somebody who asked for it, before or after it
//! was paid, or its time was over. And what was acknowledged as cancelled stays so.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{
    history::{Answer, Ask, History, Micros, State},
    snapshot::{Order, Snapshot},
    verdict::{Kind, Verdict},
};

/// How far the clocks of two processes on one machine may seem to be apart.
const SLACK: i64 = 1_000_000;

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let cancels = Cancels::of(history);
    for order in &snapshot.orders {
        check_order(order, &cancels, verdict);
    }
    let orders: HashMap<Uuid, &Order> = snapshot.orders.iter().map(|o| (o.id, o)).collect();
    for reservation in &snapshot.reservations {
        let given_back = match reservation.status.as_str() {
            "released" => true,
            "expired" => {
                if reservation.closed_at.is_none_or(|at| at < reservation.expires_at) {
                    let what = format!("order {}: given back too early", reservation.order);
                    verdict.add(Kind::UnjustifiedRelease, what);
                }
                true
            }
            _ => false,
        };
        let ended = orders.get(&reservation.order).is_some_and(|order| {
            order.transitions.iter().any(|transition| transition.to == State::Cancelled)
        });
        if given_back && !ended {
            let what = format!("order {}: given back, and never cancelled", reservation.order);
            verdict.add(Kind::UnjustifiedRelease, what);
        }
    }
    check_seen(history, &cancels, verdict);
}

/// The requests to cancel.
struct Cancels {
    /// When the first one began that may have had its effect.
    possible: HashMap<Uuid, Micros>,
    /// Those that were acknowledged.
    acknowledged: HashSet<Uuid>,
}

impl Cancels {
    fn of(history: &History) -> Self {
        let mut cancels = Self { possible: HashMap::new(), acknowledged: HashSet::new() };
        for event in &history.events {
            let Ask::Cancel { order } = event.ask else { continue };
            if event.answer.is_surely_without_effect() {
                continue;
            }
            let first = cancels.possible.entry(order).or_insert(event.start);
            *first = event.start.min(*first);
            if event.answer.is_success() {
                cancels.acknowledged.insert(order);
            }
        }
        cancels
    }
}

fn check_order(order: &Order, cancels: &Cancels, verdict: &mut Verdict) {
    let id = order.id;
    for transition in order.transitions.iter().filter(|t| t.to == State::Cancelled) {
        let justified = if transition.actor == "system" {
            transition.at >= order.reserved_until
        } else {
            cancels.possible.contains_key(&id)
        };
        if !justified {
            let what = format!("order {id} was ended by {} without a reason", transition.actor);
            verdict.add(Kind::UnjustifiedRelease, what);
        }
    }
    let given_up = order.transitions.iter().any(|transition| transition.to.is_given_up());
    if given_up && !cancels.possible.contains_key(&id) {
        let what = format!("order {id} was given up, and nobody asked");
        verdict.add(Kind::UnjustifiedRelease, what);
    }
    let ended = order.state == State::Cancelled || order.state.is_given_up();
    if cancels.acknowledged.contains(&id) && !ended {
        let what = format!("order {id} was acknowledged as cancelled and is {:?}", order.state);
        verdict.add(Kind::BackwardsRead, what);
    }
}

/// Nobody saw an order end that nobody had cancelled, before its time was over by the machine's own
/// clock: the shop's word for the time is not taken.
fn check_seen(history: &History, cancels: &Cancels, verdict: &mut Verdict) {
    let clock_moved = history.clock_moved().unwrap_or(Micros::MAX);
    let until: HashMap<Uuid, i64> = history
        .events
        .iter()
        .filter_map(|event| match event.answer {
            Answer::Placed { order, reserved_until, .. } => Some((order, reserved_until)),
            _ => None,
        })
        .collect();
    for event in &history.events {
        let (Ask::Read { order }, Answer::Seen { state: State::Cancelled }) =
            (&event.ask, &event.answer)
        else {
            continue;
        };
        let asked = cancels.possible.get(order).is_some_and(|start| *start <= event.end);
        let over = until
            .get(order)
            .is_none_or(|until| history.wall_of(event.end).saturating_add(SLACK) >= *until);
        if !asked && !over && event.end < clock_moved {
            let what =
                format!("order {order} was seen cancelled before its time, and nobody asked");
            verdict.add(Kind::UnjustifiedRelease, what);
        }
    }
}
