//! `POST /api/auth/register`

use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use identity::{DisplayName, Email, InvalidIdentity, Password, Registration};
use kernel::ErrorCode;
use pg::DbError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    check_email::{self, CheckEmail},
    mail::{self, Told},
    problem,
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
    /// A password of at least 10 characters that is not easy to guess.
    #[garde(skip)]
    #[schema(min_length = 10, max_length = 128, format = Password)]
    pub password: String,
    /// What you are called.
    #[garde(skip)]
    #[schema(example = "王小明", min_length = 1, max_length = 100)]
    pub name: String,
}

/// Opens an account, and sends a mail to verify its address. An address that has an account gets
/// another mail, which says so; the answer and the work are the same, so that nobody learns here
/// who has an account. Sign in next: the address need not be verified for that.
#[utoipa::path(
    post, path = "/api/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterRequest,
    responses(
        (status = 202, body = CheckEmail, description = "The mail tells"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    kit::Json(body): kit::Json<RegisterRequest>,
) -> Result<(StatusCode, Json<CheckEmail>), Problem> {
    let (email, name, password) = checked(body)?;
    // No transaction is open while the password is hashed.
    let hash = state.passwords.hash(password, &state.ids).await.map_err(problem)?;
    let mut tx = state.db.begin().await?;
    let clock = &*state.clock;
    let registration = identity::register(&mut tx, email, &name, &hash, &state.ids, clock)
        .await
        .map_err(problem)?;
    let (user, told) = match &registration {
        Registration::Opened(user, token) => (user, Told::VerifyEmail(token)),
        Registration::Known(user) => (user, Told::AlreadyRegistered),
    };
    mail::tell(&mut tx, &state, user.email.as_str(), told).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(check_email::answer())
}

/// Every field that is wrong is named at once.
fn checked(body: RegisterRequest) -> Result<(Email, DisplayName, Password), Problem> {
    let email = Email::new(&body.email);
    let name = DisplayName::new(&body.name);
    let password = Password::new(body.password).and_then(|it| it.unlike(&body.email, &body.name));
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
        for easy in ["Password123!", "wang.xm@example.com", "Wang XM 2026"] {
            let problem = checked(body("wang.xm@example.com", easy, "王")).unwrap_err();
            let shown = format!("{problem:?}");
            assert!(shown.contains("/password") && shown.contains("easy to guess"), "{shown}");
        }
    }
}
