//! `POST /api/admin/inventory/import`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use ::access::{Kind, Resource};
use ::inventory::{Cause, InventoryError, SaveContext};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use futures::StreamExt as _;
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, Query, csv::check_type, edit::edit, problem::ProblemBody},
    stock_files::{self, ImportReport, Reader, Rules, Sheet},
};

/// How the file is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// Write nothing; only say what would become of it.
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
    /// Take the good rows although others are wrong.
    #[serde(default)]
    #[param(required = false)]
    partial: bool,
    /// Why, for the rows that do not say so themselves.
    #[param(min_length = 1, max_length = 200)]
    reason: Option<String>,
}

/// Takes a file of stock: CSV in UTF-8, at most 16 MiB and 100,000 rows. The first line names the
/// columns: `sku`, `warehouse` (its code), and `total` (so many lie there, promised or not; the
/// difference is adjusted) or `by` (so many more are available; negative: fewer), `safety_stock`,
/// `reason`; empty cells leave things as they are, and the other columns of an export are passed
/// over. All of it or nothing, unless `partial`; nothing in any case of a file that cannot be
/// understood as a whole. `rows` of the problem names each bad row with its line and column, up to a
/// thousand, and `rejected` counts them.
#[utoipa::path(
    post, path = "/api/admin/inventory/import", tag = "inventory", operation_id = "import_inventory",
    params(ImportParams),
    request_body(content = String, content_type = "text/csv", example = "sku,warehouse,total,reason\nMUG-WHITE,TPE,10,counted\n"),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ImportReport),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Query(params): Query<ImportParams>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportReport>, Problem> {
    check_type(&headers)?;
    let reason = params.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > 200) {
        let problem = Problem::new(ErrorCode::ValidationFailed);
        return Err(problem.field("#reason", "has at most 200 characters"));
    }
    let rules = Rules {
        dry_run: params.dry_run,
        partial: params.partial,
        reason: reason.map(str::to_owned),
    };
    let sheet = receive(body).await?;
    let report = edit(&state.ids, || take(&state, &permit, sheet.clone(), &rules)).await?;
    Ok(Json(report))
}

async fn take(
    state: &AppState,
    permit: &Permit,
    sheet: Sheet,
    rules: &Rules,
) -> Result<ImportReport, Problem> {
    let now = state.clock.now();
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let import_id = state.ids.next::<Uuid>(&*state.clock);
    let unusable = sheet.unusable;
    let mut tx = state.db.begin().await?;
    let report = stock_files::import(&mut tx, sheet, rules, import_id, &cause, &context)
        .await
        .map_err(problem)?;
    if !report.accepted && (unusable || !report.dry_run) {
        return Err(wrong(&report));
    }
    if report.dry_run {
        tx.rollback().await.map_err(DbError::from)?;
        return Ok(report);
    }
    let change = Change {
        after: Some(json!({
            "import_id": report.import_id, "changed": report.changed,
            "unchanged": report.unchanged, "rejected": report.rejected,
        })),
        reason: rules.reason.as_deref(),
        ..Change::default()
    };
    permit.record(&mut tx, &Resource::any(Kind::Stock), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(report)
}

/// Reads the file as it arrives; the limit is this route's own.
async fn receive(body: Body) -> Result<Sheet, Problem> {
    let (mut reader, mut size) = (Reader::default(), 0);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let broken = Problem::new(ErrorCode::MalformedRequest);
        let piece = piece.map_err(|_| broken.detail("the body could not be received"))?;
        size += piece.len();
        if size > stock_files::MAX_BYTES {
            return Err(ErrorCode::PayloadTooLarge.into());
        }
        reader.push(&piece);
    }
    Ok(reader.finish())
}

/// The problem of a file of which nothing was taken.
fn wrong(report: &ImportReport) -> Problem {
    Problem::new(ErrorCode::ValidationFailed)
        .detail("nothing was changed: some of the rows are wrong")
        .with("rejected", report.rejected)
        .with("rows", json!(report.errors))
}

fn problem(error: InventoryError) -> Problem {
    match error {
        InventoryError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}
