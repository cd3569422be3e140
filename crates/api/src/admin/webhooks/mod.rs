//! Webhooks: which other systems are told of events, and what became of it.

pub mod change;
pub mod deliveries;
pub mod delivery;
pub mod detail;
pub mod form;
pub mod list;
pub mod pause;
pub mod redeliver;
pub mod redeliver_range;
pub mod register;
pub mod remove;
pub mod resume;
pub mod rotate;
mod status;
pub mod test;
pub mod view;

use ::access::{Kind, Resource};
use ::webhooks::WebhookError;
use kernel::{ErrorCode, id::WebhookId};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler, register::handler))
        .routes(routes!(detail::handler, change::handler, remove::handler))
        .routes(routes!(pause::handler))
        .routes(routes!(resume::handler))
        .routes(routes!(rotate::handler))
        .routes(routes!(test::handler))
        .routes(routes!(redeliver_range::handler))
        .routes(routes!(deliveries::handler))
        .routes(routes!(delivery::handler))
        .routes(routes!(redeliver::handler))
}

fn resource(id: WebhookId) -> Resource {
    Resource::one(Kind::Webhook, id)
}

/// The problem a change was refused with.
fn problem(error: WebhookError) -> Problem {
    let transition = |detail: String| Problem::new(ErrorCode::InvalidTransition).detail(detail);
    match error {
        WebhookError::NotFound => ErrorCode::WebhookNotFound.into(),
        WebhookError::InvalidMove(invalid) => {
            transition(invalid.to_string()).with("current_status", invalid.from.as_str())
        }
        WebhookError::NotActive(status) => transition("resume the webhook first".to_owned())
            .with("current_status", status.as_str()),
        WebhookError::StillPending => transition("it is on its way already".to_owned()),
        WebhookError::VersionConflict(version) => {
            Problem::new(ErrorCode::VersionConflict).with("version", version)
        }
        WebhookError::TooMany(_) => {
            Problem::new(ErrorCode::ValidationFailed).detail(error.to_string())
        }
        WebhookError::Refused(refused) => {
            Problem::new(ErrorCode::ValidationFailed).field("/url", refused.to_string())
        }
        WebhookError::Sealed | WebhookError::InvalidDeliveryMove(_) => Problem::internal(&error),
        WebhookError::Db(error) => error.into(),
    }
}
