//! What other systems call.

pub mod ecpay;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

/// Where all of them lie.
pub(crate) const PREFIX: &str = "/api/payments/";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    ecpay::routes()
}
