//! `POST /api/admin/product-imports/{id}/cancel`

use axum::{Json, extract::State};
use catalog::ImportStatus;
use kernel::{ErrorCode, id::ProductImportId};
use pg::DbError;
use serde_json::json;

use super::{resource, view::ImportView};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Path, Problem, edit::edit, problem::ProblemBody},
};

/// Nobody wants the rest of a file. What was written stays; of a `strict` one nothing was. Cancelling
/// twice is cancelling once.
#[utoipa::path(
    post, path = "/api/admin/product-imports/{id}/cancel", tag = "catalog", operation_id = "cancel_product_import",
    params(("id" = ProductImportId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ImportView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_IMPORT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is over", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ProductImportId>,
) -> Result<Json<ImportView>, Problem> {
    edit(&state.ids, || perform(&state, &permit, id)).await.map(Json)
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: ProductImportId,
) -> Result<ImportView, Problem> {
    let mut tx = state.db.begin().await?;
    let is_new = catalog::cancel_import(&mut tx, id, state.clock.now()).await?;
    let import = catalog::product_import(&mut tx, id).await?;
    let import = import.ok_or(ErrorCode::ProductImportNotFound)?;
    if import.status != ImportStatus::Cancelled {
        return Err(Problem::new(ErrorCode::InvalidTransition)
            .detail("it is over")
            .with("current_status", import.status.as_str()));
    }
    if is_new {
        let after = Some(json!({"import": {"status": import.status.as_str()}}));
        permit.record(&mut tx, &resource(id), Change { after, ..Change::default() }).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(import.into())
}
