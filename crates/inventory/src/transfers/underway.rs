//! Goods leave, arrive, get lost, go back. Each is one transaction of the caller's; on an error it
//! rolls back.

use kernel::{
    Quantity,
    id::{TransferId, VariantId, WarehouseId},
};
use pg::Connection;

use super::{
    error::TransferError,
    model::{Transfer, TransferStatus},
    sql,
};
use crate::{
    SaveContext,
    ledger::{Cause, Ledger},
    locks_keys,
    model::StockKey,
    sql as stock_sql,
};

/// The goods leave (調撥出庫): all lines or none. `expected` is the version that the caller has seen,
/// if it cares. Returns the transfer as it was and as it is.
pub async fn dispatch(
    conn: &mut Connection,
    id: TransferId,
    expected: Option<i64>,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(Transfer, Transfer), TransferError> {
    let before = lock(conn, id, expected).await?;
    if before.status == TransferStatus::Draft
        && !stock_sql::warehouse_is_active(conn, before.to).await?
    {
        return Err(TransferError::WarehouseNotFound(before.to));
    }
    let mut ledger = lock_rows(conn, &before, before.from).await?;
    let after = before.dispatch(&mut ledger, &named(cause, id))?;
    save(conn, &before, &after, ledger, context).await?;
    Ok((before, after))
}

/// Goods arrive (調撥入庫): as much of them as is said. What was sent to a warehouse that was closed
/// meanwhile may still arrive there.
pub async fn receive(
    conn: &mut Connection,
    id: TransferId,
    expected: Option<i64>,
    arrived: &[(VariantId, Quantity)],
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(Transfer, Transfer), TransferError> {
    let before = lock(conn, id, expected).await?;
    let mut ledger = rows_to_fill(conn, &before, before.to).await?;
    let after = before.receive(&mut ledger, arrived, &named(cause, id))?;
    save(conn, &before, &after, ledger, context).await?;
    Ok((before, after))
}

/// What has not arrived is lost, for this reason.
pub async fn close(
    conn: &mut Connection,
    id: TransferId,
    expected: Option<i64>,
    reason: &str,
    at: jiff::Timestamp,
    context: &SaveContext<'_>,
) -> Result<(Transfer, Transfer), TransferError> {
    let before = lock(conn, id, expected).await?;
    let after = before.close(reason, at)?;
    save(conn, &before, &after, Ledger::default(), context).await?;
    Ok((before, after))
}

/// It is not to be. A draft has moved nothing; what is on the way goes back to where it came from.
pub async fn cancel(
    conn: &mut Connection,
    id: TransferId,
    expected: Option<i64>,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<(Transfer, Transfer), TransferError> {
    let before = lock(conn, id, expected).await?;
    let mut ledger = if before.is_under_way() {
        rows_to_fill(conn, &before, before.from).await?
    } else {
        Ledger::default()
    };
    let after = before.cancel(&mut ledger, &named(cause, id))?;
    save(conn, &before, &after, ledger, context).await?;
    Ok((before, after))
}

async fn lock(
    conn: &mut Connection,
    id: TransferId,
    expected: Option<i64>,
) -> Result<Transfer, TransferError> {
    let transfer = sql::lock(conn, id).await?.ok_or(TransferError::NotFound)?;
    match expected {
        Some(expected) if expected != transfer.version => {
            Err(TransferError::VersionConflict(transfer.version))
        }
        _ => Ok(transfer),
    }
}

fn keys(transfer: &Transfer, warehouse: WarehouseId) -> Vec<StockKey> {
    transfer.lines.iter().map(|line| transfer.key(warehouse, line)).collect()
}

async fn lock_rows(
    conn: &mut Connection,
    transfer: &Transfer,
    warehouse: WarehouseId,
) -> Result<Ledger, TransferError> {
    Ok(locks_keys::lock(conn, &keys(transfer, warehouse)).await?)
}

/// The rows, which are made where there were none: the goods may be the first of their kind there.
async fn rows_to_fill(
    conn: &mut Connection,
    transfer: &Transfer,
    warehouse: WarehouseId,
) -> Result<Ledger, TransferError> {
    if transfer.is_under_way() {
        locks_keys::ensure(conn, &keys(transfer, warehouse)).await?;
    }
    lock_rows(conn, transfer, warehouse).await
}

/// Movements of a transfer name it.
fn named<'a>(cause: &Cause<'a>, id: TransferId) -> Cause<'a> {
    Cause { reference: Some(id.as_uuid()), ..*cause }
}

async fn save(
    conn: &mut Connection,
    before: &Transfer,
    after: &Transfer,
    ledger: Ledger,
    context: &SaveContext<'_>,
) -> Result<(), TransferError> {
    sql::update(conn, before, after).await?;
    sql::update_lines(conn, after.id, &after.lines).await?;
    Ok(crate::save(conn, ledger, context).await?)
}
