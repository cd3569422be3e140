//! `PUT /api/admin/coupons/{code}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::ErrorCode;
use pg::DbError;
use pricing::Coupon;
use serde_json::json;

use super::{CouponView, code, form::CouponForm, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Changes the terms of a coupon, from the next order on; what was redeemed stays counted. `If-Match`
/// has to be the `ETag` that was read last. When everything is as it was, nothing happens.
#[utoipa::path(
    put, path = "/api/admin/coupons/{code}", tag = "pricing", operation_id = "change_coupon",
    params(
        ("code" = String, Path, description = "In any case"),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = CouponForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CouponView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also another code than the address has, terms that make no sense, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(asked): Path<String>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<CouponForm>,
) -> Result<Response, Problem> {
    let code = code(&asked)?;
    let (wish, reason) = form.into_coupon()?;
    if wish.code != code {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/code", "does not change: orders speak of it"));
    }
    let work = || perform(&state, &permit, (&wish, seen), reason.as_deref());
    let after = edit(&state.ids, work).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (wish, seen): (&Coupon, i64),
    reason: Option<&str>,
) -> Result<CouponView, Problem> {
    let mut tx = state.db.begin().await?;
    let changed = pricing::coupons::change(&mut tx, wish, seen, state.clock.now()).await;
    let (before, after) = changed.map_err(problem)?;
    let (before, after) = (CouponView::from(before), CouponView::from(after));
    if before != after {
        let change = Change { before: Some(json!(before)), after: Some(json!(after)), reason };
        permit.record(&mut tx, &resource(&after.code), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
