//! `POST /api/orders/{id}/payments`

use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use checkout::PaymentForm;
use garde::Validate;
use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, PaymentId},
};
use queries::orders::TransferView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::AccessibleOrder;
use crate::{
    AppState,
    kit::{self, IdempotencyKey, Problem, problem::ProblemBody},
};

/// How it is to be paid.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// The payment method's code; the order's own when there is none.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 60)))]
    #[schema(example = "ecpay_atm", min_length = 1, max_length = 60)]
    pub method: Option<String>,
}

/// What the buyer has to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentInstructions {
    /// The attempt.
    pub payment_id: PaymentId,
    /// `ecpay`, `bank_transfer`, `cod`.
    pub provider: String,
    /// The payment method's code.
    #[schema(example = "ecpay_credit")]
    pub payment_method: String,
    /// Where the browser goes: the provider's page, or the order's when there is none.
    pub action: String,
    /// `POST`, or `GET` to the order's page.
    pub method: String,
    /// What it takes there, as a form, in this order and nothing else.
    pub fields: Vec<FormField>,
    /// Where to transfer the money to, if it is to be transferred.
    #[schema(required)]
    pub transfer: Option<TransferView>,
    /// Until when it can be paid.
    pub pay_until: Timestamp,
    /// Until when the stock is held.
    pub expires_at: Timestamp,
}

/// A field of the form.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// Its value, unescaped.
    pub value: String,
}

impl From<PaymentForm> for PaymentInstructions {
    fn from(form: PaymentForm) -> Self {
        let field = |(name, value)| FormField { name, value };
        Self {
            payment_id: form.payment,
            provider: form.provider,
            payment_method: form.method,
            action: form.action,
            method: if form.posts { "POST" } else { "GET" }.into(),
            fields: form.fields.into_iter().map(field).collect(),
            transfer: form.transfer.map(|it| transfer(&it.account, it.reference, it.amount)),
            pay_until: form.pay_until,
            expires_at: form.expires_at,
        }
    }
}

/// Where to transfer money to, as buyers are told.
pub(super) fn transfer(
    account: &payments::BankAccount,
    reference: String,
    amount: Money,
) -> TransferView {
    TransferView {
        bank_code: account.bank_code.clone(),
        bank_name: account.bank_name.clone(),
        account: account.number.clone(),
        holder: account.holder.clone(),
        reference,
        amount,
    }
}

/// Begins an attempt to pay, also by another method than before; the same key gives the same attempt.
/// The order keeps its stock, for as long as if it had been placed with this method.
#[utoipa::path(
    post, path = "/api/orders/{id}/payments", tag = "orders", operation_id = "start_payment",
    params(
        ("id" = OrderId, Path),
        ("X-Order-Token" = Option<String>, Header),
        ("Idempotency-Key" = String, Header),
    ),
    request_body = NewPayment,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = PaymentInstructions),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 402, description = "`PAYMENT_FAILED`: the provider cannot take such a payment", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: paid, cancelled or out of time; `PAYMENT_ATTEMPTS_USED_UP`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also a method that is not for such an order, with its limits; `IDEMPOTENCY_KEY_REUSED`: the key began another method", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    key: IdempotencyKey,
    kit::Json(NewPayment { method }): kit::Json<NewPayment>,
) -> Result<impl IntoResponse, Problem> {
    // An order has one payer at a time: whoever may see it shares its keys.
    let key = key.scoped("payments", None);
    let (order, actor) = (accessible.order.id, accessible.actor);
    let form = state.checkout.begin_payment_by(order, method.as_deref(), key, actor).await?;
    Ok((StatusCode::CREATED, Json(PaymentInstructions::from(form))))
}
