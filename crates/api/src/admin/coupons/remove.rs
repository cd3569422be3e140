//! `DELETE /api/admin/coupons/{code}`

use axum::{extract::State, http::StatusCode};
use pg::DbError;
use pricing::CouponCode;
use serde_json::json;

use super::{CouponView, code, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Takes a coupon away: nobody can use it any more. One that an order has used stays in the list, switched
/// off, because orders speak of it. `If-Match` has to be the `ETag` that was read last.
#[utoipa::path(
    delete, path = "/api/admin/coupons/{code}", tag = "pricing", operation_id = "remove_coupon",
    params(
        ("code" = String, Path, description = "In any case"),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is gone, or switched off"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(asked): Path<String>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    let code = code(&asked)?;
    edit(&state.ids, || perform(&state, &permit, &code, seen)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    code: &CouponCode,
    seen: i64,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let removed = pricing::coupons::remove(&mut tx, code, seen, state.clock.now()).await;
    let (before, after) = removed.map_err(problem)?;
    let change = Change {
        before: Some(json!(CouponView::from(before))),
        after: after.map(|after| json!(CouponView::from(after))),
        reason: None,
    };
    permit.record(&mut tx, &resource(code.as_str()), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
