//! `GET /api/admin/messages/mailbox`

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{ErrorCode, PageLimit};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{FolderParams, unreadable};
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// What lies in the folder of mails.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mailbox {
    /// The newest mail first.
    items: Vec<MailboxEntry>,
}

/// A mail in the folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailboxEntry {
    /// Its id.
    id: Uuid,
    /// When it was written.
    #[schema(required)]
    sent_at: Option<Timestamp>,
    /// To whom.
    to: String,
    /// Its subject.
    subject: String,
}

/// The mails of a shop that puts them into a folder (`OXCART_MAIL=folder`); not found in a shop that
/// sends them. They may hold links that open accounts, so they are for administrators.
#[utoipa::path(
    get, path = "/api/admin/messages/mailbox", tag = "messages", operation_id = "list_mailbox",
    params(FolderParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Mailbox),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<FolderParams>,
) -> Result<Json<Mailbox>, Problem> {
    let mailbox = state.mailbox.as_ref().ok_or(ErrorCode::NotFound)?;
    let limit = PageLimit::clamped(params.limit).get();
    let mails = mailbox.list(limit).await.map_err(unreadable)?;
    let items = mails.into_iter().map(|mail| MailboxEntry {
        id: mail.id,
        sent_at: mail.sent_at,
        to: mail.to,
        subject: mail.subject,
    });
    Ok(Json(Mailbox { items: items.collect() }))
}
