//! `GET /api/admin/messages/mailbox/{id}`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{extract::State, response::Response};
use kernel::ErrorCode;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{MailFormat, page, plain, unreadable};
use crate::{
    AppState,
    access::Permit,
    kit::{Path, Problem, Query, problem::ProblemBody},
};

/// As what.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StoredMailParams {
    /// `html`, which is the default, or `text`.
    #[serde(default)]
    #[param(inline, required = false)]
    format: MailFormat,
}

/// A mail in the folder, as it was written. It is shown in a sandbox: nothing in it runs, and it
/// fetches nothing.
#[utoipa::path(
    get, path = "/api/admin/messages/mailbox/{id}", tag = "messages",
    operation_id = "read_stored_mail",
    params(("id" = Uuid, Path, description = "Which mail"), StoredMailParams),
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
    State(state): State<AppState>,
    _: Permit,
    Path(id): Path<Uuid>,
    Query(params): Query<StoredMailParams>,
) -> Result<Response, Problem> {
    let mailbox = state.mailbox.as_ref().ok_or(ErrorCode::NotFound)?;
    let mail = mailbox.find(id).await.map_err(unreadable)?.ok_or(ErrorCode::NotFound)?;
    Ok(match params.format {
        MailFormat::Html => page(mail.html),
        MailFormat::Text => plain(format!("{}\n\n{}", mail.subject, mail.text)),
    })
}
