//! `POST /api/admin/coupons`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pg::DbError;
use pricing::Coupon;
use serde_json::json;

use super::{CouponView, form::CouponForm, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a coupon. Nobody else has its code, so that asking twice adds one.
#[utoipa::path(
    post, path = "/api/admin/coupons", tag = "pricing", operation_id = "create_coupon",
    request_body = CouponForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = CouponView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a code that is taken, and terms that make no sense", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<CouponForm>,
) -> Result<Response, Problem> {
    let (coupon, reason) = form.into_coupon()?;
    let work = || perform(&state, &permit, &coupon, reason.as_deref());
    let view = edit(&state.ids, work).await?;
    let location = [(header::LOCATION, format!("/api/admin/coupons/{}", view.code))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    coupon: &Coupon,
    reason: Option<&str>,
) -> Result<CouponView, Problem> {
    let mut tx = state.db.begin().await?;
    let stored = pricing::coupons::add(&mut tx, coupon, state.clock.now()).await;
    let view = CouponView::from(stored.map_err(problem)?);
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &resource(&view.code), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
