//! `GET /api/challenge`

use axum::{Json, extract::State};

use crate::{AppState, kit::challenge::Challenge};

/// A challenge for whoever is about to order. Find a number whose SHA-256 together with it
/// (`challenge:number`) begins with `bits` zero bits, and send both in `X-Oxcart-Proof`. Where `bits`
/// is 0, nothing has to be sent.
#[utoipa::path(
    get, path = "/api/challenge", tag = "checkout", operation_id = "get_challenge",
    responses((status = 200, body = Challenge))
)]
pub async fn handler(State(state): State<AppState>) -> Json<Challenge> {
    Json(state.challenges.issue(&state.ids, state.clock.now()))
}
