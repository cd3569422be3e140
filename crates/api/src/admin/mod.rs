//! The back office's endpoints.

pub mod inventory;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    inventory::routes()
}
