//! Guards removed on purpose, for the mutation check of `proof` (docs/proof.md). Compiled only with
//! the feature `mutants`, which no normal build has, and on only when the environment asks for one:
//! `OXCART_MUTANT=lost` or `OXCART_MUTANT=double`.

use std::sync::OnceLock;

use kernel::Ids;
use pg::{Db, DbResult, Transaction};
use uuid::Uuid;

use crate::request::PlaceOrder;

fn is(name: &str) -> bool {
    static MUTANT: OnceLock<String> = OnceLock::new();
    MUTANT.get_or_init(|| std::env::var("OXCART_MUTANT").unwrap_or_default()) == name
}

/// `lost`: now and then what a batch wrote is undone before its commit, and answered all the same.
pub(crate) async fn undo(tx: Transaction, db: &Db, ids: &Ids) -> DbResult<Transaction> {
    if !is("lost") || ids.bytes::<1>()[0] >= 13 {
        return Ok(tx);
    }
    drop(tx);
    db.begin().await
}

/// `double`: the client's key is neither looked up nor unique.
pub(crate) fn forget_key(request: PlaceOrder, ids: &Ids) -> PlaceOrder {
    if is("double") {
        return PlaceOrder { key: Uuid::from_bytes(ids.bytes()), ..request };
    }
    request
}
