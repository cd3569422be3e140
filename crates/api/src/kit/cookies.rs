//! Our cookies: out of reach of scripts, not sent along by other sites, and over TLS only wherever
//! the shop is reached by TLS.
//!
//! There their names begin with `__Host-`: a browser takes such a cookie from this very host only,
//! over TLS only, and for all paths. So neither a neighbour under the same domain nor somebody on
//! the line can plant one. Only the name that applies is ever read: else a planted one without the
//! prefix would do.

use std::borrow::Cow;

use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use jiff::SignedDuration;

use crate::AppState;

/// The name of one of our cookies as browsers see it.
pub fn name(state: &AppState, name: &'static str) -> Cow<'static, str> {
    if state.is_https() { format!("__Host-{name}").into() } else { name.into() }
}

/// What a browser sent in one of our cookies.
pub fn read<'a>(state: &AppState, jar: &'a CookieJar, name: &'static str) -> Option<&'a str> {
    jar.get(&self::name(state, name)).map(Cookie::value)
}

/// A cookie that lasts for `lasting`.
pub fn keep(
    state: &AppState,
    name: &'static str,
    value: String,
    lasting: SignedDuration,
) -> Cookie<'static> {
    Cookie::build((self::name(state, name), value))
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
