//! `GET /api/orders/{id}/events`

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use jiff::Timestamp;
use kernel::id::OrderId;
use queries::orders::{OrderStatusWord, OrderView, PaymentStatusWord};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::{self, AccessibleOrder};
use crate::{
    AppState,
    kit::{Problem, problem::ProblemBody, streams::Seat},
};

/// How often to look.
const PERIOD: Duration = Duration::from_secs(1);
/// After this the stream ends; browsers connect again by themselves.
const LOOKS: u32 = 600;

/// What the stream tells, at once and whenever it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrderProgress {
    /// How far the order has come.
    pub status: OrderStatusWord,
    /// How far the last attempt to pay has come.
    #[schema(required)]
    pub payment_status: Option<PaymentStatusWord>,
    /// Until when the stock is (or was) held.
    pub reserved_until: Timestamp,
}

impl From<&OrderView> for OrderProgress {
    fn from(order: &OrderView) -> Self {
        Self {
            status: order.status,
            payment_status: order.payments.last().map(|payment| payment.status),
            reserved_until: order.reserved_until,
        }
    }
}

struct Watch {
    state: AppState,
    id: OrderId,
    seat: Seat,
    told: Option<OrderProgress>,
    next: Option<OrderProgress>,
    looks: u32,
}

/// Follows an order: `event: order` with its progress, by server-sent events.
#[utoipa::path(
    get, path = "/api/orders/{id}/events", tag = "orders", operation_id = "follow_order",
    params(("id" = OrderId, Path), ("access_token" = Option<String>, Query)),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "Server-sent events named `order`", body = OrderProgress, content_type = "text/event-stream"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: too many streams are open", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    accessible: AccessibleOrder,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let (id, next) = (accessible.order.id, Some(OrderProgress::from(&accessible.order)));
    let seat = state.streams().open()?;
    let watch = Watch { state, id, seat, told: None, next, looks: 0 };
    Ok(Sse::new(stream::unfold(watch, news)).keep_alive(KeepAlive::default()))
}

/// Waits until there is something new to tell. A database that is away for a moment is not news.
async fn news(mut watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    loop {
        if let Some(progress) = watch.next.take()
            && watch.told.as_ref() != Some(&progress)
        {
            let event = Event::default().event("order").json_data(&progress).ok()?;
            watch.told = Some(progress);
            return Some((Ok(event), watch));
        }
        watch.looks += 1;
        if watch.looks > LOOKS {
            return None;
        }
        watch.seat.wait(tokio::time::sleep(PERIOD)).await?;
        if let Ok(order) = access::read(&watch.state, watch.id).await {
            watch.next = Some(OrderProgress::from(&order?));
        }
    }
}
