//! What other systems call.

pub mod carriers;
pub mod ecpay;
pub mod signature;

use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

/// Whether a path is one of theirs: what they send is signed, and no browser's session counts.
pub(crate) fn is_hook(path: &str) -> bool {
    ["/api/payments/", "/api/carriers/"].iter().any(|prefix| path.starts_with(prefix))
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    ecpay::routes().merge(carriers::routes())
}
