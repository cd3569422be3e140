//! A guard removed on purpose, for the mutation check of `proof` (docs/proof.md): with
//! `OXCART_MUTANT=oversell` stock rows are read without being locked, and written over whatever
//! others wrote meanwhile. Compiled only with the feature `mutants`, which no normal build has.

use std::sync::OnceLock;

use kernel::id::VariantId;
use pg::{Connection, DbResult};

use crate::{ledger::Ledger, locks, model::StockKey};

/// Whether the guard is removed.
pub(crate) fn is_on() -> bool {
    static ON: OnceLock<bool> = OnceLock::new();
    *ON.get_or_init(|| std::env::var("OXCART_MUTANT").is_ok_and(|mutant| mutant == "oversell"))
}

/// Reads the rows, and lets go of their locks before anything is decided.
pub(crate) async fn read(conn: &mut Connection, variants: &[VariantId]) -> DbResult<Ledger> {
    sqlx::query("SAVEPOINT unguarded").execute(&mut *conn).await?;
    let ledger = locks::lock_variants(conn, variants).await?;
    sqlx::query("ROLLBACK TO SAVEPOINT unguarded").execute(conn).await?;
    Ok(ledger)
}

/// Makes the ledger go on from what the rows are now, so that the guarded write passes.
pub(crate) async fn overlook(conn: &mut Connection, mut ledger: Ledger) -> DbResult<Ledger> {
    if !is_on() {
        return Ok(ledger);
    }
    let changed: Vec<StockKey> = ledger.changed().map(|entry| entry.row.key).collect();
    for key in changed {
        let version: i64 = sqlx::query_scalar(
            "SELECT version FROM inventory.stock
              WHERE shard = $1 AND variant_id = $2 AND warehouse_id = $3 FOR UPDATE",
        )
        .bind(key.variant.shard().to_i16())
        .bind(key.variant.as_uuid())
        .bind(key.warehouse.as_uuid())
        .fetch_one(&mut *conn)
        .await?;
        ledger.renumber(key, version);
    }
    Ok(ledger)
}
