//! `POST /api/admin/stocktakes/{id}/post`

use ::inventory::{
    Cause, SaveContext,
    stocktakes::{self, LineFilter, StocktakeLine, Verdict},
};
use axum::extract::State;
use kernel::{
    ErrorCode,
    id::{StocktakeId, VariantId},
};
use pg::{Connection, DbError};
use serde_json::{Value, json};

use super::{
    problem::problem,
    resource,
    view::{StocktakeView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Posts it: what differs is adjusted (盤點調整), for this reason, and the rows thaw. What was
/// reviewed is what is posted: another version is refused. A count below what orders were promised
/// refuses the whole.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/post", tag = "inventory", operation_id = "post_stocktake",
    params(
        ("id" = StocktakeId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was reviewed"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `STOCKTAKE_NOT_READY`, `COUNT_BELOW_PROMISED`, `BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<StocktakeId>,
    IfMatch(expected): IfMatch,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, expected, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    expected: i64,
    form: &Reason,
) -> Result<Tagged, Problem> {
    let (now, by) = (state.clock.now(), permit.claims().user_id);
    let cause = Cause { actor: permit.actor(), reference: None, reason: None, at: now };
    let context = SaveContext { clock: &*state.clock, ids: &state.ids };
    let mut tx = state.db.begin().await?;
    check_bundles(&mut tx, id).await?;
    let done = stocktakes::post(&mut tx, id, expected, &form.reason, by, &cause, &context).await;
    let posted = match done {
        Ok(posted) => posted,
        Err(error) => return Err(problem(&mut tx, error, ("", &[]), now).await),
    };
    let stocktake = posted.stocktake;
    let adjusted: Vec<Value> = posted
        .adjusted
        .iter()
        .map(|(variant, by)| json!({"variant_id": variant, "by": by}))
        .collect();
    let change = Change {
        after: Some(json!({"stocktake": stocktake.name(), "adjusted": adjusted})),
        reason: Some(&form.reason),
        ..Change::default()
    };
    permit.record(&mut tx, &resource(&stocktake), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&stocktake))
}

/// Refuses to bring in units of a variant that became a bundle and has no stock any more, whatever
/// somebody counted. The catalogue is asked before any stock row is locked; nobody changes the lines
/// meanwhile without changing the version.
async fn check_bundles(conn: &mut Connection, id: StocktakeId) -> Result<(), Problem> {
    let stocktake = stocktakes::find(conn, id).await?.ok_or(ErrorCode::StocktakeNotFound)?;
    let lines =
        stocktakes::lines(conn, &stocktake, LineFilter::Differing, None, usize::MAX).await?;
    let gains = |line: &StocktakeLine| {
        let verdict = line.verdict(stocktake.counts_required);
        matches!(verdict, Verdict::Counted(units) if line.difference(units) > 0)
    };
    let gaining: Vec<VariantId> =
        lines.iter().filter(|line| gains(line)).map(|line| line.variant).collect();
    let bundles = catalog::hold_stockable(conn, &gaining).await?;
    let named: Vec<&VariantId> = gaining.iter().filter(|it| bundles.contains(*it)).collect();
    if named.is_empty() {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::BundleHasNoStock)
        .detail("units were counted of what has become a bundle; nothing was posted")
        .with("variant_ids", json!(named)))
}
