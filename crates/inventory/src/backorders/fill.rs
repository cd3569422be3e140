//! What comes in goes to who waits, the oldest first.

use kernel::{
    Actor,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};

use super::{Backorder, BackorderStatus, sql};
use crate::{
    SaveContext,
    ledger::{Cause, Ledger},
    model::{MovementKind, StockKey},
    reservations::{Reservation, ReservationStatus},
};

/// Gives what became free in this ledger to those who wait for it. Nothing is asked of the database
/// when nothing became free, as in every batch of orders.
pub(crate) async fn fill(
    conn: &mut Connection,
    ledger: &mut Ledger,
    context: &SaveContext<'_>,
) -> DbResult<()> {
    let mut freed: Vec<VariantId> = ledger.freed().map(|row| row.key.variant).collect();
    if freed.is_empty() {
        return Ok(());
    }
    // In lock order, which is by variant.
    freed.dedup();
    let queues = sql::lock_known(conn, &freed).await?;
    if queues.values().all(|count| count.waiting == 0) {
        return Ok(());
    }
    let open = crate::warehouses(conn).await?;
    let open: Vec<WarehouseId> =
        open.into_iter().filter(|house| house.active).map(|house| house.id).collect();
    let mut given = Vec::new();
    for (variant, _) in queues.into_iter().filter(|(_, count)| count.waiting > 0) {
        let free: i64 = rows(ledger, variant, &open).map(|(_, units)| i64::from(units)).sum();
        for waiting in sql::queue(conn, variant, 0, free).await? {
            given.extend(give(ledger, waiting, &open, context));
        }
    }
    sql::save_given(conn, &given, context.clock.now()).await
}

/// The rows of a variant that may give, by the priority of their warehouses.
fn rows<'a>(
    ledger: &'a Ledger,
    variant: VariantId,
    open: &'a [WarehouseId],
) -> impl Iterator<Item = (StockKey, i32)> + 'a {
    let keys = open.iter().map(move |warehouse| StockKey { variant, warehouse: *warehouse });
    let free = move |key: StockKey| {
        let row = ledger.row(key).filter(|row| row.frozen_by.is_none())?;
        (row.balance.available > 0).then_some((key, row.balance.available))
    };
    keys.filter_map(free)
}

/// What one who waits has got.
#[derive(Debug)]
pub(super) struct Given {
    /// As it is now.
    pub backorder: Backorder,
    /// The reservations that came of it; new units only.
    pub reservations: Vec<Reservation>,
}

/// Takes what one who waits can get; none when nothing is left.
fn give(
    ledger: &mut Ledger,
    mut backorder: Backorder,
    open: &[WarehouseId],
    context: &SaveContext<'_>,
) -> Option<Given> {
    let now = context.clock.now();
    let cause = Cause {
        actor: Actor::System,
        reference: Some(backorder.order.as_uuid()),
        reason: Some("back-order"),
        at: now,
    };
    let status =
        if backorder.paid { ReservationStatus::Confirmed } else { ReservationStatus::Active };
    let places: Vec<(StockKey, i32)> = rows(ledger, backorder.variant, open).collect();
    let mut reservations = Vec::new();
    for (key, available) in places {
        let quantity = available.min(backorder.waiting);
        if quantity == 0 {
            break;
        }
        let moved = ledger.apply(key, MovementKind::Reserve, quantity, &cause);
        let available_before = moved.unwrap_or_else(|error| panic!("it is free: {error}"));
        if backorder.paid {
            let sold = ledger.apply(key, MovementKind::Confirm, quantity, &cause);
            sold.unwrap_or_else(|error| panic!("it was just reserved: {error}"));
        }
        backorder.waiting -= quantity;
        reservations.push(Reservation {
            order: backorder.order,
            line_no: backorder.line_no,
            key,
            quantity,
            available_before,
            status,
            expires_at: backorder.expires_at,
            created_at: now,
        });
    }
    if backorder.waiting == 0 {
        backorder.status = BackorderStatus::Filled;
    }
    (!reservations.is_empty()).then_some(Given { backorder, reservations })
}
