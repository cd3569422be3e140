//! Accounts: opening one, signing in and out, staying signed in.

pub mod login;
pub mod logout;
pub mod refresh;
pub mod register;
pub mod session;

use identity::IdentityError;
use kernel::ErrorCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::handler))
        .routes(routes!(login::handler))
        .routes(routes!(refresh::handler))
        .routes(routes!(logout::handler))
}

fn problem(error: IdentityError) -> Problem {
    match error {
        IdentityError::EmailTaken => {
            Problem::new(ErrorCode::EmailTaken).field("/email", "is registered already")
        }
        IdentityError::Busy => Problem::new(ErrorCode::ServiceUnavailable).retry_after(2),
        IdentityError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}
