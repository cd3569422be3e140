//! Returns: decided, taken in, looked at.

pub mod approve;
pub mod cancel;
pub mod detail;
pub mod inspect;
pub mod list;
pub mod picture;
pub mod receive;
pub mod reject;

use ::access::{Kind, Resource};
use ::shipping::Return;
use axum::{
    Json,
    http::{HeaderName, HeaderValue},
};
use kernel::id::ReturnId;
use pg::DbError;
use queries::orders::ReturnView;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{Problem, etag},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list::handler))
        .routes(routes!(detail::handler))
        .routes(routes!(picture::handler))
        .routes(routes!(approve::handler))
        .routes(routes!(reject::handler))
        .routes(routes!(cancel::handler))
        .routes(routes!(receive::handler))
        .routes(routes!(inspect::handler))
}

/// A return with its version as the `ETag`.
pub type Tagged = ([(HeaderName, HeaderValue); 1], Json<ReturnView>);

/// A return as an answer.
pub fn tagged(back: &Return) -> Tagged {
    (etag(back.version), Json(back.into()))
}

/// A return in the words of the policies.
fn resource(back: &Return) -> Resource {
    Resource::one(Kind::Return, back.id).with_status(back.status.as_str())
}

/// A return in the words of the audit log.
fn on_record(back: &Return) -> Value {
    let line = |it: &::shipping::returns::ReturnLine| {
        json!({
            "line_no": it.line_no, "quantity": it.quantity, "received": it.received,
            "restocked": it.restocked, "written_off": it.written_off, "refused": it.refused,
        })
    };
    json!({
        "order_id": back.order, "number": back.number, "status": back.status,
        "refund_id": back.refund, "lines": back.lines.iter().map(line).collect::<Vec<_>>(),
    })
}

/// Writes a move into the audit log, commits, and answers with the return as it is then.
async fn finish(
    mut tx: pg::db::Transaction,
    permit: &Permit,
    (before, after): (Return, Return),
    reason: Option<&str>,
) -> Result<Tagged, Problem> {
    let change =
        Change { before: Some(on_record(&before)), after: Some(on_record(&after)), reason };
    permit.record(&mut tx, &resource(&after), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(tagged(&after))
}

/// Which return is moved, and which version of it was seen.
type Seen = (ReturnId, Option<i64>);
