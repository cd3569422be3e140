//! `GET /api/admin/payment-methods`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::PaymentMethodView;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// All ways of paying.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllPaymentMethods {
    /// In the shop's order.
    pub items: Vec<PaymentMethodView>,
}

/// The shop's ways of paying, also those that are not on offer.
#[utoipa::path(
    get, path = "/api/admin/payment-methods", tag = "payments", operation_id = "list_all_payment_methods",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AllPaymentMethods),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
) -> Result<Json<AllPaymentMethods>, Problem> {
    let mut conn = state.db.acquire().await?;
    let methods = payments::methods::all(&mut conn).await?;
    let items = methods.into_iter().map(|it| PaymentMethodView::of(it, &state)).collect();
    Ok(Json(AllPaymentMethods { items }))
}
