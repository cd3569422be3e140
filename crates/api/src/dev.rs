//! For development and end-to-end tests: moving the clock by hand. These routes exist only when the
//! shop was started with `OXCART_DEV_CLOCK=true`, which a shop with real payments refuses.

use axum::{Json, extract::State};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use kernel::ErrorCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    kit::{self, Problem},
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(advance))
}

/// What the shop takes for now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockReading {
    /// The time.
    now: Timestamp,
}

/// How far to move it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// Seconds, forward.
    #[garde(range(min = 0, max = 31_536_000))]
    seconds: i64,
}

/// What the shop takes for now.
#[utoipa::path(get, path = "/api/dev/clock", tag = "dev", responses((status = 200, body = ClockReading)))]
async fn read(State(state): State<AppState>) -> Json<ClockReading> {
    Json(ClockReading { now: state.clock.now() })
}

/// Moves the clock.
#[utoipa::path(post, path = "/api/dev/clock/advance", tag = "dev", request_body = Advance, responses((status = 200, body = ClockReading)))]
async fn advance(
    State(state): State<AppState>,
    kit::Json(asked): kit::Json<Advance>,
) -> Result<Json<ClockReading>, Problem> {
    let clock = state.dev_clock.as_ref().ok_or(ErrorCode::NotFound)?;
    clock.advance(SignedDuration::from_secs(asked.seconds));
    Ok(Json(ClockReading { now: state.clock.now() }))
}
