//! `POST /api/me/api-keys`

use ::access::Action;
use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use identity::{DisplayName, InvalidIdentity, NewApiKey, Scopes};
use jiff::Timestamp;
use kernel::{ErrorCode, id::ApiKeyId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    kit::{self, FieldError, Person, Problem, problem::ProblemBody},
    storefront::auth::problem,
};

/// A key to be made.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What to call it.
    #[garde(skip)]
    #[schema(example = "ERP", min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may be used for: names of actions. Never more than its owner may do.
    #[garde(skip)]
    #[schema(example = json!(["catalog_read"]), min_items = 1, max_items = 100)]
    pub scopes: Vec<String>,
    /// When it ends; never, when left out.
    #[serde(default)]
    #[garde(skip)]
    pub expires_at: Option<Timestamp>,
}

/// A new key, shown this once.
#[derive(Serialize, ToSchema)]
pub struct CreatedApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// To be sent as `Authorization: Bearer oxk_…`.
    #[schema(example = "oxk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    pub key: String,
}

/// Makes an API key for a program.
#[utoipa::path(
    post, path = "/api/me/api-keys", tag = "auth", operation_id = "create_api_key",
    request_body = CreateApiKey,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = CreatedApiKey),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "`FORBIDDEN`, also for an API key", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`VALIDATION_FAILED`, also for one key too many", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    Person(claims): Person,
    kit::Json(body): kit::Json<CreateApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), Problem> {
    let clock = &*state.clock;
    let new = checked(&body, clock.now())?;
    let mut tx = state.db.begin().await?;
    let (info, key) = identity::create_api_key(&mut tx, claims.user_id, new, &state.ids, clock)
        .await
        .map_err(problem)?;
    tx.commit().await.map_err(DbError::from)?;
    let created =
        CreatedApiKey { id: info.id, name: info.name, scopes: info.scopes, key: key.reveal() };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Every field that is wrong is named at once.
fn checked(body: &CreateApiKey, now: Timestamp) -> Result<NewApiKey, Problem> {
    let wrong = |pointer: &str, error: Option<InvalidIdentity>| {
        error.map(|error| FieldError { pointer: pointer.to_owned(), detail: error.to_string() })
    };
    let name = DisplayName::new(&body.name);
    let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    let scopes = Scopes::new(&body.scopes, Some(&known));
    let over = body.expires_at.is_some_and(|at| at <= now).then(|| FieldError {
        pointer: "/expires_at".to_owned(),
        detail: "is over already".to_owned(),
    });
    let errors = [
        wrong("/name", name.as_ref().err().copied()),
        wrong("/scopes", scopes.as_ref().err().copied()),
        over.clone(),
    ];
    match (name, scopes, over) {
        (Ok(name), Ok(scopes), None) => Ok(NewApiKey { name, scopes, expires_at: body.expires_at }),
        _ => Err(Problem::new(ErrorCode::ValidationFailed).fields(errors.into_iter().flatten())),
    }
}
