//! `POST /api/orders/{id}/returns`

use axum::{Json, extract::State, http::StatusCode};
use checkout::ReturnAsk;
use garde::Validate;
use kernel::{Quantity, id::OrderId};
use pg::DbError;
use queries::orders::{ReturnCauseWord, ReturnView};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{self, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::{access::AccessibleOrder, form::check_long_text},
};

/// What is to be sent back, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// Why, in a word.
    #[garde(skip)]
    pub cause: ReturnCauseWord,
    /// Why, in the customer's words.
    #[serde(default)]
    #[garde(length(chars, max = 1000), custom(check_long_text))]
    #[schema(max_length = 1000)]
    pub reason: String,
    /// Which lines, each once.
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub lines: Vec<NewReturnLine>,
}

/// Units of a line.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturnLine {
    /// Which line of the order; of a bundle's line, whole bundles come back.
    #[garde(skip)]
    pub line_no: i16,
    /// How many.
    #[garde(skip)]
    pub quantity: Quantity,
}

/// Asks to send goods back: until seven days (as the shop is configured) after the day on which the last
/// parcel arrived, for whatever reason. People of the shop may ask at any time. Pictures are added
/// afterwards, as long as it is not decided.
#[utoipa::path(
    post, path = "/api/orders/{id}/returns", tag = "returns", operation_id = "request_return",
    params(("id" = OrderId, Path), ("X-Order-Token" = Option<String>, Header)),
    request_body = NewReturn,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = ReturnView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: not all of it has left, or another return is under way; `UNITS_EXCEEDED`; `RETURN_PERIOD_OVER`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    kit::Json(form): kit::Json<NewReturn>,
) -> Result<(StatusCode, Json<ReturnView>), Problem> {
    let back = edit(&state.ids, || perform(&state, &accessible, &form)).await?;
    Ok((StatusCode::CREATED, Json(back)))
}

async fn perform(
    state: &AppState,
    accessible: &AccessibleOrder,
    form: &NewReturn,
) -> Result<ReturnView, Problem> {
    let ask = ReturnAsk {
        cause: form.cause.into(),
        reason: form.reason.trim(),
        lines: form.lines.iter().map(|line| (line.line_no, line.quantity)).collect(),
    };
    let (order, actor, now) = (accessible.order.id, accessible.actor, state.clock.now());
    let mut tx = state.db.begin().await?;
    let back = state.checkout.request_return(&mut tx, order, &ask, actor, now).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((&back).into())
}
