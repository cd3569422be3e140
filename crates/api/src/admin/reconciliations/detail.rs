//! `GET /api/admin/reconciliations/{day}`

use axum::{Json, extract::State};
use jiff::civil::Date;
use kernel::ErrorCode;
use payments::reconciliation;

use super::{PROVIDER, view::ReconciliationView};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// How our books of a day compare with the provider's.
#[utoipa::path(
    get, path = "/api/admin/reconciliations/{day}", tag = "payments", operation_id = "get_reconciliation",
    params(("day" = String, Path, description = "In Taipei", format = Date)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReconciliationView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`NOT_FOUND`: nobody has compared it, or asked for it", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(day): Path<Date>,
) -> Result<Json<ReconciliationView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let found = reconciliation::find(&mut conn, PROVIDER, day).await?;
    let found = found.ok_or_else(|| {
        Problem::new(ErrorCode::NotFound).detail(format!("{day} was not compared"))
    })?;
    Ok(Json(found.into()))
}
