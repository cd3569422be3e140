//! Opening a stocktake: its rows are frozen.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kernel::id::{StocktakeId, UserId, VariantId, WarehouseId};
use pg::Connection;
use uuid::Uuid;

use super::{
    error::{Held, StocktakeError},
    model::{MAX_LINES, Stocktake, StocktakeStatus, name_of},
    sql,
};
use crate::{
    SaveContext,
    ledger::{Cause, Ledger},
    locks_keys,
    model::{StockKey, StockRow},
};

/// What is to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Where; also a warehouse that is closed.
    pub warehouse: WarehouseId,
    /// What: these variants, each once, also those that never were there. The caller has made sure
    /// that they exist. `None`: whatever the warehouse ever had. At most [`MAX_LINES`].
    pub variants: Option<Vec<VariantId>>,
    /// How many people count each line: 1 or 2.
    pub counts_required: i16,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Words for the people who count.
    pub note: String,
}

/// Opens a stocktake and freezes its rows (BR-007), all or none: a row that another one holds
/// refuses the whole, and so do more than [`MAX_LINES`].
pub async fn open(
    conn: &mut Connection,
    id: StocktakeId,
    opening: &Opening,
    by: UserId,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<Stocktake, StocktakeError> {
    if !sql::warehouse_exists(conn, opening.warehouse).await? {
        return Err(StocktakeError::WarehouseNotFound);
    }
    let keys = keys(conn, opening).await?;
    if opening.variants.is_some() {
        // Goods may lie where the books know of none.
        locks_keys::ensure(conn, &keys).await?;
    }
    let mut ledger = locks_keys::lock(conn, &keys).await?;
    let rows: Vec<StockRow> = keys.iter().filter_map(|key| ledger.row(*key).copied()).collect();
    refuse_held(conn, &rows).await?;
    let mut stocktake = Stocktake {
        id,
        number: 0,
        warehouse: opening.warehouse,
        status: StocktakeStatus::Open,
        counts_required: opening.counts_required,
        note: opening.note.clone(),
        version: 1,
        opened_by: by,
        opened_at: cause.at,
        expires_at: opening.expires_at,
        closed_by: None,
        closed_at: None,
        close_reason: None,
    };
    stocktake.number = sql::insert(conn, &stocktake).await?;
    sql::insert_lines(conn, id, &rows).await?;
    freeze(&mut ledger, &rows, id, cause)?;
    crate::save(conn, ledger, context).await?;
    Ok(stocktake)
}

/// The rows that are to be counted: not none, and not too many.
async fn keys(conn: &mut Connection, opening: &Opening) -> Result<Vec<StockKey>, StocktakeError> {
    let warehouse = opening.warehouse;
    let variants = match &opening.variants {
        Some(variants) => variants.clone(),
        None => sql::variants_in(conn, warehouse).await?,
    };
    match variants.len() {
        0 => Err(StocktakeError::NothingToCount),
        many if many > MAX_LINES => Err(StocktakeError::TooMany(many)),
        _ => Ok(variants.into_iter().map(|variant| StockKey { variant, warehouse }).collect()),
    }
}

fn freeze(
    ledger: &mut Ledger,
    rows: &[StockRow],
    id: StocktakeId,
    cause: &Cause<'_>,
) -> Result<(), StocktakeError> {
    for row in rows {
        ledger.freeze(row.key, id.as_uuid(), cause)?;
    }
    Ok(())
}

/// Names every stocktake that holds any of the rows.
async fn refuse_held(conn: &mut Connection, rows: &[StockRow]) -> Result<(), StocktakeError> {
    let mut held: BTreeMap<Uuid, Vec<VariantId>> = BTreeMap::new();
    for row in rows {
        if let Some(holder) = row.frozen_by {
            held.entry(holder).or_default().push(row.key.variant);
        }
    }
    if held.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = held.keys().copied().collect();
    let numbers = sql::numbers_of(conn, &ids).await?;
    let named = held.into_iter().map(|(stocktake, variants)| {
        let name = numbers.get(&stocktake).map(|number| name_of(*number));
        Held { stocktake, name, variants }
    });
    Err(StocktakeError::Held(named.collect()))
}
