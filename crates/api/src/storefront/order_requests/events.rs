//! `GET /api/order-requests/{id}/events`

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::stream;
use intake::Followed;

use super::{
    name::Name,
    status::{Known, OrderRequest, OrderRequestStatus, Visible},
};
use crate::{
    AppState,
    kit::{Problem, context::Spoken, problem::ProblemBody, streams::Seat},
};

/// How often the place is looked at. Its fall is told, not every step of it.
const PERIOD: Duration = Duration::from_millis(250);
/// The id of the last event. A browser that connects again sends it, and is told to stop.
const LAST: &str = "decided";

struct Watch {
    state: AppState,
    seat: Seat,
    name: Name,
    spoken: Spoken,
    next: Next,
}

enum Next {
    /// To be told at once.
    Tell(Box<OrderRequest>),
    /// What was told last, and what to wait for.
    Wait(u64, Followed),
    /// Everything was told.
    End,
}

/// Follows a request for an order: `event: request` with the request, at once, whenever fewer are
/// ahead of it, and when it is decided; then the stream ends.
#[utoipa::path(
    get, path = "/api/order-requests/{id}/events", tag = "orders",
    operation_id = "follow_order_request",
    params(("id" = String, Path), ("Last-Event-ID" = Option<String>, Header)),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Server-sent events named `request`", body = OrderRequest, content_type = "text/event-stream"),
        (status = 204, description = "Everything was told: do not connect again"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`: unknown (any more), or not the caller's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    headers: HeaderMap,
    visible: Visible,
) -> Result<Response, Problem> {
    if headers.get("last-event-id").is_some_and(|id| id == LAST) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let Visible { name, known } = visible;
    let (seat, spoken) = (state.streams().open()?, Spoken::here());
    let next = match known {
        Known::Followed(followed) => Next::Wait(u64::MAX, followed),
        Known::Placed(placed) => {
            Next::Tell(Box::new(OrderRequest::decided(name, Ok(placed), &state, &spoken)))
        }
    };
    let watch = Watch { state, seat, name, spoken, next };
    let events = stream::unfold(watch, news);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// Waits until there is something new to tell.
async fn news(mut watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    let (told, mut followed) = match std::mem::replace(&mut watch.next, Next::End) {
        Next::End => return None,
        Next::Tell(request) => return tell(&request, watch),
        Next::Wait(told, followed) => (told, followed),
    };
    loop {
        if followed.outcome().is_none() && followed.ahead() < told {
            let ahead = followed.ahead();
            let request = OrderRequest::queued(watch.name, ahead);
            watch.next = Next::Wait(ahead, followed);
            return tell(&request, watch);
        }
        let decided = watch.seat.wait(tokio::time::timeout(PERIOD, followed.decided())).await?;
        if let Ok(outcome) = decided {
            let decided = OrderRequest::decided(watch.name, outcome?, &watch.state, &watch.spoken);
            return tell(&decided, watch);
        }
    }
}

fn tell(request: &OrderRequest, watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    let event = Event::default().event("request").json_data(request).ok()?;
    let last = request.status != OrderRequestStatus::Queued;
    let event = if last { event.id(LAST) } else { event };
    Some((Ok(event), watch))
}
