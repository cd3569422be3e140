//! `GET /api/admin/audit-log/export`

use audit::{Entry, Filter};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures::{Stream, stream};
use pg::DbResult;
use uuid::Uuid;

use super::AuditParams;
use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, csv, problem::ProblemBody},
};

/// Entries that are read at a time.
const BATCH: u16 = 1_000;

const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "source",
    "action",
    "target_kind",
    "target_id",
    "before",
    "after",
    "reason",
    "ip",
    "trace_id",
];

/// The audit log as CSV (UTF-8), the newest first, without an end to its length: it is read and
/// sent a thousand entries at a time.
#[utoipa::path(
    get, path = "/api/admin/audit-log/export", tag = "audit", operation_id = "export_audit_log",
    params(AuditParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = String, content_type = "text/csv"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<AuditParams>,
) -> Result<Response, Problem> {
    let filter = params.filter()?;
    let rows = rows(state, filter);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit-log.csv\""),
    ];
    Ok((headers, Body::from_stream(rows)).into_response())
}

/// Where an export has got to.
enum Place {
    Head,
    After(Option<Uuid>),
    End,
}

fn rows(state: AppState, filter: Filter) -> impl Stream<Item = DbResult<Bytes>> {
    stream::try_unfold(Place::Head, move |place| {
        let (state, filter) = (state.clone(), filter.clone());
        async move {
            let after = match place {
                Place::Head => {
                    return Ok(Some((csv::head(COLUMNS), Place::After(None))));
                }
                Place::After(after) => after,
                Place::End => return Ok(None),
            };
            let mut conn = state.db.acquire().await?;
            let entries = audit::batch(&mut conn, &filter, after, BATCH).await?;
            let Some(last) = entries.last().map(|it| it.id) else { return Ok(None) };
            let next = if entries.len() < usize::from(BATCH) {
                Place::End
            } else {
                Place::After(Some(last))
            };
            let text: Vec<u8> = entries.iter().flat_map(|it| csv::row(fields(it))).collect();
            Ok(Some((Bytes::from(text), next)))
        }
    })
}

fn fields(entry: &Entry) -> [String; 13] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    [
        entry.id.to_string(),
        entry.at.to_string(),
        entry.actor_kind.clone(),
        entry.actor_id.map(|id| id.to_string()).unwrap_or_default(),
        entry.source.clone(),
        entry.action.clone(),
        entry.target_kind.clone(),
        entry.target_id.clone(),
        json(&entry.before),
        json(&entry.after),
        text(&entry.reason),
        text(&entry.ip),
        entry.trace_id.clone(),
    ]
}
