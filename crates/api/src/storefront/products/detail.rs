//! `GET /api/products/{id}`

use axum::{Json, extract::State};
use kernel::ErrorCode;
use queries::products::{self, ProductKey, ProductView};

use crate::{
    AppState,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A product with its variants and pictures.
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "catalog", operation_id = "get_product",
    params(("id" = String, Path, description = "Its id or its slug")),
    responses(
        (status = 200, body = ProductView),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<ProductView>, Problem> {
    // No slug has a NUL, and PostgreSQL's texts cannot.
    if id.contains('\0') {
        return Err(ErrorCode::ProductNotFound.into());
    }
    let key = ProductKey::from(id.as_str());
    let mut conn = state.db.acquire().await?;
    let product = products::detail(&mut conn, &key, state.clock.now()).await?;
    Ok(Json(product.ok_or(ErrorCode::ProductNotFound)?))
}
