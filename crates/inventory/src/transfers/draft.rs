//! Planning a transfer.

use jiff::Timestamp;
use kernel::{
    Quantity,
    id::{TransferId, UserId, VariantId, WarehouseId},
};
use pg::Connection;

use super::{
    error::TransferError,
    model::{Transfer, TransferLine, TransferMove, TransferStatus},
    sql,
};
use crate::sql as stock_sql;

/// What a transfer is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where the goods leave; a closed warehouse may be emptied so.
    pub from: WarehouseId,
    /// Where they are to arrive: another one, and open.
    pub to: WarehouseId,
    /// Words for the people who pack.
    pub note: String,
    /// What, each variant once; at least one. The caller has made sure that they exist.
    pub lines: Vec<(VariantId, Quantity)>,
}

impl Draft {
    fn lines(&self) -> Vec<TransferLine> {
        let line = |(variant, quantity): &(VariantId, Quantity)| {
            TransferLine::planned(*variant, *quantity)
        };
        let mut lines: Vec<_> = self.lines.iter().map(line).collect();
        lines.sort_by_key(|line| line.variant);
        lines
    }
}

/// Plans a transfer; nothing moves yet.
pub async fn create(
    conn: &mut Connection,
    id: TransferId,
    draft: &Draft,
    created_by: UserId,
    at: Timestamp,
) -> Result<Transfer, TransferError> {
    check_places(conn, draft).await?;
    let mut transfer = Transfer {
        id,
        number: 0,
        from: draft.from,
        to: draft.to,
        status: TransferStatus::Draft,
        version: 1,
        note: draft.note.clone(),
        created_by,
        created_at: at,
        dispatched_at: None,
        closed_at: None,
        lines: draft.lines(),
    };
    transfer.number = sql::insert(conn, &transfer).await?;
    sql::insert_lines(conn, id, &transfer.lines).await?;
    Ok(transfer)
}

/// Makes a draft another plan: all of it. Returns it as it was and as it is.
pub async fn edit(
    conn: &mut Connection,
    id: TransferId,
    expected_version: i64,
    draft: &Draft,
) -> Result<(Transfer, Transfer), TransferError> {
    let before = sql::lock(conn, id).await?.ok_or(TransferError::NotFound)?;
    if before.version != expected_version {
        return Err(TransferError::VersionConflict(before.version));
    }
    let after = Transfer {
        from: draft.from,
        to: draft.to,
        status: before.status.after(TransferMove::Edit)?,
        version: before.version + 1,
        note: draft.note.clone(),
        lines: draft.lines(),
        ..before.clone()
    };
    check_places(conn, draft).await?;
    sql::update(conn, &before, &after).await?;
    sql::delete_lines(conn, id).await?;
    sql::insert_lines(conn, id, &after.lines).await?;
    Ok((before, after))
}

async fn check_places(conn: &mut Connection, draft: &Draft) -> Result<(), TransferError> {
    if !sql::warehouse_exists(conn, draft.from).await? {
        return Err(TransferError::WarehouseNotFound(draft.from));
    }
    if !stock_sql::warehouse_is_active(conn, draft.to).await? {
        return Err(TransferError::WarehouseNotFound(draft.to));
    }
    Ok(())
}
