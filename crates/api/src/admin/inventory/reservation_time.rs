//! `GET` and `PUT /api/admin/inventory/{variant_id}/reservation-time`

use ::access::{Kind, Resource};
use axum::{Json, extract::State};
use garde::Validate;
use jiff::SignedDuration;
use kernel::{ErrorCode, id::VariantId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// For how long orders of a variant hold its stock.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReservationTimeForm {
    /// Minutes; none: as their payment allows.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 43_200)))]
    #[schema(minimum = 1, maximum = 43_200)]
    pub minutes: Option<i64>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// For how long orders of a variant hold its stock.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReservationTime {
    /// Minutes; `null`: as their payment allows.
    #[schema(required)]
    pub minutes: Option<i64>,
}

impl From<Option<SignedDuration>> for ReservationTime {
    fn from(time: Option<SignedDuration>) -> Self {
        Self { minutes: time.map(|time| time.as_mins()) }
    }
}

/// For how long orders of a variant hold its stock while it is in a flash sale.
#[utoipa::path(
    get, path = "/api/admin/inventory/{variant_id}/reservation-time", tag = "inventory", operation_id = "get_reservation_time",
    params(("variant_id" = VariantId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReservationTime),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    _: Permit,
    Path(variant): Path<VariantId>,
) -> Result<Json<ReservationTime>, Problem> {
    let mut conn = state.db.acquire().await?;
    let time = catalog::reservation_time(&mut conn, variant).await?;
    Ok(Json(time.ok_or(ErrorCode::ProductNotFound)?.into()))
}

/// Says for how long orders of a variant hold its stock while it is in a flash sale. It only makes
/// their time shorter; ways of paying that take longer cannot be chosen for it. Orders that are placed
/// keep their time.
#[utoipa::path(
    put, path = "/api/admin/inventory/{variant_id}/reservation-time", tag = "inventory", operation_id = "put_reservation_time",
    params(("variant_id" = VariantId, Path)),
    request_body = ReservationTimeForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReservationTime),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn put(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    kit::Json(form): kit::Json<ReservationTimeForm>,
) -> Result<Json<ReservationTime>, Problem> {
    let after = edit(&state.ids, || perform(&state, &permit, variant, &form)).await?;
    Ok(Json(after))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    form: &ReservationTimeForm,
) -> Result<ReservationTime, Problem> {
    let time = form.minutes.map(SignedDuration::from_mins);
    let mut tx = state.db.begin().await?;
    let before = catalog::put_reservation_time(&mut tx, variant, time).await?;
    let before = ReservationTime::from(before.ok_or(ErrorCode::ProductNotFound)?);
    let after = ReservationTime::from(time);
    if before != after {
        let change = Change {
            before: Some(json!({"reservation_time": before})),
            after: Some(json!({"reservation_time": after})),
            reason: form.reason.as_deref(),
        };
        permit.record(&mut tx, &Resource::one(Kind::Product, variant), change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}
