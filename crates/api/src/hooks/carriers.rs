//! `POST /api/carriers/events`

use axum::{
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use checkout::after_sale::CarrierWord;
use jiff::Timestamp;
use kernel::ErrorCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    AppState,
    kit::{
        Problem,
        body::{self, unreadable},
        problem::ProblemBody,
    },
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(take))
}

/// What all messages have.
#[derive(Debug, Deserialize)]
struct Envelope {
    r#type: String,
}

/// A parcel arrived.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CarrierMessage {
    /// `shipment.delivered`; other types are thanked for and passed over.
    #[schema(example = "shipment.delivered")]
    pub r#type: String,
    /// Which parcel.
    pub data: DeliveredParcel,
}

/// Which parcel arrived.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeliveredParcel {
    /// The carrier's code, as in `GET /api/admin/carriers`.
    #[schema(example = "tcat")]
    pub carrier: String,
    /// What the carrier knows it by.
    #[schema(example = "9012345678")]
    pub tracking_number: String,
    /// When; now, where it is left out.
    #[serde(default)]
    pub delivered_at: Option<Timestamp>,
}

const DELIVERED: &str = "shipment.delivered";

/// A carrier's system, or whoever asks it, says what became of a parcel. Signed as Standard Webhooks
/// says, with the shop's `OXCART_SHIPPING_WEBHOOK_SECRET`; a repetition changes nothing.
#[utoipa::path(
    post, path = "/api/carriers/events", tag = "shipping", operation_id = "take_carrier_event",
    params(
        ("webhook-id" = Option<String>, Header),
        ("webhook-timestamp" = Option<String>, Header, description = "Seconds since 1970"),
        ("webhook-signature" = Option<String>, Header, description = "`v1,` and the HMAC in base64"),
    ),
    request_body = CarrierMessage,
    responses(
        (status = 204, description = "Taken"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`WEBHOOK_REJECTED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`SHIPMENT_NOT_FOUND`; `NOT_FOUND` where no messages are taken", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: it has not left, as far as the shop knows", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn take(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let secret = state.carrier_secret.as_ref().ok_or(ErrorCode::NotFound)?;
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    secret.verify(&headers, &body, state.clock.now()).map_err(|why| {
        tracing::warn!(%why, "a carrier's message was refused: {why}");
        Problem::new(ErrorCode::WebhookRejected).detail(why.to_string())
    })?;
    let envelope: Envelope = body::parse(&body)?;
    if envelope.r#type != DELIVERED {
        return Ok(StatusCode::NO_CONTENT);
    }
    let CarrierMessage { data, .. } = body::parse(&body)?;
    let word = CarrierWord {
        carrier: data.carrier,
        tracking_number: data.tracking_number,
        delivered_at: data.delivered_at,
    };
    state.checkout.take_carriers_word(&word).await?;
    Ok(StatusCode::NO_CONTENT)
}
