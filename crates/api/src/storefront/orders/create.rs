//! `POST /api/orders`

use std::{future::ready, sync::Arc};

use axum::{extract::State, response::Response};
use futures::{FutureExt as _, future::Either};
use garde::Validate;
use intake::{PlaceOrder, RequestedLine};
use kernel::{Money, Quantity, id::VariantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    created::{self, CreatedOrder},
    form::{AddressForm, ContactForm, check_long_text},
    refusal,
};
use crate::{
    AppState,
    kit::{
        self, Caller, IdempotencyKey, Problem, RespondAsync, Visit, challenge::Worked, idempotency,
        locale, problem::ProblemBody,
    },
    storefront::order_requests::{self, status::OrderRequest},
};

/// An order to place.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// What to buy.
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<NewOrderItem>,
    /// How to reach the buyer.
    #[garde(dive)]
    pub contact: ContactForm,
    /// Where the goods go.
    #[garde(dive)]
    pub shipping_address: AddressForm,
    /// The shipping method's code.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(example = "home_delivery", min_length = 1, max_length = 60)]
    pub shipping_method: String,
    /// The payment method's code.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(example = "ecpay_credit", min_length = 1, max_length = 60)]
    pub payment_method: String,
    /// A coupon.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 60)))]
    #[schema(max_length = 60)]
    pub coupon_code: Option<String>,
    /// What the buyer wants to say.
    #[serde(default)]
    #[garde(inner(length(chars, max = 500), custom(check_long_text)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// A line to buy.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrderItem {
    /// What.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many.
    #[garde(custom(few))]
    #[schema(minimum = 1, maximum = 999)]
    pub quantity: Quantity,
    /// The price the buyer saw: only compared; a difference is `PRICE_CHANGED`.
    #[serde(default)]
    #[garde(skip)]
    pub unit_price: Option<Money>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]
fn few(quantity: &Quantity, (): &()) -> garde::Result {
    if quantity.get() > 999 {
        return Err(garde::Error::new("must be at most 999"));
    }
    Ok(())
}

/// Places an order: all of it or nothing. The stock is held until `reserved_until`.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", operation_id = "create_order",
    params(
        ("Idempotency-Key" = String, Header, description = "Made by the client; the same key gives the same order"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer `202` at once, and the order later"),
        ("X-Oxcart-Proof" = Option<String>, Header, description = "Where work is asked for: the answer to a challenge"),
    ),
    request_body = NewOrder,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = CreatedOrder, headers(("Location" = String, description = "The order"))),
        (status = 202, description = "With `Prefer: respond-async`: the order is in the queue", body = OrderRequest, headers(("Location" = String, description = "Where to ask about it"), ("Preference-Applied" = String, description = "`respond-async`"))),
        (status = 400, description = "`MALFORMED_REQUEST`, `IDEMPOTENCY_KEY_MISSING`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVENTORY_SHORTAGE`, `PURCHASE_LIMIT_EXCEEDED`, `PRICE_CHANGED`, `STOCK_FROZEN`, `REQUEST_IN_PROGRESS`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`, `COUPON_INVALID`, `IDEMPOTENCY_KEY_REUSED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`CHALLENGE_REQUIRED`, where work is asked for", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`QUEUE_FULL`, `SERVICE_UNAVAILABLE`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(clippy::needless_pass_by_value, reason = "extractors come by value")]
pub fn handler(
    State(state): State<AppState>,
    caller: Caller,
    visit: Visit,
    _worked: Worked,
    key: IdempotencyKey,
    RespondAsync(respond_async): RespondAsync,
    kit::Json(form): kit::Json<NewOrder>,
) -> impl Future<Output = Result<Response, Problem>> {
    // Nothing `async` here: it would keep room for its arguments, and for what it awaits twice over,
    // for as long as the buyer waits.
    let request = asked(form, &caller, &key, visit.spared);
    if respond_async {
        let answer = order_requests::submit::respond_async(&state, request, async |_| {});
        return Either::Left(ready(answer));
    }
    let placing = state.intake.place(request);
    Either::Right(placing.map(move |placed| match placed {
        Ok(placed) => Ok(created::answer(placed, &state.checkout.access)),
        Err(error) => Err(refusal::problem(error, &state)),
    }))
}

/// What the engine is asked. Nothing of the form is kept beside it while the buyer waits.
fn asked(form: NewOrder, caller: &Caller, key: &IdempotencyKey, spared: bool) -> PlaceOrder {
    let customer = caller.user_id();
    PlaceOrder {
        key: key.scoped("orders", customer),
        fingerprint: idempotency::fingerprint(&form),
        customer,
        locale: locale(),
        contact: Arc::new(form.contact.into()),
        shipping_address: Arc::new(form.shipping_address.into()),
        shipping_method: form.shipping_method.into(),
        payment_method: form.payment_method.into(),
        coupon_code: form.coupon_code,
        note: form.note,
        lines: form
            .items
            .into_iter()
            .map(|item| RequestedLine {
                variant: item.variant_id,
                quantity: item.quantity,
                unit_price: item.unit_price,
            })
            .collect(),
        expected_total: None,
        spared,
    }
}
