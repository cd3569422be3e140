//! `POST /api/auth/register`

use axum::{Json, extract::State, http::StatusCode};
use axum_extra::extract::CookieJar;
use garde::Validate;
use identity::{DisplayName, Email, InvalidIdentity, Password};
use kernel::ErrorCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    problem,
    session::{self, Session},
};
use crate::{
    AppState,
    kit::{self, Problem, problem::ProblemBody},
};

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRequest {
    /// Where mail reaches you; also the name to sign in with.
    #[garde(skip)]
    #[schema(example = "a@example.com", max_length = 254)]
    pub email: String,
    /// A password of at least 10 characters.
    #[garde(skip)]
    #[schema(min_length = 10, max_length = 128, format = Password)]
    pub password: String,
    /// What you are called.
    #[garde(skip)]
    #[schema(example = "王小明", min_length = 1, max_length = 100)]
    pub name: String,
}

/// Opens an account and signs in. A guest's cart becomes the account's.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterRequest,
    responses(
        (status = 201, body = Session, description = "Sets `oxcart_access` and `oxcart_refresh`"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`EMAIL_TAKEN`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    jar: CookieJar,
    kit::Json(body): kit::Json<RegisterRequest>,
) -> Result<(StatusCode, CookieJar, Json<Session>), Problem> {
    let (email, name, password) = checked(body)?;
    // No transaction is open while the password is hashed.
    let hash = state.passwords.hash(password, &state.ids).await.map_err(problem)?;
    let mut tx = state.db.begin().await?;
    let clock = &*state.clock;
    let (_, verified) = identity::register(&mut tx, email, &name, &hash, &state.ids, clock)
        .await
        .map_err(problem)?;
    let signed_in =
        identity::start_session(&mut tx, verified, &state.ids, clock).await.map_err(problem)?;
    let signed_in = signed_in.ok_or_else(session::refused)?;
    let (jar, session) = session::begin(&state, tx, &signed_in, jar).await?;
    Ok((StatusCode::CREATED, jar, Json(session)))
}

/// Every field that is wrong is named at once.
fn checked(body: RegisterRequest) -> Result<(Email, DisplayName, Password), Problem> {
    let email = Email::new(&body.email);
    let name = DisplayName::new(&body.name);
    let password = Password::new(body.password);
    let wrong = |pointer: &str, error: Option<InvalidIdentity>| {
        error
            .map(|error| kit::FieldError { pointer: pointer.to_owned(), detail: error.to_string() })
    };
    let errors = [
        wrong("/email", email.as_ref().err().copied()),
        wrong("/password", password.as_ref().err().copied()),
        wrong("/name", name.as_ref().err().copied()),
    ];
    match (email, name, password) {
        (Ok(email), Ok(name), Ok(password)) => Ok((email, name, password)),
        _ => Err(Problem::new(ErrorCode::ValidationFailed).fields(errors.into_iter().flatten())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let body = |email: &str, password: &str, name: &str| RegisterRequest {
            email: email.into(),
            password: password.into(),
            name: name.into(),
        };
        assert!(checked(body("a@example.com", "long enough", "王")).is_ok());
        let problem = checked(body("a", "short", " ")).unwrap_err();
        assert_eq!(problem.code(), ErrorCode::ValidationFailed);
        let shown = format!("{problem:?}");
        for pointer in ["/email", "/password", "/name"] {
            assert!(shown.contains(pointer), "{shown}");
        }
    }
}
