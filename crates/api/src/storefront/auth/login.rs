//! `POST /api/auth/login`

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
};
use axum_extra::extract::CookieJar;
use garde::Validate;
use identity::{AttemptKey, Credentials, Device, Email, SecondStep, SignedIn};
use kernel::ErrorCode;
use pg::Transaction;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    problem,
    session::{self, Session},
    too_many,
};
use crate::{
    AppState,
    kit::{self, Problem, client_ip::ClientIp, problem::ProblemBody},
};

/// Who wants to sign in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The account's e-mail address.
    #[garde(skip)]
    #[schema(example = "a@example.com")]
    pub email: String,
    /// The account's password.
    #[garde(length(max = 1024))]
    #[schema(format = Password)]
    pub password: String,
    /// With a second factor: the six digits that the app shows, or a recovery code.
    #[serde(default)]
    #[garde(inner(length(max = 64)))]
    #[schema(example = "123456", max_length = 64)]
    pub code: Option<String>,
}

/// Signs in. A guest's cart is merged into the account's. An unknown e-mail and a wrong password
/// get the same answer after the same work. After ten failures from one address in a quarter of an
/// hour an account is not tried from there any more; from other addresses it is.
#[utoipa::path(
    post, path = "/api/auth/login", tag = "auth", operation_id = "login",
    request_body = LoginRequest,
    responses(
        (status = 200, body = Session, description = "Sets `oxcart_access` and `oxcart_refresh`; over https their names begin with `__Host-`"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "`AUTH_INVALID_CREDENTIALS`, also for a wrong code; `SECOND_FACTOR_REQUIRED`: send the same again with `code`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    jar: CookieJar,
    kit::Json(body): kit::Json<LoginRequest>,
) -> Result<(CookieJar, Json<Session>), Problem> {
    let key = AttemptKey::sign_in(&body.email, ip);
    state.sign_ins().begin(key, state.clock.now()).map_err(too_many)?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    match attempt(&state, body, &Device::new(user_agent, ip)).await {
        Ok((tx, signed_in)) => {
            let (jar, session) = session::begin(&state, tx, &signed_in, jar).await?;
            state.sign_ins().clear(key);
            Ok((jar, Json(session)))
        }
        Err(problem) => {
            // A password without its code is no failure, and no success either: it must not wash
            // away the codes that were guessed before.
            if problem.code() != ErrorCode::AuthInvalidCredentials {
                state.sign_ins().forgive(key);
            }
            Err(problem)
        }
    }
}

/// The session, and the transaction that it is not yet committed in.
async fn attempt(
    state: &AppState,
    body: LoginRequest,
    device: &Device,
) -> Result<(Transaction, SignedIn), Problem> {
    let credentials = match Email::new(&body.email) {
        Ok(email) => {
            let mut conn = state.db.acquire().await?;
            identity::credentials(&mut conn, &email).await?
        }
        Err(_) => Credentials::unknown(),
    };
    // The connection went back: none waits while the password is hashed.
    let verified = state.passwords.verify(credentials, body.password).await.map_err(problem)?;
    let verified = verified.ok_or_else(session::refused)?;
    let (clock, code) = (&*state.clock, body.code.as_deref());
    let mut tx = state.db.begin().await?;
    let step = state.second_factors.admit(&mut tx, verified, code, clock.now()).await;
    let admitted = match step.map_err(problem)? {
        SecondStep::Admitted(admitted) => admitted,
        SecondStep::CodeRequired => return Err(ErrorCode::SecondFactorRequired.into()),
        SecondStep::WrongCode => return Err(session::refused()),
    };
    let signed_in = identity::start_session(&mut tx, admitted, device, &state.ids, clock).await;
    Ok((tx, signed_in.map_err(problem)?.ok_or_else(session::refused)?))
}
