//! `GET /api/admin/payment-tasks`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{
    Cursor, ErrorCode, Page, PageLimit,
    id::{OrderId, PaymentTaskId},
};
use payments::tasks::{self, TaskFilter, TaskKind, TaskStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::view::PaymentTaskView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which tasks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentTaskParams {
    /// With this status: `open`, `resolved`.
    #[param(value_type = Option<String>)]
    status: Option<TaskStatus>,
    /// Of this kind.
    #[param(value_type = Option<String>)]
    kind: Option<TaskKind>,
    /// About this order.
    order_id: Option<OrderId>,
    /// With a reference that begins so: `ecpay/2026-11-20/` is of one day's reconciliation.
    reference: Option<String>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of tasks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct PaymentTaskPage {
    /// The tasks, the newest first.
    items: Vec<PaymentTaskView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What about payments waits, or waited, for a person, the newest first.
#[utoipa::path(
    get, path = "/api/admin/payment-tasks", tag = "payments", operation_id = "list_payment_tasks",
    params(PaymentTaskParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentTaskPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<PaymentTaskParams>,
) -> Result<Json<Page<PaymentTaskView>>, Problem> {
    let bad = |field: &'static str, why: &'static str| {
        Problem::new(ErrorCode::ValidationFailed).field(field, why)
    };
    let after = params.cursor.as_deref().map(Cursor::unpack::<PaymentTaskId>).transpose();
    let after = after.map_err(|_| bad("#cursor", "is not from this list"))?;
    if params.reference.as_ref().is_some_and(|it| it.len() > 200 || it.contains('\0')) {
        return Err(bad("#reference", "is no beginning of a reference"));
    }
    let filter = TaskFilter {
        status: params.status,
        kind: params.kind,
        order: params.order_id,
        reference: params.reference.as_deref(),
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = tasks::list(&mut conn, &filter, after, limit.fetch()).await?;
    let page = Page::from_rows(rows, limit, |last| Cursor::pack(&last.id));
    Ok(Json(page.map(PaymentTaskView::from)))
}
