//! Messages: what each kind of mail and short message says, and what lies in the folders of a shop
//! that sends none.

pub mod mailbox;
pub mod preview;
pub mod sms;
pub mod stored_mail;
pub mod templates;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use kernel::ErrorCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{AppState, kit::Problem};

/// A mail shown in a browser is somebody's text in the shop's origin: it runs nothing, sends nothing,
/// fetches nothing, and only the shop's own pages may frame it.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(templates::handler))
        .routes(routes!(preview::handler))
        .routes(routes!(mailbox::handler))
        .routes(routes!(stored_mail::handler))
        .routes(routes!(sms::handler))
}

/// As what a mail is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailFormat {
    /// As a page.
    #[default]
    Html,
    /// As plain text, its subject first.
    Text,
}

/// How many of a folder.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FolderParams {
    /// The newest of them, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
}

/// A mail's page, kept from doing anything.
fn page(html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, Html(html)).into_response()
}

/// A mail's subject and text, or a short message.
fn plain(text: String) -> Response {
    let headers: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (headers, text).into_response()
}

/// A folder that cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "an error to map from")]
fn unreadable(error: std::io::Error) -> Problem {
    tracing::error!(%error, "the folder of messages could not be read");
    ErrorCode::Internal.into()
}
