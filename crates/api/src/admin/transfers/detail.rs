//! `GET /api/admin/transfers/{id}`

use ::inventory::transfers;
use axum::extract::State;
use kernel::{ErrorCode, id::TransferId};

use super::view::{Tagged, TransferView, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A transfer with its lines. The `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/transfers/{id}", tag = "inventory", operation_id = "get_transfer",
    params(("id" = TransferId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = TransferView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`TRANSFER_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<TransferId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    let transfer = transfers::find(&mut conn, id).await?.ok_or(ErrorCode::TransferNotFound)?;
    Ok(tagged(&mut conn, &transfer, state.clock.now()).await?)
}
