//! What shoppers use.

pub mod auth;
pub mod cart;
pub mod categories;
pub mod challenge;
pub mod checkout;
pub mod me;
pub mod order_requests;
pub mod orders;
pub mod payment_methods;
pub mod products;
pub mod search;
pub mod shipping_methods;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(auth::routes())
        .merge(me::routes())
        .merge(categories::routes())
        .merge(products::routes())
        .merge(search::routes())
        .merge(cart::routes())
        .routes(routes!(challenge::handler))
        .routes(routes!(checkout::handler))
        .routes(routes!(shipping_methods::handler))
        .routes(routes!(payment_methods::handler))
        .merge(orders::routes())
        .merge(order_requests::routes())
}
