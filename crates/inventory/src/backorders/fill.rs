//! What comes in goes to who waits, the oldest first.

use std::collections::BTreeMap;

use kernel::{
    Actor,
    id::{VariantId, WarehouseId},
};
use pg::{Connection, DbResult};

use super::{Backorder, BackorderStatus, Count, sql};
use crate::{
    SaveContext,
    ledger::{Cause, Ledger},
    locks_keys,
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
    serve(conn, ledger, &queues, &open, context).await
}

/// Gives what lies in a warehouse that this transaction has opened to those who wait for it, before
/// anybody new can take it. The warehouse's row is locked. `false`, and nothing was done, when other
/// goods came to lie there while this waited for the queues: then all is to be done again.
pub(crate) async fn fill_opened(
    conn: &mut Connection,
    warehouse: WarehouseId,
    context: &SaveContext<'_>,
) -> DbResult<bool> {
    let variants = sql::queued(conn).await?;
    let key = |variant: &VariantId| StockKey { variant: *variant, warehouse };
    let keys: Vec<StockKey> = variants.iter().map(key).collect();
    let mut ledger = locks_keys::lock(conn, &keys).await?;
    // Whoever joins a queue, or brings in units of what is waited for, locks the queue as well: they
    // have been, and it shows; or come later, and see the warehouse open.
    let queues = sql::lock_known(conn, &variants).await?;
    let rows = sql::rows_among(conn, &keys).await?;
    let known = keys.iter().filter(|key| ledger.row(**key).is_some()).count();
    if usize::try_from(rows) != Ok(known) {
        return Ok(false);
    }
    serve(conn, &mut ledger, &queues, &[warehouse], context).await?;
    crate::save(conn, ledger, context).await?;
    Ok(true)
}

/// Gives what is free in these warehouses to those who wait in locked queues.
async fn serve(
    conn: &mut Connection,
    ledger: &mut Ledger,
    queues: &BTreeMap<VariantId, Count>,
    open: &[WarehouseId],
    context: &SaveContext<'_>,
) -> DbResult<()> {
    let mut given = Vec::new();
    for (variant, _) in queues.iter().filter(|(_, count)| count.waiting > 0) {
        let free: i64 = rows(ledger, *variant, open).map(|(_, units)| i64::from(units)).sum();
        if free == 0 {
            continue;
        }
        for waiting in sql::queue(conn, *variant, 0, free).await? {
            given.extend(give(ledger, waiting, open, context));
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
