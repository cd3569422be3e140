//! `POST /api/admin/stocktakes/{id}/counts/csv`

use std::collections::HashMap;

use ::inventory::stocktakes::{self, StocktakeError};
use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::HeaderMap,
};
use kernel::{
    ErrorCode,
    id::{StocktakeId, VariantId},
};
use pg::DbError;
use serde_json::json;

use super::{
    problem::problem,
    resource,
    sheet::{self, SheetLine},
    view::{StocktakeView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{
        Path, Problem,
        body::unreadable,
        csv::{RowError, check_type},
        edit::edit,
        problem::ProblemBody,
    },
};

/// Enters a counting sheet of the caller's: CSV in UTF-8 with the columns `sku` and `counted`, at
/// most 4 MiB. All of it or nothing: `rows` names every row that is wrong, with its line and column,
/// up to a hundred.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/counts/csv", tag = "inventory", operation_id = "import_stocktake_counts",
    params(("id" = StocktakeId, Path)),
    request_body(content = String, content_type = "text/csv", example = "sku,counted\nMUG-WHITE,10\n"),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<StocktakeId>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Tagged, Problem> {
    check_type(&headers)?;
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let lines = sheet::read(&body).map_err(|errors| wrong(&errors))?;
    edit(&state.ids, || perform(&state, &permit, id, &lines)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    lines: &[SheetLine],
) -> Result<Tagged, Problem> {
    let (now, by) = (state.clock.now(), permit.claims().user_id);
    let mut tx = state.db.begin().await?;
    let skus: Vec<String> = lines.iter().map(|line| line.sku.clone()).collect();
    let known = catalog::variants_by_sku(&mut tx, &skus).await?;
    let counts = counts(lines, &known)?;
    let stocktake = match stocktakes::count(&mut tx, id, &counts, by, now).await {
        Ok(stocktake) => stocktake,
        Err(StocktakeError::NotInStocktake(strange)) => {
            return Err(not_there(lines, &known, &strange));
        }
        Err(error) => return Err(problem(&mut tx, error, ("", &[]), now).await),
    };
    let change = Change {
        after: Some(json!({"stocktake": stocktake.name(), "counted_lines": counts.len()})),
        ..Change::default()
    };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&stocktake))
}

/// The counts by variant; every unknown SKU is named.
fn counts(
    lines: &[SheetLine],
    known: &HashMap<String, VariantId>,
) -> Result<Vec<(VariantId, i32)>, Problem> {
    let unknown: Vec<RowError> = lines
        .iter()
        .filter(|line| !known.contains_key(&line.sku))
        .map(|line| RowError::new(line.line, 1, format!("there is no SKU {}", line.sku)))
        .collect();
    if !unknown.is_empty() {
        return Err(wrong(&unknown));
    }
    let count = |line: &SheetLine| known.get(&line.sku).map(|variant| (*variant, line.counted));
    Ok(lines.iter().filter_map(count).collect())
}

fn not_there(
    lines: &[SheetLine],
    known: &HashMap<String, VariantId>,
    strange: &[VariantId],
) -> Problem {
    let is_strange =
        |line: &&SheetLine| known.get(&line.sku).is_some_and(|variant| strange.contains(variant));
    let errors: Vec<RowError> = lines
        .iter()
        .filter(is_strange)
        .map(|line| RowError::new(line.line, 1, format!("{} is not in this stocktake", line.sku)))
        .collect();
    wrong(&errors)
}

/// The problem of a sheet that cannot be taken.
fn wrong(errors: &[RowError]) -> Problem {
    let named = &errors[..errors.len().min(sheet::MISTAKES)];
    Problem::new(ErrorCode::ValidationFailed)
        .detail("nothing was entered: some of the rows are wrong")
        .with("rows", json!(named))
}
