//! `POST /api/admin/stocktakes/{id}/counts`

use std::collections::HashSet;

use ::inventory::stocktakes::{self, Stocktake};
use axum::extract::State;
use garde::Validate;
use kernel::{
    ErrorCode,
    id::{StocktakeId, VariantId},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    conclude,
    sheet::COUNTED_MAX,
    view::{StocktakeView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// What somebody counted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Each variant once.
    #[garde(length(min = 1, max = 500), dive)]
    #[schema(min_items = 1, max_items = 500)]
    pub counts: Vec<Counted>,
}

/// Units of a variant that are there.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// The variant.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many, in good order and where they belong; also those that are promised to orders.
    #[garde(range(min = 0, max = COUNTED_MAX))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub counted: i32,
}

/// Enters what the caller counted. Somebody who counts a line again corrects themselves; another person
/// counts it a second time.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/counts", tag = "inventory", operation_id = "count_stocktake",
    params(("id" = StocktakeId, Path)),
    request_body = Counts,
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
    kit::Json(form): kit::Json<Counts>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    form: &Counts,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let counts: Vec<(VariantId, i32)> =
        form.counts.iter().map(|it| (it.variant_id, it.counted)).collect();
    let sent = each_once(&counts)?;
    let by = permit.claims().user_id;
    let done = stocktakes::count(&mut tx, id, &counts, by, now).await;
    let after = |it: &Stocktake| json!({"stocktake": it.name(), "counts": on_sheet(&counts)});
    conclude(tx, permit, done, ("counts", &sent), (after, None), now).await
}

/// The variants, if each comes once.
fn each_once(counts: &[(VariantId, i32)]) -> Result<Vec<VariantId>, Problem> {
    let variants: Vec<VariantId> = counts.iter().map(|(variant, _)| *variant).collect();
    let mut seen = HashSet::new();
    match variants.iter().position(|variant| !seen.insert(*variant)) {
        None => Ok(variants),
        Some(index) => Err(Problem::new(ErrorCode::ValidationFailed)
            .field(format!("/counts/{index}/variant_id"), "appears twice")),
    }
}

/// Counts in the words of the audit log.
fn on_sheet(counts: &[(VariantId, i32)]) -> Value {
    counts
        .iter()
        .map(|(variant, counted)| json!({"variant_id": variant, "counted": counted}))
        .collect()
}
