//! Pictures for products: uploaded here, named by products afterwards.

pub mod upload;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    upload::routes()
}
