//! `PUT /api/orders/{id}/refunds/{refund_id}/account`

#![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]

use axum::{Json, extract::State};
use garde::Validate;
use kernel::{
    Actor, ErrorCode,
    id::{OrderId, RefundId},
};
use payments::refunds::RefundAccount;
use pg::DbError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{problem::problem, view::OrderRefundView};
use crate::{
    AppState,
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
    storefront::orders::{access::AccessibleOrder, form::check_text},
};

/// Where a transfer goes.
#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountForm {
    /// The bank's three digits, or seven with the branch.
    #[garde(custom(check_bank))]
    #[schema(pattern = "^([0-9]{3}|[0-9]{7})$", example = "812")]
    pub bank_code: String,
    /// The account's number: up to 16 digits.
    #[garde(custom(check_number))]
    #[schema(pattern = "^[0-9]{5,16}$", example = "20001234567890")]
    pub account_number: String,
    /// Whose account it is.
    #[garde(length(chars, min = 1, max = 50), custom(check_text))]
    #[schema(min_length = 1, max_length = 50, example = "王小明")]
    pub holder: String,
}

impl std::fmt::Debug for AccountForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.account().fmt(f)
    }
}

impl AccountForm {
    /// The account.
    pub fn account(&self) -> RefundAccount {
        RefundAccount {
            bank_code: self.bank_code.clone(),
            number: self.account_number.clone(),
            holder: self.holder.clone(),
        }
    }
}

fn check_bank(code: &str, (): &()) -> garde::Result {
    let fits = [3, 7].contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("must be 3 digits, or 7 with the branch")) }
}

fn check_number(number: &str, (): &()) -> garde::Result {
    let fits = (5..=16).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(garde::Error::new("must be 5 to 16 digits")) }
}

/// Which refund.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct RefundPath {
    refund_id: RefundId,
}

/// Says where to transfer a refund that cannot go back the way it came. Once, while it is awaited;
/// afterwards the shop can change it.
#[utoipa::path(
    put, path = "/api/orders/{id}/refunds/{refund_id}/account", tag = "orders", operation_id = "set_refund_account",
    params(
        ("id" = OrderId, Path),
        ("refund_id" = RefundId, Path),
        ("X-Order-Token" = Option<String>, Header),
    ),
    request_body = AccountForm,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderRefundView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`, `REFUND_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it is over, or the account is known", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
    Path(path): Path<RefundPath>,
    kit::Json(form): kit::Json<AccountForm>,
) -> Result<Json<OrderRefundView>, Problem> {
    // People of the shop do it in the back office, where it is written down who did.
    if matches!(accessible.actor, Actor::Staff(_)) {
        return Err(ErrorCode::Forbidden.into());
    }
    let (order, account) = (accessible.order.id, form.account());
    edit(&state.ids, async || {
        let mut tx = state.db.begin().await?;
        let done = state.checkout.refund_account(&mut tx, (order, path.refund_id), &account);
        let refund = done.await.map_err(problem)?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(Json(OrderRefundView::from(&refund)))
    })
    .await
}
