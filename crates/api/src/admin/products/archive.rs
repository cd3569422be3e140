//! `POST /api/admin/products/{id}/archive`

use axum::{extract::State, response::Response};
use catalog::Move;
use kernel::id::ProductId;

use super::{change_state, view::ProductView};
use crate::{
    AppState,
    access::Permit,
    admin::reason::Reason,
    kit::{self, IfMatch, Path, Problem, problem::ProblemBody},
};

/// Takes a product away: nobody sees it, or can order it. Orders of it stay readable. `If-Match` has to
/// be the `ETag` that was read last.
#[utoipa::path(
    post, path = "/api/admin/products/{id}/archive", tag = "catalog", operation_id = "archive_product",
    params(
        ("id" = ProductId, Path),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = Reason,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ProductView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`PRODUCT_STATE_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<ProductId>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<Reason>,
) -> Result<Response, Problem> {
    change_state(&state, &permit, (id, seen), Move::Archive, Some(&form.reason)).await
}
