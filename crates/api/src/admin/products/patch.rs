//! `PATCH /api/admin/products/{id}`

use axum::{extract::State, response::Response};
use kernel::id::ProductId;

use super::{form::ProductPatch, view::ProductView};
use crate::{
    AppState,
    access::Permit,
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
};

/// Changes only what is sent; a list that is sent takes the place of the whole list. `If-Match` has to
/// be the `ETag` that was read last.
#[utoipa::path(
    patch, path = "/api/admin/products/{id}", tag = "catalog", operation_id = "patch_product",
    params(
        ("id" = ProductId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = ProductPatch,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a slug or a SKU that is taken, and no `If-Match`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ProductId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<ProductPatch>,
) -> Result<Response, Problem> {
    super::change(&state, &permit, (id, seen), form).await
}
