//! The cookie that remembers a guest's cart.

use axum_extra::extract::{CookieJar, cookie::Cookie};
use cart::CartOwner;
use jiff::SignedDuration;
use kernel::id::CartId;

use super::{caller::Caller, cookies};
use crate::AppState;

/// The cookie's name, without the prefix it may have ([`cookies::name`]).
pub const CART_COOKIE: &str = "oxcart_cart";

/// Whose cart a request is about: the person's, else the one in the cookie, else nobody's yet.
pub fn owner(state: &AppState, caller: &Caller, jar: &CookieJar) -> Option<CartOwner> {
    caller.user_id().map(CartOwner::User).or_else(|| guest(state, jar).map(CartOwner::Guest))
}

/// The guest's cart in the cookie.
pub fn guest(state: &AppState, jar: &CookieJar) -> Option<CartId> {
    cookies::read(state, jar, CART_COOKIE)?.parse().ok()
}

/// A cookie that remembers `cart` for ninety days.
pub fn remember(state: &AppState, cart: CartId) -> Cookie<'static> {
    cookies::keep(state, CART_COOKIE, cart.to_string(), SignedDuration::from_hours(90 * 24))
}

/// A cookie that forgets it.
pub fn forget(state: &AppState) -> Cookie<'static> {
    cookies::drop(state, CART_COOKIE)
}
