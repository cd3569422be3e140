//! `PATCH /api/cart/items/{id}`

use ::cart::LineQuantity;
use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use garde::Validate;
use kernel::{ErrorCode, id::CartItemId};
use pg::DbError;
use queries::cart::CartView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{commit_if_available, problem};
use crate::{
    AppState,
    kit::{self, Caller, Path, Problem, cart_cookie, problem::ProblemBody},
};

/// The new quantity of a line.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCartItem {
    /// How many; 0 removes the line.
    #[garde(range(max = 99))]
    #[schema(minimum = 0, maximum = 99)]
    pub quantity: u32,
}

/// Sets the quantity of a line.
#[utoipa::path(
    patch, path = "/api/cart/items/{id}", tag = "cart", operation_id = "set_cart_item",
    params(("id" = CartItemId, Path)),
    request_body = SetCartItem,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`CART_ITEM_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVENTORY_SHORTAGE`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    Path(item): Path<CartItemId>,
    kit::Json(body): kit::Json<SetCartItem>,
) -> Result<Json<CartView>, Problem> {
    let not_found = || Problem::from(ErrorCode::CartItemNotFound);
    let owner = cart_cookie::owner(&state, &caller, &jar).ok_or_else(not_found)?;
    let quantity = LineQuantity::new(body.quantity);
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    let cart = ::cart::find(&mut tx, owner).await?.ok_or_else(not_found)?;
    ::cart::set_quantity(&mut tx, cart, item, quantity, now).await.map_err(problem)?;
    let line = ::cart::lines(&mut tx, cart).await?.into_iter().find(|line| line.id == item);
    if let Some(line) = line {
        return Ok(Json(commit_if_available(tx, &state, &caller, cart, line.variant_id).await?));
    }
    let shown = super::view(&mut tx, &state, &caller, Some(cart)).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(shown))
}
