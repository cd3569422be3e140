//! `POST /api/admin/stocktakes/{id}/decide`

use ::inventory::stocktakes::{self, Stocktake};
use axum::extract::State;
use garde::Validate;
use kernel::id::{StocktakeId, VariantId};
use serde::Deserialize;
use serde_json::json;
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

/// What a line comes to.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Which line.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many units are there.
    #[garde(range(min = 0, max = COUNTED_MAX))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub counted: i32,
    /// Why, for the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Decides what a line comes to that people counted differently.
#[utoipa::path(
    post, path = "/api/admin/stocktakes/{id}/decide", tag = "inventory", operation_id = "decide_stocktake_line",
    params(("id" = StocktakeId, Path)),
    request_body = Decision,
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
    kit::Json(form): kit::Json<Decision>,
) -> Result<Tagged, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: StocktakeId,
    form: &Decision,
) -> Result<Tagged, Problem> {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let (variant, counted, by) = (form.variant_id, form.counted, permit.claims().user_id);
    let done = stocktakes::decide(&mut tx, id, variant, counted, by).await;
    let after =
        |it: &Stocktake| json!({"stocktake": it.name(), "variant_id": variant, "decided": counted});
    let told = (after, Some(form.reason.as_str()));
    conclude(tx, permit, done, ("variant_id", &[variant]), told, now).await
}
