//! `GET /api/admin/payment-tasks/{id}`

use axum::extract::State;
use kernel::{ErrorCode, id::PaymentTaskId};
use payments::tasks;

use super::view::{PaymentTaskView, Tagged, tagged};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, problem::ProblemBody},
};

/// A task. The `ETag` is its version.
#[utoipa::path(
    get, path = "/api/admin/payment-tasks/{id}", tag = "payments", operation_id = "get_payment_task",
    params(("id" = PaymentTaskId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentTaskView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_TASK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<PaymentTaskId>,
) -> Result<Tagged, Problem> {
    let mut conn = state.db.acquire().await?;
    let task = tasks::find(&mut conn, id).await?.ok_or(ErrorCode::PaymentTaskNotFound)?;
    Ok(tagged(task))
}
