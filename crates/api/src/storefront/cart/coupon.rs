//! `POST /api/cart/coupon`, `DELETE /api/cart/coupon`

use axum::{Json, extract::State};
use axum_extra::extract::CookieJar;
use garde::Validate;
use kernel::ErrorCode;
use pg::DbError;
use queries::cart::{CartView, CouponReason};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::problem;
use crate::{
    AppState,
    kit::{self, Caller, Problem, cart_cookie, problem::ProblemBody},
};

/// The coupon to use.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCartCoupon {
    /// Its code, in any case.
    #[garde(length(chars, min = 1, max = 60))]
    #[schema(example = "WELCOME10", min_length = 1, max_length = 60)]
    pub code: String,
}

/// Puts a coupon into the cart, in place of the one before. One that needs a larger order is kept:
/// the cart says what is missing. Any other that cannot be used is refused and changes nothing.
/// Limits are decided when the order is placed.
#[utoipa::path(
    post, path = "/api/cart/coupon", tag = "cart", operation_id = "set_cart_coupon",
    request_body = SetCartCoupon,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`COUPON_INVALID`, `VALIDATION_FAILED`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn put(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
    kit::Json(body): kit::Json<SetCartCoupon>,
) -> Result<(CookieJar, Json<CartView>), Problem> {
    let clock = &*state.clock;
    let code = pricing::CouponCode::parse(&body.code).ok_or_else(|| {
        let problem = Problem::new(ErrorCode::CouponInvalid).with("reason", "unknown");
        problem.field("/code", "there is no such coupon")
    })?;
    let mut tx = state.db.begin().await?;
    let owner = cart_cookie::owner(&state, &caller, &jar);
    let cart = ::cart::open(&mut tx, owner, &state.ids, clock).await?;
    let code = code.as_str();
    ::cart::set_coupon(&mut tx, cart, Some(code), clock.now()).await.map_err(problem)?;
    let shown = super::view(&mut tx, &state, &caller, Some(cart)).await?;
    let reason = shown.coupon.as_ref().and_then(|coupon| coupon.reason);
    if let Some(reason) = reason.filter(|reason| *reason != CouponReason::MinimumNotReached) {
        return Err(Problem::new(ErrorCode::CouponInvalid)
            .with("reason", json!(reason))
            .field("/code", "the coupon cannot be used"));
    }
    tx.commit().await.map_err(DbError::from)?;
    let is_guest = caller.user_id().is_none();
    let jar = if is_guest { jar.add(cart_cookie::remember(&state, cart)) } else { jar };
    Ok((jar, Json(shown)))
}

/// Takes the coupon out of the cart; without one, nothing changes.
#[utoipa::path(
    delete, path = "/api/cart/coupon", tag = "cart", operation_id = "remove_cart_coupon",
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = CartView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    jar: CookieJar,
) -> Result<Json<CartView>, Problem> {
    let mut tx = state.db.begin().await?;
    let cart = match cart_cookie::owner(&state, &caller, &jar) {
        Some(owner) => ::cart::find(&mut tx, owner).await?,
        None => None,
    };
    if let Some(cart) = cart {
        let now = state.clock.now();
        ::cart::set_coupon(&mut tx, cart, None, now).await.map_err(problem)?;
    }
    let shown = super::view(&mut tx, &state, &caller, cart).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(shown))
}
