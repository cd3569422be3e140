//! `GET /api/admin/messages/sms`

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

/// What lies in the folder of short messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsBox {
    /// The newest first.
    items: Vec<SmsBoxEntry>,
}

/// A short message in the folder.
#[derive(Debug, Serialize, ToSchema)]
pub struct SmsBoxEntry {
    /// Its id.
    id: Uuid,
    /// When it was written.
    sent_at: Timestamp,
    /// To which telephone.
    #[schema(example = "0912345678")]
    to: String,
    /// What it says.
    text: String,
}

/// The short messages of a shop that puts them into a folder (`OXCART_SMS=folder`); not found in a
/// shop that sends them, or writes none.
#[utoipa::path(
    get, path = "/api/admin/messages/sms", tag = "messages", operation_id = "list_sms_box",
    params(FolderParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SmsBox),
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
) -> Result<Json<SmsBox>, Problem> {
    let sms_box = state.sms_box.as_ref().ok_or(ErrorCode::NotFound)?;
    let limit = PageLimit::clamped(params.limit).get();
    let found = sms_box.list(limit).await.map_err(unreadable)?;
    let items = found.into_iter().map(|sms| SmsBoxEntry {
        id: sms.id,
        sent_at: sms.sent_at,
        to: sms.to,
        text: sms.text,
    });
    Ok(Json(SmsBox { items: items.collect() }))
}
