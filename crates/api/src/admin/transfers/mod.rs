//! Transfers 調撥: goods on their way from one warehouse to another.

pub mod cancel;
pub mod close;
pub mod create;
pub mod detail;
pub mod dispatch;
pub mod edit;
pub mod form;
pub mod list;
mod problem;
pub mod receive;
pub mod suggest;
pub mod suggestions;
pub mod view;

use ::access::{Kind, Resource};
use ::inventory::transfers::{Transfer, TransferError};
use jiff::Timestamp;
use pg::{DbError, Transaction};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{
    form::MovedUnits,
    problem::problem,
    view::{Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::Problem,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(suggestions::handler))
        .routes(routes!(suggest::handler))
        .routes(routes!(detail::handler, edit::handler))
        .routes(routes!(dispatch::handler))
        .routes(routes!(receive::handler))
        .routes(routes!(close::handler))
        .routes(routes!(cancel::handler))
}

/// A transfer in the words of the policies.
fn resource(transfer: &Transfer) -> Resource {
    Resource::one(Kind::Stock, transfer.id).with_status(transfer.status.as_str())
}

/// A transfer in the words of the audit log.
fn on_record(transfer: &Transfer) -> Value {
    let lines: Vec<Value> = transfer
        .lines
        .iter()
        .map(|line| {
            json!({
                "variant_id": line.variant, "quantity": line.quantity, "sent": line.sent,
                "received": line.received, "returned": line.returned, "lost": line.lost,
            })
        })
        .collect();
    json!({
        "transfer": transfer.name(), "status": transfer.status,
        "from_warehouse_id": transfer.from, "to_warehouse_id": transfer.to, "lines": lines,
    })
}

/// The end of every change of a transfer: the problem it was refused with, or it is put on record,
/// committed and shown. `lines` is what the body said of lines, where it said anything.
async fn conclude(
    mut tx: Transaction,
    permit: &Permit,
    done: Result<(Transfer, Transfer), TransferError>,
    (lines, reason): (&[MovedUnits], Option<&str>),
    now: Timestamp,
) -> Result<Tagged, Problem> {
    let (before, after) = match done {
        Ok(done) => done,
        Err(error) => return Err(problem(&mut tx, error, lines, now).await),
    };
    let change =
        Change { before: Some(on_record(&before)), after: Some(on_record(&after)), reason };
    permit.record(&mut tx, &resource(&after), change).await?;
    let answer = tagged(&mut tx, &after, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(answer)
}
