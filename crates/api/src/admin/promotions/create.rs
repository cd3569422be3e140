//! `POST /api/admin/promotions`

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pg::DbError;
use pricing::Promotion;
use serde_json::json;

use super::{PromotionView, form::PromotionForm, problem, resource};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a promotion. One that is switched on counts for the next order.
#[utoipa::path(
    post, path = "/api/admin/promotions", tag = "pricing", operation_id = "create_promotion",
    request_body = PromotionForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = PromotionView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also terms that make no sense, and too many that are switched on", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<PromotionForm>,
) -> Result<Response, Problem> {
    let (promotion, reason) = form.into_promotion(state.ids.next(&*state.clock))?;
    let work = || perform(&state, &permit, &promotion, reason.as_deref());
    let view = edit(&state.ids, work).await?;
    let location = [(header::LOCATION, format!("/api/admin/promotions/{}", view.id))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    promotion: &Promotion,
    reason: Option<&str>,
) -> Result<PromotionView, Problem> {
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    let stored = pricing::promotions::add(&mut tx, promotion, now).await.map_err(problem)?;
    let view = PromotionView::from(stored);
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &resource(view.id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
