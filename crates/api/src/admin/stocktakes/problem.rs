//! From the module's refusals to problems.

use std::collections::HashMap;

use ::inventory::{
    StockError,
    stocktakes::{BelowPromised, MAX_LINES, StocktakeError},
};
use jiff::Timestamp;
use kernel::{ErrorCode, id::VariantId};
use pg::{Connection, DbResult};
use serde_json::{Value, json};

use crate::kit::{FieldError, Problem};

/// The most lines that a problem names.
const NAMED: usize = 100;

/// The problem a change of a stocktake was refused with. `sent` is the variants of the body, where
/// there were any, and `list` what they were called there.
pub async fn problem(
    conn: &mut Connection,
    error: StocktakeError,
    (list, sent): (&str, &[VariantId]),
    now: Timestamp,
) -> Problem {
    match error {
        StocktakeError::NotFound => ErrorCode::StocktakeNotFound.into(),
        StocktakeError::WarehouseNotFound => Problem::new(ErrorCode::WarehouseNotFound)
            .field("/warehouse_id", "there is no such warehouse"),
        StocktakeError::NothingToCount => Problem::new(ErrorCode::ValidationFailed)
            .field("/warehouse_id", "never had anything: name the variants that are to be counted"),
        StocktakeError::TooMany(rows) => {
            let detail = format!(
                "has {rows} rows, and one stocktake counts at most {MAX_LINES}: name the variants \
                 that are to be counted"
            );
            Problem::new(ErrorCode::ValidationFailed).field("/warehouse_id", detail)
        }
        StocktakeError::Held(held) => {
            let stocktakes: Vec<Value> = held
                .iter()
                .map(|it| {
                    json!({
                        "id": it.stocktake, "number": it.name,
                        "variant_ids": it.variants.iter().take(NAMED).collect::<Vec<_>>(),
                    })
                })
                .collect();
            Problem::new(ErrorCode::StockFrozen)
                .detail("another stocktake holds some of the stock; nothing was opened")
                .with("stocktakes", stocktakes)
        }
        StocktakeError::InvalidMove(invalid) => Problem::new(ErrorCode::InvalidTransition)
            .detail(invalid.to_string())
            .with("current_status", invalid.from.as_str()),
        StocktakeError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        StocktakeError::NotInStocktake(strange) => {
            let fields = strange.iter().take(NAMED).map(|variant| FieldError {
                pointer: place(list, sent, *variant),
                detail: "is not in this stocktake".to_owned(),
            });
            Problem::new(ErrorCode::ValidationFailed).fields(fields)
        }
        StocktakeError::NotReady { missing, disagreed } => not_ready(&missing, &disagreed),
        StocktakeError::BelowPromised(below) => match below_promised(conn, &below, now).await {
            Ok(problem) => problem,
            Err(error) => error.into(),
        },
        StocktakeError::NothingToDecide => Problem::new(ErrorCode::InvalidTransition)
            .detail("the counts of this line do not disagree: there is nothing to decide"),
        StocktakeError::Stock(StockError::TooLarge) => {
            Problem::new(ErrorCode::ValidationFailed).detail("the balance would be too large")
        }
        StocktakeError::Stock(error) => Problem::internal(&error),
        StocktakeError::Db(error) => error.into(),
    }
}

fn place(list: &str, sent: &[VariantId], variant: VariantId) -> String {
    let index = sent.iter().position(|it| *it == variant).unwrap_or_default();
    match list {
        "variant_ids" => format!("/variant_ids/{index}"),
        "variant_id" => "/variant_id".to_owned(),
        list => format!("/{list}/{index}/variant_id"),
    }
}

fn not_ready(missing: &[VariantId], disagreed: &[VariantId]) -> Problem {
    let detail = format!(
        "{} lines are not counted by enough people, and {} were counted differently",
        missing.len(),
        disagreed.len()
    );
    let named = |variants: &[VariantId]| json!(variants.iter().take(NAMED).collect::<Vec<_>>());
    Problem::new(ErrorCode::StocktakeNotReady)
        .detail(detail)
        .with("missing", named(missing))
        .with("disagreed", named(disagreed))
}

async fn below_promised(
    conn: &mut Connection,
    below: &[BelowPromised],
    now: Timestamp,
) -> DbResult<Problem> {
    let below = &below[..below.len().min(NAMED)];
    let variants: Vec<VariantId> = below.iter().map(|it| it.variant).collect();
    let skus: HashMap<VariantId, String> = catalog::offers(conn, &variants, now)
        .await?
        .into_iter()
        .map(|(variant, offer)| (variant, offer.sku.to_string()))
        .collect();
    let lines: Vec<Value> = below
        .iter()
        .map(|it| {
            json!({
                "variant_id": it.variant, "sku": skus.get(&it.variant), "counted": it.counted,
                "promised": it.promised, "missing": it.promised - it.counted,
            })
        })
        .collect();
    Ok(Problem::new(ErrorCode::CountBelowPromised)
        .detail(
            "nothing was posted: look for the missing units and count again, cancel or refund \
             orders until no more is promised than was counted, or skip the line with a reason",
        )
        .with("lines", lines))
}
