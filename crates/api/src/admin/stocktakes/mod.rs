//! Stocktakes 盤點: counting what lies in a warehouse, while nothing may be taken from it.

pub mod cancel;
pub mod count;
pub mod count_csv;
pub mod decide;
pub mod detail;
pub mod extend;
pub mod lines;
pub mod list;
pub mod open;
pub mod post;
mod problem;
pub mod recount;
pub mod sheet;
pub mod skip;
pub mod submit;
pub mod thaw;
pub mod view;

use ::access::{Kind, Resource};
use ::inventory::stocktakes::{Stocktake, StocktakeError};
use axum::extract::DefaultBodyLimit;
use jiff::Timestamp;
use kernel::id::VariantId;
use pg::{DbError, Transaction};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    problem::problem,
    view::{Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::Problem,
};

/// The largest counting sheet: some hundred thousand lines.
const SHEET_LIMIT: usize = 4 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    let sheets = OpenApiRouter::new()
        .routes(routes!(count_csv::handler))
        .layer(DefaultBodyLimit::max(SHEET_LIMIT));
    OpenApiRouter::new()
        .routes(routes!(list::handler, open::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(lines::handler))
        .routes(routes!(count::handler))
        .merge(sheets)
        .routes(routes!(skip::handler))
        .routes(routes!(submit::handler))
        .routes(routes!(recount::handler))
        .routes(routes!(decide::handler))
        .routes(routes!(post::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(extend::handler))
        .routes(routes!(thaw::handler))
}

/// A stocktake in the words of the policies: it belongs to whoever opened it.
fn resource(stocktake: &Stocktake) -> Resource {
    Resource::one(Kind::Stock, stocktake.id)
        .owned_by(Some(stocktake.opened_by))
        .with_status(stocktake.status.as_str())
}

/// A stocktake in the words of the audit log.
fn on_record(stocktake: &Stocktake) -> Value {
    json!({
        "stocktake": stocktake.name(), "warehouse_id": stocktake.warehouse,
        "status": stocktake.status, "expires_at": stocktake.expires_at,
    })
}

/// The end of every change of a stocktake: the problem it was refused with, or it is put on record,
/// committed and shown. `sent` is the variants of the body and what they were called there, where
/// there were any; `after` says what it is in the audit log.
async fn conclude(
    mut tx: Transaction,
    permit: &Permit,
    done: Result<Stocktake, StocktakeError>,
    sent: (&str, &[VariantId]),
    (after, reason): (impl FnOnce(&Stocktake) -> Value, Option<&str>),
    now: Timestamp,
) -> Result<Tagged, Problem> {
    let stocktake = match done {
        Ok(stocktake) => stocktake,
        Err(error) => return Err(problem(&mut tx, error, sent, now).await),
    };
    let change = Change { after: Some(after(&stocktake)), reason, ..Change::default() };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&stocktake))
}
