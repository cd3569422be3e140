//! Our cookies: out of reach of scripts, not sent along by other sites, and over TLS only wherever
//! the shop is reached by TLS.

use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::SignedDuration;

use crate::AppState;

/// A cookie that lasts for `lasting`.
pub fn keep(
    state: &AppState,
    name: &'static str,
    value: String,
    lasting: SignedDuration,
) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.is_https())
        .max_age(time::Duration::seconds(lasting.as_secs().max(0)))
        .build()
}

/// Takes a cookie away.
pub fn drop(state: &AppState, name: &'static str) -> Cookie<'static> {
    keep(state, name, String::new(), SignedDuration::ZERO)
}
