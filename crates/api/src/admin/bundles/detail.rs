//! `GET /api/admin/bundles/{variant_id}`

use axum::{Json, extract::State};
use kernel::{ErrorCode, id::VariantId};

use super::Bundle;
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// What a variant is made of.
#[utoipa::path(
    get, path = "/api/admin/bundles/{variant_id}", tag = "catalog", operation_id = "get_bundle",
    params(("variant_id" = VariantId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Bundle),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
) -> Result<Json<Bundle>, Problem> {
    let mut conn = state.db.acquire().await?;
    if catalog::offers(&mut conn, &[variant], state.clock.now()).await?.is_empty() {
        return Err(ErrorCode::ProductNotFound.into());
    }
    let components = catalog::bundles::components(&mut conn, variant).await?;
    Ok(Json(Bundle::new(variant, components)))
}
