//! `DELETE /api/admin/categories/{id}`

use ::access::{Kind, Resource};
use axum::{extract::State, http::StatusCode};
use kernel::id::CategoryId;
use pg::DbError;
use serde_json::json;

use super::{CategoryView, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    admin::products::context,
    kit::{IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
};

/// Deletes a category in which nothing lies: no product of any state, no other category. `If-Match` has
/// to be the `ETag` that was read last.
#[utoipa::path(
    delete, path = "/api/admin/categories/{id}", tag = "catalog", operation_id = "remove_category",
    params(
        ("id" = CategoryId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`CATEGORY_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`CATEGORY_NOT_EMPTY`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<CategoryId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    edit(&state.ids, || perform(&state, &permit, id, seen)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: CategoryId,
    seen: i64,
) -> Result<StatusCode, Problem> {
    let mut tx = state.db.begin().await?;
    let gone =
        catalog::delete_category(&mut tx, id, seen, &context(state)).await.map_err(problem)?;
    let change = Change { before: Some(json!(CategoryView::from(gone))), ..Change::default() };
    permit.record(&mut tx, &Resource::one(Kind::Product, id), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
