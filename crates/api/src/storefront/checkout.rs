//! `POST /api/checkout`

use std::sync::Arc;

use axum::{extract::State, response::Response};
use axum_extra::extract::CookieJar;
use cart::CartLine;
use garde::Validate;
use intake::{PlaceOrder, Placed, RequestedLine};
use kernel::{ErrorCode, Money, Quantity, id::CartId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    order_requests::{self, status::OrderRequest},
    orders::{
        created::{self, CreatedOrder},
        form::{AddressForm, ContactForm, check_long_text},
        refusal,
    },
};
use crate::{
    AppState,
    kit::{
        self, Caller, IdempotencyKey, Problem, RespondAsync, Visit, cart_cookie, challenge::Worked,
        idempotency, locale, problem::ProblemBody,
    },
};

/// How the cart is to be ordered.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckoutForm {
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
    /// A coupon; else the cart's.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 60)))]
    #[schema(max_length = 60)]
    pub coupon_code: Option<String>,
    /// What the buyer wants to say.
    #[serde(default)]
    #[garde(inner(length(chars, max = 500), custom(check_long_text)))]
    #[schema(max_length = 500)]
    pub note: Option<String>,
    /// The total the buyer saw: only compared; a difference is `PRICE_CHANGED`.
    #[serde(default)]
    #[garde(skip)]
    pub expected_total: Option<Money>,
}

/// Orders what is in the cart, and empties the cart.
#[utoipa::path(
    post, path = "/api/checkout", tag = "checkout", operation_id = "checkout",
    params(
        ("Idempotency-Key" = String, Header, description = "Made by the client; the same key gives the same order"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer `202` at once, and the order later"),
        ("X-Oxcart-Proof" = Option<String>, Header, description = "Where work is asked for: the answer to a challenge"),
    ),
    request_body = CheckoutForm,
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
        (status = 422, description = "`VALIDATION_FAILED`, `CART_EMPTY`, `COUPON_INVALID`, `IDEMPOTENCY_KEY_REUSED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "`CHALLENGE_REQUIRED`, where work is asked for", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`QUEUE_FULL`, `SERVICE_UNAVAILABLE`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[expect(clippy::too_many_arguments, reason = "an extractor is read for each")]
pub async fn handler(
    State(state): State<AppState>,
    caller: Caller,
    visit: Visit,
    _worked: Worked,
    jar: CookieJar,
    key: IdempotencyKey,
    RespondAsync(respond_async): RespondAsync,
    kit::Json(form): kit::Json<CheckoutForm>,
) -> Result<Response, Problem> {
    let customer = caller.user_id();
    let key = key.scoped("checkout", customer);
    let fingerprint = idempotency::fingerprint(&form);
    let mut conn = state.db.acquire().await?;
    let owner = cart_cookie::owner(&state, &caller, &jar);
    let cart = match owner {
        Some(owner) => cart::find(&mut conn, owner).await?,
        None => None,
    };
    let (in_cart, in_use) = match cart {
        Some(cart) => {
            (cart::lines(&mut conn, cart).await?, cart::coupon_code(&mut conn, cart).await?)
        }
        None => (Vec::new(), None),
    };
    let mut lines = in_cart.iter().map(asked).collect::<Result<Vec<_>, _>>()?;
    // The cart is empty after the first answer: a repeat asks for what its key ordered then.
    let before = orders::idempotency::find(&mut conn, &[key]).await?;
    if let Some(known) = before.first() {
        let order = orders::load(&mut conn, &[known.order]).await?;
        let order = orders::as_placed(&mut conn, order).await?;
        lines = order.iter().flat_map(|order| &order.lines).map(asked_again).collect();
    }
    drop(conn);
    if lines.is_empty() {
        return Err(ErrorCode::CartEmpty.into());
    }
    let request = PlaceOrder {
        key,
        fingerprint,
        customer,
        locale: locale(),
        contact: Arc::new(form.contact.into()),
        shipping_address: Arc::new(form.shipping_address.into()),
        shipping_method: form.shipping_method.into(),
        payment_method: form.payment_method.into(),
        coupon_code: form.coupon_code.or(in_use),
        note: form.note,
        lines,
        expected_total: form.expected_total,
        spared: visit.spared,
    };
    let shop = state.clone();
    let empty_cart = async move |placed: Arc<Placed>| {
        if let Some(cart) = cart.filter(|_| !placed.replayed) {
            take_out(&shop, cart, &in_cart).await;
        }
    };
    if respond_async {
        return order_requests::submit::respond_async(&state, request, empty_cart);
    }
    let placed = state.intake.place(request).await.map_err(|e| refusal::problem(e, &state))?;
    empty_cart(Arc::clone(&placed)).await;
    Ok(created::answer(placed, &state.checkout.access))
}

/// A line of the cart, to be ordered.
fn asked(line: &CartLine) -> Result<RequestedLine, Problem> {
    let quantity = Quantity::new(line.quantity.get().into());
    let quantity = quantity.map_err(|error| Problem::internal(&error))?;
    Ok(RequestedLine { variant: line.variant_id, quantity, unit_price: None })
}

const fn asked_again(line: &orders::Line) -> RequestedLine {
    RequestedLine { variant: line.variant, quantity: line.quantity, unit_price: None }
}

/// The order is placed whatever happens here: a cart that could not be emptied only looks odd.
async fn take_out(state: &AppState, cart: CartId, ordered: &[CartLine]) {
    let emptied = async {
        let mut tx = state.db.begin().await?;
        cart::take_out(&mut tx, cart, ordered, state.clock.now()).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok::<(), cart::CartError>(())
    };
    if let Err(error) = emptied.await {
        tracing::warn!(%error, cart.id = %cart, "an ordered cart could not be emptied");
    }
}
