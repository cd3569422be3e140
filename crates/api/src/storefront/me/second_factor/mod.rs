//! The second factor of whoever is signed in.

pub mod begin;
pub mod confirm;
pub mod recovery_codes;
pub mod remove;
pub mod show;

use identity::RecoveryCode;
use kernel::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show::handler, begin::handler, remove::handler))
        .routes(routes!(confirm::handler))
        .routes(routes!(recovery_codes::handler))
}

/// Recovery codes, shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each signs in once, in place of a code of the app.
    #[schema(example = json!(["abcde-fghjk"]), min_items = 10, max_items = 10)]
    pub recovery_codes: Vec<String>,
}

impl From<Vec<RecoveryCode>> for RecoveryCodes {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        Self { recovery_codes: codes.iter().map(RecoveryCode::reveal).collect() }
    }
}

fn wrong_code() -> Problem {
    Problem::new(ErrorCode::AuthInvalidCredentials).detail("the code is wrong, or was used before")
}
