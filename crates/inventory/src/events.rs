//! The events this module publishes: its contract with the world. One event a stock row and kind
//! and transaction, however many orders the transaction holds.

use std::collections::BTreeMap;

use kernel::id::{VariantId, WarehouseId};
use outbox::NewEvent;
use serde::Serialize;

use crate::{
    SaveContext,
    ledger::Ledger,
    model::{MovementKind, StockKey, StockRow},
};

/// Units were promised to orders.
pub const RESERVED: &str = "inventory.reserved";
/// Promised units are free again.
pub const RELEASED: &str = "inventory.released";
/// Promised units are sold.
pub const DEDUCTED: &str = "inventory.deducted";
/// Units arrived, left, came back or were corrected.
pub const ADJUSTED: &str = "inventory.adjusted";
/// Available fell below the safety stock (BR-005), once a crossing.
pub const LOW_STOCK: &str = "inventory.low_stock";

/// Units that moved. Data of `inventory.reserved`, `inventory.released`, `inventory.deducted` and
/// `inventory.adjusted`.
#[derive(Serialize)]
struct Moved {
    variant_id: VariantId,
    warehouse_id: WarehouseId,
    quantity: i64,
    /// Afterwards.
    available: i32,
    /// Afterwards.
    version: i64,
}

/// Data of `inventory.low_stock`.
#[derive(Serialize)]
struct LowStock {
    variant_id: VariantId,
    warehouse_id: WarehouseId,
    available: i32,
    safety_stock: i32,
}

/// What a ledger's movements mean to the world.
pub(crate) fn of(ledger: &Ledger, context: &SaveContext<'_>) -> Vec<NewEvent> {
    let mut sums: BTreeMap<(StockKey, &'static str), i64> = BTreeMap::new();
    for movement in ledger.movements() {
        let (kind, units) = match movement.kind {
            MovementKind::Reserve => (RESERVED, movement.delta.reserved),
            MovementKind::Release => (RELEASED, movement.delta.available),
            MovementKind::Confirm => (DEDUCTED, movement.delta.sold),
            MovementKind::Receive
            | MovementKind::Ship
            | MovementKind::Return
            | MovementKind::Adjust
            | MovementKind::TransferOut
            | MovementKind::TransferIn => (ADJUSTED, movement.delta.total),
            MovementKind::Freeze | MovementKind::Thaw | MovementKind::SafetyStock => continue,
        };
        *sums.entry((movement.key, kind)).or_default() += i64::from(units);
    }
    let mut events: Vec<_> = sums
        .into_iter()
        .filter_map(|((key, kind), quantity)| {
            let row = ledger.row(key)?;
            let data = Moved {
                variant_id: key.variant,
                warehouse_id: key.warehouse,
                quantity,
                available: row.balance.available,
                version: row.version,
            };
            Some(event(kind, key, &data, context))
        })
        .collect();
    for entry in ledger.changed() {
        if !is_low(&entry.before) && is_low(&entry.row) {
            let row = &entry.row;
            let data = LowStock {
                variant_id: row.key.variant,
                warehouse_id: row.key.warehouse,
                available: row.balance.available,
                safety_stock: row.safety_stock,
            };
            events.push(event(LOW_STOCK, row.key, &data, context));
        }
    }
    events
}

/// A row falls low when units go or when its level is raised over what is available.
const fn is_low(row: &StockRow) -> bool {
    row.balance.available < row.safety_stock
}

fn event(
    kind: &'static str,
    key: StockKey,
    data: &impl Serialize,
    context: &SaveContext<'_>,
) -> NewEvent {
    let (shard, subject) = (key.variant.shard(), key.variant.as_uuid());
    NewEvent::new(kind, shard, subject, data, context.clock, context.ids)
}
