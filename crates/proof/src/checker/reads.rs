//! Reads of an order never go backwards: what was seen once is not unseen by a request that began
//! after the first one's answer. And nobody gets an answer that should not exist.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{
    history::{Answer, Ask, Event, History, Micros, State},
    snapshot::Snapshot,
    verdict::{Kind, Verdict},
};

/// What was known of an order for sure, from when to when.
#[derive(Clone, Copy)]
struct Sight {
    start: Micros,
    end: Micros,
    state: State,
}

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let mut sights: BTreeMap<Uuid, Vec<Sight>> = BTreeMap::new();
    for event in &history.events {
        if let (Ask::Read { order } | Ask::Cancel { order }, Answer::Seen { state }) =
            (&event.ask, &event.answer)
        {
            let sight = Sight { start: event.start, end: event.end, state: *state };
            sights.entry(*order).or_default().push(sight);
        }
        if let Some(what) = unexpected(event) {
            verdict.add(what.0, what.1);
        }
    }
    let last: HashMap<Uuid, State> = snapshot.orders.iter().map(|o| (o.id, o.state)).collect();
    for (order, mut seen) in sights {
        // The database has the last word.
        if let Some(state) = last.get(&order) {
            seen.push(Sight { start: Micros::MAX, end: Micros::MAX, state: *state });
        }
        if let Some((from, to)) = backwards(seen) {
            let (from, to) = (from.as_str(), to.as_str());
            let what = format!("order {order} was seen {from}, and later {to}");
            verdict.add(Kind::BackwardsRead, what);
        }
    }
}

/// Two sights of which the second began after the first had ended, and cannot follow from it.
fn backwards(mut seen: Vec<Sight>) -> Option<(State, State)> {
    let mut ended = seen.clone();
    ended.sort_unstable_by_key(|sight| sight.end);
    seen.sort_unstable_by_key(|sight| sight.start);
    let mut before: Vec<State> = Vec::new();
    let mut ended = ended.into_iter().peekable();
    for sight in seen {
        while let Some(earlier) = ended.next_if(|earlier| earlier.end < sight.start) {
            if !before.contains(&earlier.state) {
                before.push(earlier.state);
            }
        }
        if let Some(from) = before.iter().find(|from| !leads_to(**from, sight.state)) {
            return Some((*from, sight.state));
        }
    }
    None
}

/// Whether an order can come from one state to the other by moves of DESIGN 5.3, in any number.
fn leads_to(from: State, to: State) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(state) = reached.get(next).copied() {
        for one in steps(state) {
            if !reached.contains(one) {
                reached.push(*one);
            }
        }
        next += 1;
    }
    reached.contains(&to)
}

/// The moves, and the late payment that revives an order whose time was over.
const fn steps(from: State) -> &'static [State] {
    use State as S;
    match from {
        S::PendingPayment => &[S::Paid, S::PaymentFailed, S::Cancelled],
        S::PaymentFailed => &[S::Paid, S::Cancelled],
        S::Cancelled => &[S::Paid],
        S::Paid => &[S::PreparingShipment, S::RefundRequested],
        S::PreparingShipment => &[S::Shipped, S::RefundRequested],
        S::Shipped => &[S::Completed, S::ReturnRequested],
        S::Completed => &[S::ReturnRequested],
        S::RefundRequested => &[S::Refunded, S::RefundRejected],
        S::RefundRejected => &[S::Paid, S::PreparingShipment],
        S::ReturnRequested => &[S::Returned],
        S::Returned => &[S::Refunded],
        S::Refunded => &[],
    }
}

/// An answer that should not exist.
fn unexpected(event: &Event) -> Option<(Kind, String)> {
    let Answer::Refused { status, code } = &event.answer else { return None };
    let of_any = matches!(status, 408 | 429 | 503);
    let expected = match &event.ask {
        Ask::Place { .. } => {
            matches!(code.as_str(), "REQUEST_IN_PROGRESS" | "PURCHASE_LIMIT_EXCEEDED")
        }
        Ask::Cancel { .. } | Ask::BeginPayment { .. } => code == "INVALID_TRANSITION",
        Ask::Receive { .. } => *status == 401,
        Ask::Read { .. } | Ask::Notice { .. } | Ask::AdvanceClock { .. } => false,
    };
    if of_any || expected {
        return None;
    }
    let what = format!("client {}, {:?}: {status} {code}", event.client, event.ask);
    // Whoever has an order's id was told that it was placed.
    let gone = *status == 404 && !matches!(event.ask, Ask::Place { .. } | Ask::Receive { .. });
    Some((if gone { Kind::LostOrder } else { Kind::UnexpectedAnswer }, what))
}
