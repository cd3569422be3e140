//! The back office's endpoints.

pub mod audit_log;
pub mod backorders;
pub mod bundles;
pub mod inventory;
pub mod policies;
pub mod reason;
pub mod sourcing;
pub mod stocktakes;
pub mod transfers;
pub mod users;
pub mod warehouses;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    inventory::routes()
        .merge(bundles::routes())
        .merge(backorders::routes())
        .merge(transfers::routes())
        .merge(stocktakes::routes())
        .merge(warehouses::routes())
        .merge(sourcing::routes())
        .merge(users::routes())
        .merge(policies::routes())
        .merge(audit_log::routes())
}
