//! What other systems call.

pub mod ecpay;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    ecpay::routes()
}
