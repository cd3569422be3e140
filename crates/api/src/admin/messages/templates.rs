//! `GET /api/admin/messages/templates`

use axum::Json;
use notifications::templates::{MAILS, TEXTS};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Permit,
    kit::{Problem, problem::ProblemBody},
};

/// Every kind of message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageTemplates {
    /// In the order of an order's life, mails first.
    items: Vec<MessageTemplate>,
}

/// A kind of message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageTemplate {
    /// `mail` or `sms`.
    channel: &'static str,
    /// What it is known by.
    #[schema(example = "order_paid")]
    kind: &'static str,
    /// The kind of the job that sends it; dead letters are listed by it.
    #[schema(example = "send_order_confirmation")]
    job: &'static str,
}

/// Every kind of message that this shop sends.
#[utoipa::path(
    get, path = "/api/admin/messages/templates", tag = "messages",
    operation_id = "list_message_templates",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MessageTemplates),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(_: Permit) -> Result<Json<MessageTemplates>, Problem> {
    let mails = MAILS.iter().map(|it| ("mail", it.kind, it.job));
    let texts = TEXTS.iter().map(|it| ("sms", it.kind, it.job));
    let items =
        mails.chain(texts).map(|(channel, kind, job)| MessageTemplate { channel, kind, job });
    Ok(Json(MessageTemplates { items: items.collect() }))
}
