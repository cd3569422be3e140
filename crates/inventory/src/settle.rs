//! What becomes of reservations: confirmed when paid, released when not. For many orders at once;
//! their order rows are locked by the flow that calls this.

use jiff::Timestamp;
use kernel::{Actor, id::OrderId};
use pg::{Connection, DbError};

use crate::{
    InventoryError, SaveContext,
    backorders::{self, Backorder},
    ledger::{Cause, Ledger},
    model::MovementKind,
    reservations::{Reservation, ReservationStatus},
    reserve::{Demand, Unfillable, allocate},
    sourcing::Preference,
    sql,
};

/// Turns reserved into sold (確認扣減), once an order line (BR-006). Returns how many reservations
/// were confirmed.
pub async fn confirm(
    conn: &mut Connection,
    orders: &[OrderId],
    actor: Actor,
    at: Timestamp,
    context: &SaveContext<'_>,
) -> Result<usize, InventoryError> {
    let outcome = (MovementKind::Confirm, ReservationStatus::Confirmed);
    settle(conn, orders, outcome, actor, at, context).await
}

/// Gives what orders hold back to available; `status` says why. Returns how many reservations were
/// released.
///
/// # Panics
/// When `status` is not one of giving back.
pub async fn release(
    conn: &mut Connection,
    orders: &[OrderId],
    status: ReservationStatus,
    actor: Actor,
    at: Timestamp,
    context: &SaveContext<'_>,
) -> Result<usize, InventoryError> {
    assert!(matches!(status, ReservationStatus::Released | ReservationStatus::Expired));
    settle(conn, orders, (MovementKind::Release, status), actor, at, context).await
}

async fn settle(
    conn: &mut Connection,
    orders: &[OrderId],
    (kind, status): (MovementKind, ReservationStatus),
    actor: Actor,
    at: Timestamp,
    context: &SaveContext<'_>,
) -> Result<usize, InventoryError> {
    let mut waiting = backorders::waiting_of(conn, orders).await?;
    let mut held = active(conn, orders).await?;
    let mut ledger = lock_for(conn, &held, &waiting).await?;
    if !waiting.is_empty() {
        // Whoever had these locks before may have filled what waited.
        backorders::lock_those_of(conn, &waiting).await?;
        held = active(conn, orders).await?;
        ledger = lock_for(conn, &held, &waiting).await?;
        waiting = backorders::waiting_of(conn, orders).await?;
        backorders::settle(conn, &waiting, status, at).await?;
    }
    for reservation in &held {
        let reference = Some(reservation.order.as_uuid());
        let cause = Cause { actor, reference, reason: None, at };
        ledger.apply(reservation.key, kind, reservation.quantity, &cause)?;
    }
    sql::set_reservation_status(conn, &held, status, at).await?;
    sql::save(conn, ledger, context).await?;
    Ok(held.len())
}

/// Takes hold again of what an order lost and confirms it at once: the money came after the
/// reservation was given back. The inner error, and nothing changed, when not all of it is to be had:
/// because it is gone, or because a stocktake holds it (BR-007).
pub async fn reclaim(
    conn: &mut Connection,
    order: OrderId,
    demands: &[Demand],
    preference: &Preference,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Result<(), Unfillable>, InventoryError> {
    let variants: Vec<_> = demands.iter().map(|demand| demand.variant).collect();
    let mut ledger = crate::lock(conn, &variants).await?;
    let allocations = match allocate(&mut ledger, demands, preference, cause) {
        Ok(allocations) => allocations,
        Err(unfillable) => return Ok(Err(unfillable)),
    };
    let mut again = Vec::with_capacity(allocations.len());
    for allocation in &allocations {
        ledger.apply(allocation.key, MovementKind::Confirm, allocation.quantity, cause)?;
        let status = ReservationStatus::Confirmed;
        again
            .push(Reservation { status, ..Reservation::of(allocation, order, cause.at, cause.at) });
    }
    crate::archive::take_back(conn, order).await?;
    sql::reinstate_reservations(conn, &again).await?;
    sql::save(conn, ledger, context).await?;
    Ok(Ok(()))
}

async fn active(conn: &mut Connection, orders: &[OrderId]) -> Result<Vec<Reservation>, DbError> {
    let mut held = sql::reservations_of(conn, orders).await?;
    held.retain(|reservation| reservation.status == ReservationStatus::Active);
    Ok(held)
}

async fn lock_for(
    conn: &mut Connection,
    held: &[Reservation],
    waiting: &[Backorder],
) -> Result<Ledger, DbError> {
    let variants: Vec<_> = held
        .iter()
        .map(|reservation| reservation.key.variant)
        .chain(waiting.iter().map(|backorder| backorder.variant))
        .collect();
    crate::lock(conn, &variants).await
}
