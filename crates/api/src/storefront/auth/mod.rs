//! Accounts: opening one, signing in and out, staying signed in, what a mail has to prove.

pub mod check_email;
pub mod forgot_password;
pub mod login;
pub mod logout;
pub mod logout_all;
pub(crate) mod mail;
mod proof;
pub mod refresh;
pub mod register;
pub mod resend_verification;
pub mod reset_password;
pub mod session;
pub mod verify_email;

use identity::{IdentityError, TooMany};
use kernel::ErrorCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register::handler))
        .routes(routes!(login::handler))
        .routes(routes!(refresh::handler))
        .routes(routes!(logout::handler))
        .routes(routes!(logout_all::handler))
        .routes(routes!(verify_email::handler))
        .routes(routes!(resend_verification::handler))
        .routes(routes!(forgot_password::handler))
        .routes(routes!(reset_password::handler))
}

pub(super) fn problem(error: IdentityError) -> Problem {
    match error {
        IdentityError::NoSuchUser => ErrorCode::AuthUnauthorized.into(),
        IdentityError::SecondFactorOn
        | IdentityError::SecondFactorOff
        | IdentityError::LastAdmin => {
            Problem::new(ErrorCode::InvalidTransition).detail(error.to_string())
        }
        IdentityError::TooManyAttempts(refused) => too_many(refused),
        IdentityError::TooManyApiKeys | IdentityError::TooManyAddresses => {
            Problem::new(ErrorCode::ValidationFailed).field("", error.to_string())
        }
        IdentityError::Busy => Problem::new(ErrorCode::ServiceUnavailable).retry_after(2),
        IdentityError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}

/// Guessing is made slow.
pub(super) fn too_many(refused: TooMany) -> Problem {
    let seconds = u32::try_from(refused.retry_after.as_secs()).unwrap_or(u32::MAX);
    Problem::new(ErrorCode::RateLimited)
        .detail("too many attempts have failed")
        .retry_after(seconds.max(1))
}
