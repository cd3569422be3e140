//! Files of products: sent here, taken in the background, and followed.

pub mod cancel;
pub mod create;
pub mod detail;
pub mod list;
pub mod rows;
pub mod rows_export;
pub mod view;

use ::access::{Kind, Resource};
use kernel::id::ProductImportId;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, create::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(rows::handler))
        .routes(routes!(rows_export::handler))
}

fn resource(id: ProductImportId) -> Resource {
    Resource::one(Kind::Product, id)
}
