//! Whoever is signed in, about themselves.

pub mod addresses;
pub mod api_keys;
pub mod change;
pub mod close;
pub mod export;
pub mod password;
pub(crate) mod password_again;
pub mod second_factor;
pub mod sessions;
pub mod show;
pub mod wishlist;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::handler, change::handler, close::handler))
        .routes(routes!(password::handler))
        .routes(routes!(export::handler))
        .merge(sessions::routes())
        .merge(addresses::routes())
        .merge(second_factor::routes())
        .merge(api_keys::routes())
        .merge(wishlist::routes())
}
