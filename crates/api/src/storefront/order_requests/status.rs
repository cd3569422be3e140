//! `GET /api/order-requests/{id}`

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRef, FromRequestParts, State},
    http::{header, request::Parts},
    response::{IntoResponse, Response},
};
use intake::{Followed, PlaceError, Placed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::name::{Name, unknown};
use crate::{
    AppState,
    kit::{Caller, Path, Problem, context::Spoken, problem::ProblemBody},
    storefront::orders::{
        created::{CreatedOrder, created},
        refusal,
    },
};

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderRequestStatus {
    /// It waits for its turn.
    Queued,
    /// The order is placed.
    Placed,
    /// There is no order; `problem` says why. The same key may be used again.
    Refused,
}

/// A request for an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderRequest {
    /// What it is called here.
    pub id: String,
    /// How far it has come.
    pub status: OrderRequestStatus,
    /// While it is queued: how many requests are ahead of it.
    #[schema(required)]
    pub place: Option<u64>,
    /// Where to follow it by server-sent events.
    pub events: String,
    /// What the waiting form answers with 201.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<CreatedOrder>,
    /// What the waiting form answers instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}

impl OrderRequest {
    fn new(name: Name, status: OrderRequestStatus) -> Self {
        Self {
            id: name.to_string(),
            status,
            place: None,
            events: format!("{}/events", name.location()),
            order: None,
            problem: None,
        }
    }

    /// As it stands, for whoever has just asked for it or may see it.
    pub fn of(name: Name, followed: &Followed, state: &AppState) -> Self {
        match followed.outcome() {
            None => Self::queued(name, followed.ahead()),
            Some(outcome) => Self::decided(name, outcome, state, &Spoken::here()),
        }
    }

    /// Waiting.
    pub fn queued(name: Name, ahead: u64) -> Self {
        Self { place: Some(ahead), ..Self::new(name, OrderRequestStatus::Queued) }
    }

    /// Decided.
    pub fn decided(
        name: Name,
        outcome: Result<Arc<Placed>, PlaceError>,
        state: &AppState,
        spoken: &Spoken,
    ) -> Self {
        match outcome {
            Ok(placed) => {
                let order = created(placed, &state.checkout.access);
                Self { order: Some(order), ..Self::new(name, OrderRequestStatus::Placed) }
            }
            Err(error) => {
                let problem = refusal::problem(error, state).into_body(spoken);
                Self { problem: Some(problem), ..Self::new(name, OrderRequestStatus::Refused) }
            }
        }
    }
}

/// A request that the caller may see.
#[derive(Debug)]
pub struct Visible {
    /// Its name.
    pub name: Name,
    /// What is known of it.
    pub known: Known,
}

/// What is known of a request.
#[derive(Debug)]
pub enum Known {
    /// It is followed on this node.
    Followed(Followed),
    /// Its key has placed this order, before a restart or on another node.
    Placed(Arc<Placed>),
}

#[derive(Deserialize)]
struct RequestPath {
    id: String,
}

impl<S> FromRequestParts<S> for Visible
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await.map_err(|_| unknown())?;
        let Path(RequestPath { id }) = path;
        let name = Name::parse(&id)?;
        let app = AppState::from_ref(state);
        let known = look(&app, name).await?;
        let customer = match &known {
            Known::Followed(followed) => followed.customer(),
            Known::Placed(placed) => placed.order.customer,
        };
        // A guest's request is whose who knows its name; a customer's is the customer's alone.
        if customer.is_some() {
            let caller = Caller::from_request_parts(parts, state).await?;
            if caller.user_id() != customer {
                return Err(unknown());
            }
        }
        Ok(Self { name, known })
    }
}

async fn look(state: &AppState, name: Name) -> Result<Known, Problem> {
    let followed = state.pending().find(name.as_bytes());
    let open = |followed: &Followed| match followed.outcome() {
        None => true,
        Some(outcome) => matches!(outcome, Ok(_) | Err(PlaceError::Refused(_))),
    };
    match followed {
        Some(followed) if open(&followed) => Ok(Known::Followed(followed)),
        // It is not known here, or what is known is that the answer was lost: the key tells.
        followed => {
            let mut conn = state.db.acquire().await?;
            let access = &state.checkout.access;
            let is_it = |fingerprint: &orders::Fingerprint| name.is_of(fingerprint, access);
            let placed = intake::recall(&mut conn, name.key(), is_it, state.clock.now()).await?;
            let known = placed.map(Known::Placed).or_else(|| followed.map(Known::Followed));
            known.ok_or_else(unknown)
        }
    }
}

/// How far a request for an order has come that was sent with `Prefer: respond-async`.
///
/// It is remembered for a quarter of an hour by the server that took it. Later, elsewhere or after
/// a restart, a placed order is still found for as long as its key lives; of anything else nothing
/// is known, and the request may be sent again with the same key.
#[utoipa::path(
    get, path = "/api/order-requests/{id}", tag = "orders", operation_id = "get_order_request",
    params(("id" = String, Path, description = "From the `Location` of the 202")),
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OrderRequest),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`ORDER_NOT_FOUND`: unknown (any more), or not the caller's", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(State(state): State<AppState>, visible: Visible) -> Response {
    let Visible { name, known } = visible;
    let body = match known {
        Known::Followed(followed) => OrderRequest::of(name, &followed, &state),
        Known::Placed(placed) => OrderRequest::decided(name, Ok(placed), &state, &Spoken::here()),
    };
    if body.status == OrderRequestStatus::Queued {
        return ([(header::RETRY_AFTER, "1")], Json(body)).into_response();
    }
    Json(body).into_response()
}
