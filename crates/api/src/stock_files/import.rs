//! Taking a file of stock.

use std::collections::{HashMap, HashSet};

use ::inventory::{
    Cause, InventoryError, SaveContext, StockError, StockKey,
    bulk::{self, Refusal, Wish, fulfil},
};
use kernel::id::{VariantId, WarehouseId};
use pg::{Connection, DbResult};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::read::{Sheet, SheetLine};
use crate::kit::csv::RowError;

/// Rows that are worked on at a time.
const BATCH: usize = 2_000;

/// How a file is taken.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Nothing is written: only said what would be.
    pub dry_run: bool,
    /// The good rows are taken although others are wrong.
    pub partial: bool,
    /// The reason of rows that give none.
    pub reason: Option<String>,
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportReport {
    /// The reference of all its movements in the ledger.
    pub import_id: Uuid,
    /// Whether it was, or would be, written.
    pub accepted: bool,
    /// Whether this was only a trial: nothing was written.
    pub dry_run: bool,
    /// Rows in the file.
    pub rows: usize,
    /// Rows that changed something.
    pub changed: usize,
    /// Rows that say what is so already.
    pub unchanged: usize,
    /// Rows that are wrong.
    pub rejected: usize,
    /// What is wrong with them, in the order of the file; at most a thousand.
    pub errors: Vec<RowError>,
}

/// Does what a file says, in the transaction of the caller, who commits it if the report says
/// `accepted` and it was no trial. The rows are locked in their order; the whole file stands or
/// falls unless the rules say otherwise.
pub async fn import(
    conn: &mut Connection,
    mut sheet: Sheet,
    rules: &Rules,
    import_id: Uuid,
    cause: &Cause<'_>,
    context: &SaveContext<'_>,
) -> Result<ImportReport, InventoryError> {
    let lines = std::mem::take(&mut sheet.lines);
    let rows = lines.len() + sheet.rejected;
    let mut wishes = wishes(conn, &mut sheet, lines, rules).await?;
    wishes.sort_unstable_by_key(|(_, wish)| wish.key);
    let cause = Cause { reference: Some(import_id), ..*cause };
    let (mut changed, mut unchanged) = (0, 0);
    let all: Vec<Wish> = wishes.iter().map(|(_, wish)| wish.clone()).collect();
    bulk::lock(conn, &all).await?;
    for batch in wishes.chunks(BATCH) {
        let (numbers, batch): (Vec<u64>, Vec<Wish>) = batch.iter().cloned().unzip();
        let answers = fulfil(conn, &batch, &cause, context).await?;
        for (line, answer) in numbers.into_iter().zip(answers) {
            match answer {
                Ok(true) => changed += 1,
                Ok(false) => unchanged += 1,
                Err(refusal) => {
                    let column = sheet.places[2];
                    sheet.reject(line, column, said(refusal));
                }
            }
        }
    }
    sheet.errors.sort_by_key(|error| (error.line, error.column));
    Ok(ImportReport {
        import_id,
        accepted: sheet.rejected == 0 || (rules.partial && !sheet.unusable),
        dry_run: rules.dry_run,
        rows,
        changed,
        unchanged,
        rejected: sheet.rejected,
        errors: sheet.errors,
    })
}

fn said(refusal: Refusal) -> String {
    match refusal.error {
        StockError::NotEnough => {
            format!("only {} are available to be taken; the rest is promised", refusal.available)
        }
        StockError::Frozen => "a stocktake holds the stock".into(),
        StockError::TooLarge => "the balance would be too large".into(),
        error => error.to_string(),
    }
}

/// The rows as wishes, with their lines; those that cannot be are noted in the sheet.
async fn wishes(
    conn: &mut Connection,
    sheet: &mut Sheet,
    lines: Vec<SheetLine>,
    rules: &Rules,
) -> DbResult<Vec<(u64, Wish)>> {
    let known = variants(conn, &lines).await?;
    let ids: Vec<VariantId> = known.values().copied().collect();
    let bundles = catalog::hold_stockable(conn, &ids).await?;
    let warehouses = ::inventory::warehouses(conn).await?;
    let warehouses: HashMap<String, WarehouseId> =
        warehouses.into_iter().map(|it| (it.code, it.id)).collect();
    let mut seen: HashMap<StockKey, u64> = HashMap::new();
    let mut wishes = Vec::with_capacity(lines.len());
    for line in lines {
        match wish(&line, (&known, &bundles, &warehouses), &mut seen, rules) {
            Ok(wish) => wishes.push((line.line, wish)),
            Err((place, detail)) => {
                let column = sheet.places[place];
                sheet.reject(line.line, column, detail);
            }
        }
    }
    Ok(wishes)
}

async fn variants(
    conn: &mut Connection,
    lines: &[SheetLine],
) -> DbResult<HashMap<String, VariantId>> {
    let skus: HashSet<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
    catalog::variants_by_sku(conn, &skus).await
}

type Known<'a> =
    (&'a HashMap<String, VariantId>, &'a HashSet<VariantId>, &'a HashMap<String, WarehouseId>);

/// What a row asks for, or which of its places is wrong and why.
fn wish(
    line: &SheetLine,
    (variants, bundles, warehouses): Known<'_>,
    seen: &mut HashMap<StockKey, u64>,
    rules: &Rules,
) -> Result<Wish, (usize, String)> {
    let (sku, code) = (&line.sku, &line.warehouse);
    let variant = *variants.get(sku).ok_or_else(|| (0, format!("there is no SKU {sku}")))?;
    if bundles.contains(&variant) {
        return Err((0, format!("{sku} is a bundle and has no stock of its own")));
    }
    let warehouse =
        *warehouses.get(code).ok_or_else(|| (1, format!("there is no warehouse {code}")))?;
    let key = StockKey { variant, warehouse };
    if let Some(before) = seen.insert(key, line.line) {
        return Err((0, format!("is in line {before} already")));
    }
    let reason = line.reason.as_ref().or(rules.reason.as_ref()).cloned();
    let asks = line.units.is_some() || line.safety_stock.is_some();
    if asks && reason.is_none() {
        return Err((2, "has no reason: give one in a column `reason`, or for the file".into()));
    }
    Ok(Wish { key, units: line.units, safety_stock: line.safety_stock, reason })
}
