//! No unit is sold twice, and every unit can be explained: what came in, what is held, what was
//! sold, balances, movements, reservations and orders agree.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{
    history::{Ask, History, State},
    snapshot::{Movement, Snapshot, StockRow},
    verdict::{Kind, Verdict},
};

pub(super) fn check(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    check_rows(snapshot, verdict);
    check_receipts(history, snapshot, verdict);
    check_units(snapshot, verdict);
    check_orders(snapshot, verdict);
}

/// Each balance follows from its movements.
fn check_rows(snapshot: &Snapshot, verdict: &mut Verdict) {
    let mut ledgers: BTreeMap<(Uuid, Uuid), Vec<&Movement>> = BTreeMap::new();
    for movement in &snapshot.movements {
        ledgers.entry((movement.variant, movement.warehouse)).or_default().push(movement);
    }
    for row in &snapshot.stock {
        let movements = ledgers.remove(&(row.variant, row.warehouse)).unwrap_or_default();
        if let Err(why) = check_row(row, &movements) {
            let what = format!("variant {} in warehouse {}: {why}", row.variant, row.warehouse);
            verdict.add(Kind::UnbalancedLedger, what);
        }
    }
    for (variant, warehouse) in ledgers.keys() {
        let what = format!("variant {variant} in warehouse {warehouse}: movements, but no stock");
        verdict.add(Kind::UnbalancedLedger, what);
    }
}

fn check_row(row: &StockRow, movements: &[&Movement]) -> Result<(), String> {
    let [mut total, mut available, mut reserved, mut sold] = [0; 4];
    for (place, movement) in (1..).zip(movements) {
        if movement.seq != place {
            return Err(format!("movement {place} has the number {}", movement.seq));
        }
        total += movement.total;
        available += movement.available;
        reserved += movement.reserved;
        sold += movement.sold;
        if total != available + reserved + sold || available.min(reserved).min(sold) < 0 {
            return Err(format!(
                "after movement {place}: {total} = {available} + {reserved} + {sold}"
            ));
        }
        if movement.available_after != available {
            let said = movement.available_after;
            return Err(format!("movement {place} says {said} available, and it was {available}"));
        }
    }
    let balance = (row.total, row.available, row.reserved, row.sold);
    if balance != (total, available, reserved, sold) {
        return Err(format!(
            "the balance is {balance:?}, the movements make ({total}, {available}, {reserved}, {sold})"
        ));
    }
    if usize::try_from(row.version) != Ok(movements.len()) {
        return Err(format!("version {}, {} movements", row.version, movements.len()));
    }
    Ok(())
}

/// Goods came in exactly as the stock keeper was told.
fn check_receipts(history: &History, snapshot: &Snapshot, verdict: &mut Verdict) {
    let mut booked: HashMap<&str, Vec<&Movement>> = HashMap::new();
    let before: HashMap<(Uuid, Uuid), i64> = snapshot
        .stock_before
        .iter()
        .map(|row| ((row.variant, row.warehouse), row.version))
        .collect();
    let came_in = |movement: &&Movement| movement.total > 0 && !is_given_back(movement);
    for movement in snapshot.movements.iter().filter(came_in) {
        let known = before.get(&(movement.variant, movement.warehouse)).copied().unwrap_or(0);
        if movement.seq > known {
            booked
                .entry(movement.reason.as_deref().unwrap_or_default())
                .or_default()
                .push(movement);
        }
    }
    for event in &history.events {
        let Ask::Receive { variant, warehouse, quantity, reason } = &event.ask else { continue };
        let found = booked.remove(reason.as_str()).unwrap_or_default();
        let right = found.iter().all(|movement| {
            (movement.variant, movement.warehouse, movement.total)
                == (*variant, *warehouse, *quantity)
        });
        let expected = match found.len() {
            0 => !event.answer.is_success(),
            1 => right && !event.answer.is_surely_without_effect(),
            _ => false,
        };
        if !expected {
            let what = format!("{reason}: {quantity} units, booked {} times", found.len());
            verdict.add(Kind::LostReceipt, what);
        }
    }
    for (reason, movements) in booked {
        let what = format!("{} receipts nobody asked for: {reason:?}", movements.len());
        verdict.add(Kind::LostReceipt, what);
    }
}

/// Units that an order bought and never had: they leave and come back in one step.
fn is_given_back(movement: &Movement) -> bool {
    movement.kind == "return"
}

/// What orders hold and bought is no more than what came in. The orders' lines are counted, and not
/// what the stock rows say of them.
fn check_units(snapshot: &Snapshot, verdict: &mut Verdict) {
    let mut came_in: BTreeMap<Uuid, i64> = BTreeMap::new();
    for movement in snapshot.movements.iter().filter(|movement| !is_given_back(movement)) {
        *came_in.entry(movement.variant).or_default() += movement.total.max(0);
    }
    let mut taken: BTreeMap<Uuid, i64> = BTreeMap::new();
    for order in snapshot.orders.iter().filter(|order| order.state.has_stock()) {
        for line in &order.lines {
            *taken.entry(line.variant).or_default() += line.quantity;
        }
    }
    for (variant, units) in taken {
        let there = came_in.get(&variant).copied().unwrap_or(0);
        if units > there {
            let what = format!("variant {variant}: {units} units held or sold, {there} came in");
            verdict.add(Kind::Oversold, what);
        }
    }
}

/// Every order holds or bought exactly its lines: by its reservations, and by the movements.
fn check_orders(snapshot: &Snapshot, verdict: &mut Verdict) {
    let mut moved: HashMap<(Uuid, Uuid), (i64, i64)> = HashMap::new();
    let mut left: HashMap<(Uuid, Uuid), i64> = HashMap::new();
    for movement in &snapshot.movements {
        if let Some(order) = movement.reference {
            let sums = moved.entry((order, movement.variant)).or_default();
            sums.0 += movement.reserved;
            sums.1 += movement.sold;
            *left.entry((order, movement.variant)).or_default() -= movement.total;
        }
    }
    let mut reserved: HashMap<(Uuid, Uuid), (i64, i64)> = HashMap::new();
    for reservation in &snapshot.reservations {
        let sums = reserved.entry((reservation.order, reservation.variant)).or_default();
        match reservation.status.as_str() {
            "active" => sums.0 += reservation.quantity,
            "confirmed" => sums.1 += reservation.quantity,
            _ => {}
        }
    }
    for order in &snapshot.orders {
        let mut wanted: BTreeMap<Uuid, i64> = BTreeMap::new();
        for line in &order.lines {
            *wanted.entry(line.variant).or_default() += line.quantity;
        }
        for (variant, units) in wanted {
            // A reservation stays confirmed when what it bought is given back.
            let (right, remembered) = match order.state {
                State::PendingPayment | State::PaymentFailed => ((units, 0), (units, 0)),
                State::Cancelled => ((0, 0), (0, 0)),
                state if state.is_given_up() => ((0, 0), (0, units)),
                _ => ((0, units), (0, units)),
            };
            if left.get(&(order.id, variant)).is_some_and(|units| *units < 0) {
                let what =
                    format!("order {}: more of variant {variant} came back than left", order.id);
                verdict.add(Kind::UnbalancedLedger, what);
            }
            let by_movements = moved.remove(&(order.id, variant)).unwrap_or_default();
            let by_reservations = reserved.remove(&(order.id, variant)).unwrap_or_default();
            if by_movements != right || by_reservations != remembered {
                let (id, state) = (order.id, order.state.as_str());
                let what = format!(
                    "order {id} ({state}), variant {variant}: (held, sold) must be {right:?}; \
                     movements say {by_movements:?}, reservations {by_reservations:?}, not \
                     {remembered:?}"
                );
                verdict.add(Kind::UnbalancedLedger, what);
            }
        }
    }
    for (order, variant) in moved.keys().chain(reserved.keys()) {
        let what = format!("variant {variant} was taken for {order}, which did not order it");
        verdict.add(Kind::UnbalancedLedger, what);
    }
}
