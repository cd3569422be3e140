//! `PUT /api/admin/categories/{id}`

use ::access::{Kind, Resource};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use catalog::Category;
use kernel::id::CategoryId;
use pg::DbError;
use serde_json::json;

use super::{CategoryView, form::CategoryForm, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::products::context,
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
};

/// Changes a category, or moves it with all that lies in it. `If-Match` has to be the `ETag` that was
/// read last. When everything is as it was, nothing happens.
#[utoipa::path(
    put, path = "/api/admin/categories/{id}", tag = "catalog", operation_id = "change_category",
    params(
        ("id" = CategoryId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = CategoryForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CategoryView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`CATEGORY_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a slug that is taken, a place where it cannot lie, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<CategoryId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<CategoryForm>,
) -> Result<Response, Problem> {
    let (wish, reason) = form.into_category(id)?;
    let work = || perform(&state, &permit, (&wish, seen), reason.as_deref());
    let after = edit(&state.ids, work).await?;
    Ok((etag(after.version), Json(after)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    (wish, seen): (&Category, i64),
    reason: Option<&str>,
) -> Result<CategoryView, Problem> {
    let mut tx = state.db.begin().await?;
    let (before, after) =
        catalog::change_category(&mut tx, wish, seen, &context(state)).await.map_err(problem)?;
    let (before, after) = (CategoryView::from(before), CategoryView::from(after));
    if before != after {
        let change = Change { before: Some(json!(before)), after: Some(json!(after)), reason };
        permit.record(&mut tx, &Resource::one(Kind::Product, after.id), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
