//! `POST /api/admin/categories`

use ::access::{Kind, Resource};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use catalog::Category;
use pg::DbError;
use serde_json::json;

use super::{CategoryView, form::CategoryForm, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::products::context,
    kit::{self, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Adds a category. Nobody else has its slug, so that asking twice adds one.
#[utoipa::path(
    post, path = "/api/admin/categories", tag = "catalog", operation_id = "create_category",
    request_body = CategoryForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = CategoryView, headers(
            ("ETag" = String, description = "Its version"),
            ("Location" = String, description = "Where it is read and changed"),
        )),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a slug that is taken, and a place where it cannot lie", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<CategoryForm>,
) -> Result<Response, Problem> {
    let (category, reason) = form.into_category(state.ids.next(&*state.clock))?;
    let work = || perform(&state, &permit, &category, reason.as_deref());
    let view = edit(&state.ids, work).await?;
    let location = [(header::LOCATION, format!("/api/admin/categories/{}", view.id))];
    Ok((StatusCode::CREATED, etag(view.version), location, Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    category: &Category,
    reason: Option<&str>,
) -> Result<CategoryView, Problem> {
    let mut tx = state.db.begin().await?;
    let stored =
        catalog::add_category(&mut tx, category, &context(state)).await.map_err(problem)?;
    let view = CategoryView::from(stored);
    let change = Change { after: Some(json!(view)), reason, ..Change::default() };
    permit.record(&mut tx, &Resource::one(Kind::Product, view.id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(view)
}
