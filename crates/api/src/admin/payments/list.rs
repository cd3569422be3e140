//! `GET /api/admin/payments`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use kernel::{Cursor, ErrorCode, Page, PageLimit, id::OrderId};
use queries::{
    orders::PaymentStatusWord,
    payments::{PaymentFilter, PaymentView},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// The most characters of a method's code.
const METHOD_MAX: usize = 60;

/// Which attempts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PaymentParams {
    /// With this status, e.g. `pending`.
    #[param(value_type = Option<String>)]
    status: Option<PaymentStatusWord>,
    /// By this method.
    #[param(max_length = 60)]
    method: Option<String>,
    /// Of this order.
    order_id: Option<OrderId>,
    /// With these letters at the end of their trade number: the reference of a transfer.
    #[param(max_length = 20)]
    reference: Option<String>,
    /// Rows on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of attempts to pay.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct PaymentPage {
    /// The attempts, the newest first.
    items: Vec<PaymentView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Attempts to pay, the newest first.
#[utoipa::path(
    get, path = "/api/admin/payments", tag = "payments", operation_id = "list_payments",
    params(PaymentParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<PaymentParams>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let wrong =
        |field: &str, detail: &str| Problem::new(ErrorCode::ValidationFailed).field(field, detail);
    let after = params.cursor.as_deref().map(Cursor::unpack::<Uuid>).transpose();
    let after = after.map_err(|_| wrong("#cursor", "is not from this list"))?;
    let reference = params.reference.map(|text| text.trim().to_uppercase());
    let plain = |text: &String| {
        (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if reference.as_ref().is_some_and(|text| !plain(text)) {
        return Err(wrong("#reference", "is 1 to 20 letters and digits"));
    }
    if params.method.as_ref().is_some_and(|method| method.chars().count() > METHOD_MAX) {
        return Err(wrong("#method", "has at most 60 characters"));
    }
    let filter = PaymentFilter {
        status: params.status,
        method: params.method,
        order: params.order_id,
        reference,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = queries::payments::list(&mut conn, &filter, after, limit).await?;
    Ok(Json(Page::from_rows(rows, limit, |last| Cursor::pack(&last.id))))
}
