//! `POST /api/cart/items`

use ::cart::LineQuantity;
use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use garde::Validate;
use kernel::{ErrorCode, id::VariantId};
use queries::cart::CartView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{commit_if_available, problem};
use crate::{
    AppState,
    kit::{self, Caller, Problem, cart_cookie, problem::ProblemBody},
};

/// What to put into the cart.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCartItem {
    /// What.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many more.
    #[garde(range(min = 1, max = 99))]
    #[schema(minimum = 1, maximum = 99)]
    pub quantity: u32,
}

/// Puts units into the cart, on top of those in it. A guest's first units set the `oxcart_cart`
/// cookie.
#[utoipa::path(
    post, path = "/api/cart/items", tag = "cart", operation_id = "add_cart_item",
    request_body = AddCartItem,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVENTORY_SHORTAGE`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    kit::Json(body): kit::Json<AddCartItem>,
) -> Result<(CookieJar, Json<CartView>), Problem> {
    let quantity = LineQuantity::new(body.quantity).ok_or(ErrorCode::ValidationFailed)?;
    let variant = body.variant_id;
    let clock = &*state.clock;
    let mut tx = state.db.begin().await?;
    let offers = catalog::offers(&mut tx, &[variant], clock.now()).await?;
    if !offers.get(&variant).is_some_and(|offer| offer.sellable) {
        return Err(
            Problem::new(ErrorCode::ProductNotFound).field("/variant_id", "is not for sale")
        );
    }
    let owner = cart_cookie::owner(&state, &caller, &jar);
    let cart = ::cart::open(&mut tx, owner, &state.ids, clock).await?;
    ::cart::add(&mut tx, cart, variant, quantity, &state.ids, clock).await.map_err(problem)?;
    let shown = commit_if_available(tx, &state, &caller, cart, variant).await?;
    let is_guest = caller.user_id().is_none();
    let jar = if is_guest { jar.add(cart_cookie::remember(&state, cart)) } else { jar };
    Ok((jar, Json(shown)))
}
