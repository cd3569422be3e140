//! The back office's endpoints.

pub mod audit_log;
pub mod inventory;
pub mod policies;
pub mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    inventory::routes().merge(users::routes()).merge(policies::routes()).merge(audit_log::routes())
}
