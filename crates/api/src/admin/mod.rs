//! The back office's endpoints.

pub mod audit_log;
pub mod backorders;
pub mod bundles;
pub mod categories;
pub mod coupons;
pub mod dead_letters;
pub mod events;
pub mod inventory;
pub mod jobs;
pub mod messages;
pub mod orders;
pub mod payment_methods;
pub mod payment_tasks;
pub mod payments;
pub mod pictures;
pub mod policies;
pub mod price_lists;
pub mod product_imports;
pub mod products;
pub mod promotions;
pub mod reason;
pub mod reconciliations;
pub mod refunds;
pub mod returns;
pub mod shipments;
pub mod sourcing;
pub mod stocktakes;
pub mod transfers;
pub mod users;
pub mod warehouses;
pub mod webhooks;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    inventory::routes()
        .merge(products::routes())
        .merge(product_imports::routes())
        .merge(pictures::routes())
        .merge(categories::routes())
        .merge(promotions::routes())
        .merge(coupons::routes())
        .merge(price_lists::routes())
        .merge(bundles::routes())
        .merge(backorders::routes())
        .merge(transfers::routes())
        .merge(stocktakes::routes())
        .merge(warehouses::routes())
        .merge(sourcing::routes())
        .merge(orders::routes())
        .merge(shipments::routes())
        .merge(returns::routes())
        .merge(refunds::routes())
        .merge(payment_tasks::routes())
        .merge(reconciliations::routes())
        .merge(payment_methods::routes())
        .merge(payments::routes())
        .merge(users::routes())
        .merge(policies::routes())
        .merge(audit_log::routes())
        .merge(events::routes())
        .merge(dead_letters::routes())
        .merge(jobs::routes())
        .merge(webhooks::routes())
        .merge(messages::routes())
}
