//! `DELETE /api/cart/items/{id}`

use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use kernel::{ErrorCode, id::CartItemId};
use pg::DbError;
use queries::cart::CartView;

use super::problem;
use crate::{
    AppState,
    kit::{Caller, Path, Problem, cart_cookie, problem::ProblemBody},
};

/// Removes a line; answers with the cart as it is then.
#[utoipa::path(
    delete, path = "/api/cart/items/{id}", tag = "cart", operation_id = "remove_cart_item",
    params(("id" = CartItemId, Path)),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`CART_ITEM_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    Path(item): Path<CartItemId>,
) -> Result<Json<CartView>, Problem> {
    let not_found = || Problem::from(ErrorCode::CartItemNotFound);
    let owner = cart_cookie::owner(&state, &caller, &jar).ok_or_else(not_found)?;
    let mut tx = state.db.begin().await?;
    let cart = ::cart::find(&mut tx, owner).await?.ok_or_else(not_found)?;
    ::cart::remove(&mut tx, cart, item, state.clock.now()).await.map_err(problem)?;
    let shown = super::view(&mut tx, &state, &caller, Some(cart)).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(shown))
}
