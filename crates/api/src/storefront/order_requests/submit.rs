//! `202 Accepted`: the order is in the queue, and its client comes back for the answer.

use std::{future::Future, sync::Arc};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use intake::{PlaceOrder, Placed};

use super::{name::Name, status::OrderRequest};
use crate::{
    AppState,
    kit::{Problem, prefer},
    storefront::orders::refusal,
};

/// Queues a request and says where to ask about it. `placed` runs once it is placed, whether or not
/// anybody asks. What can be refused at once is.
pub fn respond_async<F: Future<Output = ()> + Send>(
    state: &AppState,
    request: PlaceOrder,
    placed: impl FnOnce(Arc<Placed>) -> F + Send + 'static,
) -> Result<Response, Problem> {
    let name = Name::of(&request, &state.checkout.access);
    let pending = state.pending();
    let followed = pending
        .submit(&state.intake, *name.as_bytes(), request, placed)
        .map_err(|error| refusal::problem(error, state))?;
    let body = OrderRequest::of(name, &followed, state);
    let mut answer = (StatusCode::ACCEPTED, Json(body)).into_response();
    let headers = answer.headers_mut();
    let (applied, how) = prefer::APPLIED;
    headers.insert(applied, how);
    if let Ok(location) = HeaderValue::from_str(&name.location()) {
        headers.insert(header::LOCATION, location);
    }
    Ok(answer)
}
