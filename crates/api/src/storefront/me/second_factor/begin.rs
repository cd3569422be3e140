//! `POST /api/me/second-factor`

use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use kernel::ErrorCode;
use pg::DbError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{self, Person, Problem, client_ip::ClientIp, problem::ProblemBody},
    storefront::{auth::problem, me::password_again},
};

/// The password once more.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginSecondFactor {
    /// The account's password.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub password: String,
}

/// What an authenticator app needs, shown this once.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorSecret {
    /// To be typed into the app.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    pub secret: String,
    /// To be shown as a QR code that the app scans.
    pub otpauth_url: String,
}

/// Makes a secret for an authenticator app (TOTP). It counts when it is confirmed with a code; until
/// then asking again makes another one.
#[utoipa::path(
    post, path = "/api/me/second-factor", tag = "auth", operation_id = "begin_second_factor",
    request_body = BeginSecondFactor,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SecondFactorSecret),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_UNAUTHORIZED`; `AUTH_INVALID_CREDENTIALS`: the password is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: one is on already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    ClientIp(ip): ClientIp,
    kit::Json(body): kit::Json<BeginSecondFactor>,
) -> Result<(StatusCode, Json<SecondFactorSecret>), Problem> {
    let verified = password_again::check(&state, claims.user_id, ip, body.password).await?;
    let mut tx = state.db.begin().await?;
    let (ids, clock) = (&state.ids, &*state.clock);
    let secret = state.second_factors.begin(&mut tx, &verified, ids, clock).await;
    let secret = secret.map_err(problem)?;
    let user = identity::user(&mut tx, claims.user_id).await?;
    let user = user.ok_or(ErrorCode::AuthUnauthorized)?;
    let otpauth_url = secret.otpauth_url(shop(&state), &user.email).map_err(problem)?;
    tx.commit().await.map_err(DbError::from)?;
    Ok((StatusCode::CREATED, Json(SecondFactorSecret { secret: secret.base32(), otpauth_url })))
}

/// What the app calls the shop: its host.
fn shop(state: &AppState) -> &str {
    let url = state.public_url.as_str();
    url.split_once("://").map_or(url, |(_, host)| host)
}
