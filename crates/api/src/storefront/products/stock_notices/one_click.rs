//! `POST /api/stock-notices/{id}`

use axum::{extract::State, http::StatusCode};
use notifications::notices;
use uuid::Uuid;

use crate::{
    AppState,
    kit::{Path, Problem, problem::ProblemBody},
};

/// What a mail program asks when its button "unsubscribe" is pressed (RFC 8058): forgets an address
/// and all that it waits for, by the unguessable name that its mails carry in `List-Unsubscribe`. The
/// body (`List-Unsubscribe=One-Click`) is not read, and the answer is the same when there is nothing
/// to forget.
#[utoipa::path(
    post, path = "/api/stock-notices/{id}", tag = "catalog", operation_id = "unsubscribe_stock_notices",
    params(("id" = Uuid, Path, description = "From the header of the mail")),
    responses(
        (status = 204, description = "Nothing is known of the address here any more"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`NOT_FOUND`: nothing that a mail could carry", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let mut conn = state.db.acquire().await?;
    notices::forget_address(&mut conn, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
