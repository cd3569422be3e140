//! `GET /api/cart`

use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use queries::cart::CartView;

use crate::{
    AppState,
    kit::{Caller, Problem, cart_cookie, problem::ProblemBody},
};

/// The caller's cart, with today's prices and stock; an empty one for who has none.
#[utoipa::path(
    get, path = "/api/cart", tag = "cart", operation_id = "get_cart",
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
) -> Result<Json<CartView>, Problem> {
    let mut conn = state.db.acquire().await?;
    let cart = match cart_cookie::owner(&state, &caller, &jar) {
        Some(owner) => ::cart::find(&mut conn, owner).await?,
        None => None,
    };
    Ok(Json(super::view(&mut conn, &state, &caller, cart).await?))
}
