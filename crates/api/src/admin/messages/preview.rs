//! `GET /api/admin/messages/templates/{kind}/preview`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::response::Response;
use kernel::{ErrorCode, Locale};
use notifications::{
    Renderer,
    templates::{MailTemplate, TextTemplate},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{page, plain};
use crate::{
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// In which language, and as what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PreviewParams {
    /// `zh-TW`, which is the default, or `en`.
    #[param(value_type = Option<String>)]
    locale: Option<Locale>,
    /// `html`, which is the default, `text` or `sms`.
    #[serde(default)]
    #[param(inline, required = false)]
    format: PreviewFormat,
}

/// As what a message is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreviewFormat {
    /// The mail as a page.
    #[default]
    Html,
    /// The mail's subject and plain text.
    Text,
    /// The short message.
    Sms,
}

/// A message with sample data. A kind that has no message of the format asked for is not found.
#[utoipa::path(
    get, path = "/api/admin/messages/templates/{kind}/preview", tag = "messages",
    operation_id = "preview_message",
    params(("kind" = String, Path, description = "Which kind of message"), PreviewParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, content((String = "text/html"), (String = "text/plain"))),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    _: Permit,
    Path(kind): Path<String>,
    Query(params): Query<PreviewParams>,
) -> Result<Response, Problem> {
    let (renderer, locale) = (Renderer::new(), params.locale.unwrap_or_default());
    if params.format == PreviewFormat::Sms {
        let template = TextTemplate::find(&kind).ok_or(ErrorCode::NotFound)?;
        return template.sample(&renderer, locale).map(plain).map_err(|error| broken(&error));
    }
    let template = MailTemplate::find(&kind).ok_or(ErrorCode::NotFound)?;
    let mail = template.sample(&renderer, locale).map_err(|error| broken(&error))?;
    Ok(match params.format {
        PreviewFormat::Html => page(ports::mail::with_pictures(&mail.html, &mail.inline)),
        PreviewFormat::Text | PreviewFormat::Sms => {
            plain(format!("{}\n\n{}", mail.subject, mail.text))
        }
    })
}

/// A template that cannot be filled in: a test would have found it.
fn broken(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "a message could not be written");
    ErrorCode::Internal.into()
}
