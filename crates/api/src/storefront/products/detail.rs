//! `GET /api/products/{id}`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use kernel::ErrorCode;
use queries::products::{self, ProductKey, ProductView};

use crate::{
    AppState,
    kit::{Path, Problem, moved, problem::ProblemBody},
};

/// A product with its variants and pictures. A slug it had once leads to the one it has.
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "catalog", operation_id = "get_product",
    params(("id" = String, Path, description = "Its id or its slug")),
    responses(
        (status = 200, body = ProductView),
        (status = 301, description = "It has another slug now", headers(
            ("Location" = String, description = "Where it is"),
        )),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    // No slug has a NUL, and PostgreSQL's texts cannot.
    if id.contains('\0') {
        return Err(ErrorCode::ProductNotFound.into());
    }
    let key = ProductKey::from(id.as_str());
    let (now, mut conn) = (state.clock.now(), state.db.acquire().await?);
    if let Some(product) = products::detail(&mut conn, &key, now).await? {
        return Ok(Json(product).into_response());
    }
    let new = products::moved_to(&mut conn, &id, now).await?;
    Ok(moved(&format!("/api/products/{}", new.ok_or(ErrorCode::ProductNotFound)?)))
}
