//! `POST /api/admin/payment-tasks/{id}/resolve`

use ::access::{Action, Kind, Resource};
use axum::extract::State;
use checkout::tasks::{TaskAnswer, TaskRuling};
use garde::Validate;
use kernel::id::PaymentTaskId;
use payments::{
    provider::ProviderState,
    tasks::{self, PaymentTask},
};
use pg::{Connection, DbError};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    problem::problem,
    view::{PaymentTaskView, Tagged, tagged},
};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::form::check_text,
};

/// What is to be done about a task.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The provider is asked now, and if it says so, the payment is taken as paid, as if its notice
    /// had come: the order is paid, or the money goes back by itself.
    TakeAsPaid,
    /// All that is left of the payment's money goes back.
    Refund,
    /// It is as it is.
    Accept,
}

/// What is to be done about a task, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskAnswerForm {
    /// What.
    #[garde(skip)]
    pub answer: Answer,
    /// Why.
    #[garde(length(chars, min = 1, max = 200), custom(check_text))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

impl From<Answer> for TaskAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::TakeAsPaid => Self::TakeAsPaid,
            Answer::Refund => Self::Refund,
            Answer::Accept => Self::Accept,
        }
    }
}

/// Deals with a task. What gives money back asks the policies as approving a refund does.
#[utoipa::path(
    post, path = "/api/admin/payment-tasks/{id}/resolve", tag = "payments", operation_id = "resolve_payment_task",
    params(
        ("id" = PaymentTaskId, Path),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, if it matters"),
    ),
    request_body = TaskAnswerForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentTaskView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_TASK_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`, `PAYMENT_NOT_CONFIRMED`, `REFUND_TOO_LARGE`, `STOCK_FROZEN`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the provider cannot be asked", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<PaymentTaskId>,
    seen: Option<IfMatch>,
    kit::Json(form): kit::Json<TaskAnswerForm>,
) -> Result<Tagged, Problem> {
    let ruling = TaskRuling {
        answer: form.answer.into(),
        seen: seen.map(|IfMatch(version)| version),
        actor: permit.actor(),
        reason: &form.reason,
    };
    let said = state.checkout.ask_for_task(id, ruling.answer).await.map_err(problem)?;
    edit(&state.ids, || perform(&state, &permit, id, said.clone(), &ruling)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    id: PaymentTaskId,
    said: Option<ProviderState>,
    ruling: &TaskRuling<'_>,
) -> Result<Tagged, Problem> {
    let mut tx = state.db.begin().await?;
    if ruling.answer == TaskAnswer::Refund {
        may_refund(&mut tx, permit, id).await?;
    }
    let done = state.checkout.answer_task(&mut tx, id, said, ruling).await;
    let (before, after) = done.map_err(problem)?;
    let change = Change {
        before: Some(on_record(&before)),
        after: Some(on_record(&after)),
        reason: Some(ruling.reason),
    };
    let target = Resource::one(Kind::Payment, after.id).with_status(after.status.as_str());
    permit.record(&mut tx, &target, change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(after))
}

/// Whether the caller may approve a refund of what the task is about.
async fn may_refund(
    conn: &mut Connection,
    permit: &Permit,
    id: PaymentTaskId,
) -> Result<(), Problem> {
    let task = tasks::find(conn, id).await?;
    // What there is not, or is about no payment, is refused by the flow.
    let Some((order, payment)) = task.and_then(|task| task.order.zip(task.payment)) else {
        return Ok(());
    };
    let order = orders::load(conn, &[order]).await?.pop();
    let payments = match &order {
        Some(order) => payments::of_order(conn, order.id).await?,
        None => Vec::new(),
    };
    let Some(payment) = payments.into_iter().find(|it| it.id == payment) else { return Ok(()) };
    let refund = Resource::any(Kind::Refund).owned_by(order.and_then(|order| order.customer));
    permit.of_amount(Action::RefundApprove, refund, payment.amount)
}

fn on_record(task: &PaymentTask) -> Value {
    json!({
        "kind": task.kind, "reference": task.reference, "status": task.status,
        "resolution": task.resolution, "order_id": task.order,
    })
}
