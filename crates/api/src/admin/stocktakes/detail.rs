//! `GET /api/admin/stocktakes/{id}`

use ::inventory::stocktakes;
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue},
};
use kernel::{ErrorCode, id::StocktakeId};

use super::view::StocktakeDetail;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, etag, problem::ProblemBody},
};

/// A stocktake, and how many of its lines are counted, missing, differing. The `ETag` is its
/// version.
#[utoipa::path(
    get, path = "/api/admin/stocktakes/{id}", tag = "inventory", operation_id = "get_stocktake",
    params(("id" = StocktakeId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = StocktakeDetail),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`STOCKTAKE_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<StocktakeId>,
) -> Result<([(HeaderName, HeaderValue); 1], Json<StocktakeDetail>), Problem> {
    let mut conn = state.db.acquire().await?;
    let stocktake = stocktakes::find(&mut conn, id).await?.ok_or(ErrorCode::StocktakeNotFound)?;
    let summary = stocktakes::summary(&mut conn, &stocktake).await?;
    let detail = StocktakeDetail { head: (&stocktake).into(), lines: summary.into() };
    Ok((etag(stocktake.version), Json(detail)))
}
