//! `PUT /api/admin/payment-methods/{code}`

use ::access::{Kind, Resource};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use jiff::SignedDuration;
use kernel::{ErrorCode, LocalizedText, Money};
use payments::Method;
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{PaymentMethodView, problem};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, IfMatch, Path, Problem, edit::edit, etag, problem::ProblemBody},
    storefront::orders::form::check_text,
};

/// What a way of paying is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentMethodForm {
    /// Its name.
    #[garde(dive)]
    pub name: MethodText,
    /// What buyers should know about it.
    #[garde(dive)]
    pub description: MethodText,
    /// For how many minutes stock is held; none: for the shop's own time.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 129_600)))]
    #[schema(minimum = 1, maximum = 129_600)]
    pub reservation_minutes: Option<i64>,
    /// Of these, the last ones, in which nobody can pay any more but news of a payment may come.
    #[serde(default)]
    #[garde(range(min = 0, max = 129_600))]
    #[schema(default = 0, minimum = 0, maximum = 129_600)]
    pub grace_minutes: i64,
    /// For orders of at least this much.
    #[garde(skip)]
    pub min_amount: Money,
    /// For orders of at most this much; none: of any.
    #[serde(default)]
    #[garde(skip)]
    pub max_amount: Option<Money>,
    /// Numbers of instalments offered, of 3, 6, 12, 18, 24 and 30; empty: one payment.
    #[serde(default)]
    #[garde(length(max = 6))]
    #[schema(value_type = Vec<u32>, required = false, max_items = 6)]
    pub instalments: Vec<u8>,
    /// Its place in the list.
    #[garde(range(min = 0, max = 9_999))]
    #[schema(minimum = 0, maximum = 9999)]
    pub position: i32,
    /// Whether it is on offer.
    #[garde(skip)]
    pub active: bool,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// A text in both languages.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MethodText {
    /// Chinese.
    #[garde(length(chars, max = 200), custom(check_text))]
    #[schema(example = "ATM 轉帳", max_length = 200)]
    pub zh_tw: String,
    /// English.
    #[garde(length(chars, max = 200), custom(check_text))]
    #[schema(example = "ATM transfer", max_length = 200)]
    pub en: String,
}

impl PaymentMethodForm {
    /// The method that is meant.
    fn to_method(&self, code: String, version: i64) -> Method {
        let text = |text: &MethodText| LocalizedText::new(text.zh_tw.trim(), text.en.trim());
        Method {
            code,
            provider: String::new(),
            name: text(&self.name),
            description: text(&self.description),
            reservation: self.reservation_minutes.map(SignedDuration::from_mins),
            grace: SignedDuration::from_mins(self.grace_minutes),
            shortest: SignedDuration::ZERO,
            min_amount: self.min_amount,
            max_amount: self.max_amount,
            instalments: self.instalments.clone(),
            position: self.position,
            active: self.active,
            version,
        }
    }
}

/// Changes a way of paying: its limits, its time, whether it is on offer. Orders that are placed keep
/// the time they have. `If-Match` has to be the `ETag` that was read last. When everything is as it
/// was, nothing happens.
#[utoipa::path(
    put, path = "/api/admin/payment-methods/{code}", tag = "payments", operation_id = "change_payment_method",
    params(
        ("code" = String, Path, example = "ecpay_atm"),
        ("If-Match" = String, Header, description = "The `ETag` that was read last, e.g. `\"3\"`"),
    ),
    request_body = PaymentMethodForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PaymentMethodView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PAYMENT_METHOD_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "`VERSION_CONFLICT`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Also no `If-Match`, and a method whose provider is not set up", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(code): Path<String>,
    IfMatch(seen): IfMatch,
    kit::Json(form): kit::Json<PaymentMethodForm>,
) -> Result<Response, Problem> {
    let view = edit(&state.ids, || perform(&state, &permit, &code, seen, &form)).await?;
    Ok((etag(view.version), Json(view)).into_response())
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    code: &str,
    seen: i64,
    form: &PaymentMethodForm,
) -> Result<PaymentMethodView, Problem> {
    let wish = form.to_method(code.to_owned(), seen);
    let mut tx = state.db.begin().await?;
    let (before, after) = payments::methods::change(&mut tx, wish).await.map_err(problem)?;
    let before = PaymentMethodView::of(before, state);
    let after = PaymentMethodView::of(after, state);
    if after.active && !after.available {
        return Err(Problem::new(ErrorCode::ValidationFailed)
            .field("/active", "its provider is not set up in this installation"));
    }
    if before != after {
        let change = Change {
            before: Some(json!(before)),
            after: Some(json!(after)),
            reason: form.reason.as_deref(),
        };
        permit.record(&mut tx, &Resource::one(Kind::Payment, code), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
