//! The policies: read, saved, tried out, activated, explained.

pub mod activate;
pub mod detail;
pub mod explain;
pub mod list;
pub mod save;
pub mod trial;

use ::access::{AccessError, PolicyError};
use kernel::ErrorCode;
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, save::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(trial::handler))
        .routes(routes!(activate::handler))
        .routes(routes!(explain::handler))
}

fn problem(error: AccessError) -> Problem {
    match error {
        AccessError::Invalid(errors) => invalid(&errors),
        AccessError::UnknownVersion => ErrorCode::NotFound.into(),
        AccessError::Conflict => ErrorCode::VersionConflict.into(),
        AccessError::Db(error) => error.into(),
    }
}

/// Every mistake with its place in its file.
fn invalid(errors: &[PolicyError]) -> Problem {
    let problem = Problem::new(ErrorCode::ValidationFailed).with("policy_errors", json!(errors));
    errors.iter().fold(problem, |problem, error| problem.field("/files", error.to_string()))
}
