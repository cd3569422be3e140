//! `POST /api/admin/stocktakes/{id}/skip`

use std::collections::HashSet;

use ::inventory::stocktakes::{self, Stocktake};
use axum::extract::State;
use garde::Validate;
use kernel::{
    ErrorCode,
    id::{StocktakeId, VariantId},
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    conclude,
    view::{StocktakeView, Tagged},
};
use crate::{
    AppState,
    access::Permit,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Lines that are not counted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkippedLines {
    /// Which, each once.
    #[garde(length(min = 1, max = 1000))]
    #[schema(min_items = 1, max_items = 1000)]
    pub variant_ids: Vec<VariantId>,
    /// Why; kept with the lines.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Leaves lines as the books have them, for a reason. Counting one puts it back.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/skip", tag = "inventory", operation_id = "skip_stocktake_lines",
    params(("id" = StocktakeId, Path)),
    request_body = SkippedLines,
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
    kit::Json(form): kit::Json<SkippedLines>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    form: &SkippedLines,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let mut seen = HashSet::new();
    if let Some(index) = form.variant_ids.iter().position(|variant| !seen.insert(*variant)) {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field(format!("/variant_ids/{index}"), "appears twice"));
    }
    let done = stocktakes::skip(&mut tx, id, &form.variant_ids, &form.reason).await;
    let sent = ("variant_ids", form.variant_ids.as_slice());
    let after = |it: &Stocktake| json!({"stocktake": it.name(), "skipped": form.variant_ids});
    conclude(tx, permit, done, sent, (after, Some(&form.reason)), now).await
}
