//! `GET /api/admin/product-imports/{id}`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::ProductImportId};

use super::view::ImportView;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// How far a file has come. It is forgotten 30 days after its end.
#[utoipa::path(
    get, path = "/api/admin/product-imports/{id}", tag = "catalog", operation_id = "get_product_import",
    params(("id" = ProductImportId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ImportView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_IMPORT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<ProductImportId>,
) -> Result<Json<ImportView>, Problem> {
    let import = catalog::product_import(&mut *state.db.acquire().await?, id).await?;
    let import = import.ok_or(ErrorCode::ProductImportNotFound)?;
    Ok(Json(import.into()))
}
