//! From the module's refusals to problems.

use std::collections::HashMap;

use ::inventory::{StockError, transfers::TransferError};
use jiff::Timestamp;
use kernel::{ErrorCode, id::VariantId};
use pg::Connection;
use serde_json::json;

use super::form::{MovedUnits, place};
use crate::kit::{FieldError, Problem};

/// The problem a change of a transfer was refused with. `lines` is what was sent, where something
/// was.
pub async fn problem(
    conn: &mut Connection,
    error: TransferError,
    lines: &[MovedUnits],
    now: Timestamp,
) -> Problem {
    match error {
        TransferError::NotFound => ErrorCode::TransferNotFound.into(),
        TransferError::WarehouseNotFound(id) => Problem::new(ErrorCode::WarehouseNotFound)
            .detail(format!("there is no warehouse {id}, or it is closed and takes in nothing")),
        TransferError::InvalidMove(invalid) => Problem::new(ErrorCode::InvalidTransition)
            .detail(invalid.to_string())
            .with("current_status", invalid.from.as_str()),
        TransferError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        TransferError::Shortage(short) => {
            let variants: Vec<VariantId> = short.iter().map(|it| it.variant).collect();
            let skus = match skus(conn, &variants, now).await {
                Ok(skus) => skus,
                Err(problem) => return problem,
            };
            let shortages: Vec<_> = short
                .iter()
                .map(|it| {
                    json!({
                        "variant_id": it.variant, "sku": skus.get(&it.variant),
                        "requested": it.requested, "available": it.available,
                    })
                })
                .collect();
            Problem::new(ErrorCode::InventoryShortage)
                .detail("the warehouse has less available than is to be sent; nothing was sent")
                .with("shortages", shortages)
        }
        TransferError::Frozen(variants) => Problem::new(ErrorCode::StockFrozen)
            .detail("a stocktake holds the stock: it neither leaves nor takes in anything")
            .with("variant_ids", json!(variants)),
        TransferError::Excess(excess) => {
            let fields = excess.iter().map(|it| FieldError {
                pointer: place(lines, it.variant, "quantity"),
                detail: format!("{} on the way", it.in_transit),
            });
            Problem::new(ErrorCode::ValidationFailed).fields(fields)
        }
        TransferError::Stock(StockError::TooLarge) => {
            Problem::new(ErrorCode::ValidationFailed).detail("the balance would be too large")
        }
        TransferError::Stock(error) => Problem::internal(&error),
        TransferError::Db(error) => error.into(),
    }
}

async fn skus(
    conn: &mut Connection,
    variants: &[VariantId],
    now: Timestamp,
) -> Result<HashMap<VariantId, String>, Problem> {
    let offers = catalog::offers(conn, variants, now).await?;
    Ok(offers.into_iter().map(|(variant, offer)| (variant, offer.sku.to_string())).collect())
}
