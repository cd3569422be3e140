//! `GET /api/admin/events`

#![expect(unused_qualifications, reason = "utoipa's macro qualifies the type of the query")]

use axum::{Json, extract::State};
use jiff::Timestamp;
use kernel::{Cursor, ErrorCode, Page, PageLimit, id::EventId};
use outbox::history::{self, EventFilter, PastEvent, PastPlace};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    AppState,
    access::Permit,
    kit::{Problem, Query, problem::ProblemBody},
};

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventParams {
    /// Of this kind, e.g. `order.paid`, or of a family of them, e.g. `order.*`.
    #[param(max_length = 100, example = "order.*")]
    kind: Option<String>,
    /// About this: an order, a variant, a webhook.
    subject: Option<Uuid>,
    /// That occurred not before this.
    from: Option<Timestamp>,
    /// Before this.
    until: Option<Timestamp>,
    /// Events on a page, 24 unless asked; less than 1 counts as 1, and more than 100 as 100.
    #[param(format = "uint32")]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Its id, which is also the consumer's deduplication key.
    pub id: EventId,
    /// What happened.
    #[schema(example = "order.paid")]
    pub kind: String,
    /// What it happened to.
    pub subject: Uuid,
    /// When.
    pub occurred_at: Timestamp,
    /// How far the news has come: `pending`, `done`, `waiting` (it failed, or waits for one that did)
    /// or `dead`.
    #[schema(example = "done")]
    pub progress: &'static str,
    /// How often it failed.
    pub attempts: u16,
    /// What a consumer needs to know of it. Addresses lack what may open something.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A page of events.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the answer is a `Page`")]
pub struct EventPage {
    /// The events, the last one first.
    items: Vec<EventView>,
    /// Give this back as `cursor` for the next page; `null` on the last page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// What happened in the last days, the last first. A search by `subject` is quick; one for something
/// rare in a large shop is quicker with a time.
#[utoipa::path(
    get, path = "/api/admin/events", tag = "events", operation_id = "list_events",
    params(EventParams),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = EventPage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    Query(params): Query<EventParams>,
) -> Result<Json<Page<EventView>>, Problem> {
    let bad_cursor =
        |_| Problem::new(ErrorCode::ValidationFailed).field("#cursor", "is not from this list");
    let after = params.cursor.as_deref().map(Cursor::unpack::<(u64, i64)>).transpose();
    let after = after.map_err(bad_cursor)?.map(|(tx, position)| PastPlace(tx, position));
    let filter = EventFilter {
        kinds: params.kind.as_deref().map(super::interest).transpose()?,
        subject: params.subject,
        from: params.from,
        until: params.until,
    };
    let limit = PageLimit::clamped(params.limit);
    let mut conn = state.db.acquire().await?;
    let rows = history::events(&mut conn, &filter, after, limit.fetch()).await?;
    let place = |last: &PastEvent| Cursor::pack(&(last.place.0, last.place.1));
    Ok(Json(Page::from_rows(rows, limit, place).map(EventView::from)))
}

impl From<PastEvent> for EventView {
    fn from(past: PastEvent) -> Self {
        let event = past.event;
        Self {
            id: event.id,
            kind: event.kind,
            subject: event.subject,
            occurred_at: event.occurred_at,
            progress: past.progress.as_str(),
            attempts: event.attempts,
            data: history::discreet(&event.data),
        }
    }
}
