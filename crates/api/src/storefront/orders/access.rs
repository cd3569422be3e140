//! Who may see an order: its owner, somebody of the shop, or who has its token. To everybody else
//! it does not exist.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use kernel::{Actor, ErrorCode, id::OrderId};
use queries::orders::OrderView;

use crate::{
    AppState,
    kit::{Caller, Path, Problem},
};

/// An order the caller may see, as it is now.
#[derive(Debug)]
pub struct AccessibleOrder {
    /// The order.
    pub order: OrderView,
    /// The caller, as the author of a change.
    pub actor: Actor,
}

#[derive(serde::Deserialize)]
struct OrderPath {
    id: OrderId,
}

impl<S> FromRequestParts<S> for AccessibleOrder
where
    AppState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let not_found = || Problem::new(ErrorCode::OrderNotFound);
        let Path(OrderPath { id }) =
            Path::from_request_parts(parts, state).await.map_err(|_| not_found())?;
        let app = AppState::from_ref(state);
        let by_token = token(parts).is_some_and(|token| app.checkout.access.opens(id, &token));
        let caller = Caller::from_request_parts(parts, state).await;
        let order = read(&app, id).await?.ok_or_else(not_found)?;
        match caller {
            Ok(caller) => {
                let owns = caller.user_id().is_some_and(|user| order.customer == Some(user));
                let staff = caller.0.as_ref().is_some_and(|claims| !claims.roles.is_empty());
                let actor = if staff && !owns {
                    caller.user_id().map_or(Actor::Guest, Actor::Staff)
                } else {
                    caller.actor()
                };
                if owns || staff || by_token {
                    return Ok(Self { order, actor });
                }
                Err(not_found())
            }
            // A stale sign-in does not lock a guest's link out.
            Err(_) if by_token => Ok(Self { order, actor: Actor::Guest }),
            Err(problem) => Err(problem),
        }
    }
}

/// The order as it is now.
pub async fn read(state: &AppState, id: OrderId) -> Result<Option<OrderView>, Problem> {
    let mut conn = state.db.acquire().await?;
    Ok(queries::orders::detail(&mut conn, id).await?)
}

fn token(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("x-order-token").and_then(|value| value.to_str().ok());
    let query = || {
        let query = parts.uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "access_token").map(|(_, value)| value.into_owned())
    };
    header.map(str::to_owned).or_else(query)
}
