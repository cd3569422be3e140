//! `PATCH /api/admin/users/{id}`

use axum::{Json, extract::State};
use garde::Validate;
use identity::{AccountChange, IdentityError, Role};
use kernel::{ErrorCode, id::UserId};
use pg::DbError;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{AccountView, asked_about};
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, denylist, problem::ProblemBody},
};

/// What becomes of an account.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    /// The roles from now on: `ops`, `warehouse`, `admin`; none makes a customer.
    #[serde(default)]
    #[garde(inner(length(max = 3)))]
    #[schema(value_type = Option<Vec<String>>, max_items = 3)]
    pub roles: Option<Vec<Role>>,
    /// Whether the account may be used.
    #[serde(default)]
    #[garde(skip)]
    pub active: Option<bool>,
    /// Why, for the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

/// Gives and takes roles, deactivates and activates accounts. The person's sessions end, so that
/// nothing goes on with the rights of before. The last administrator stays one.
#[utoipa::path(
    patch, path = "/api/admin/users/{id}", tag = "users", operation_id = "change_user",
    params(("id" = UserId, Path)),
    request_body = AccountPatch,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AccountView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`INVALID_TRANSITION`: the last administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(id): Path<UserId>,
    kit::Json(patch): kit::Json<AccountPatch>,
) -> Result<Json<AccountView>, Problem> {
    let change = AccountChange { roles: patch.roles, active: patch.active };
    let mut tx = state.db.begin().await?;
    let target = asked_about(&permit, identity::account(&mut tx, id).await?.as_ref(), id)?;
    let (before, after) = identity::change_account(&mut tx, id, &change, state.clock.now())
        .await
        .map_err(problem)?
        .ok_or(ErrorCode::NotFound)?;
    if before != after {
        let rights = |it: &identity::Account| Some(json!({"roles": it.roles, "active": it.active}));
        let reason = Some(patch.reason.as_str());
        let change = Change { before: rights(&before), after: rights(&after), reason };
        permit.record(&mut tx, &target, change).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    denylist::look(&state).await;
    Ok(Json(after.into()))
}

fn problem(error: IdentityError) -> Problem {
    match error {
        IdentityError::LastAdmin => {
            Problem::new(ErrorCode::InvalidTransition).detail("this is the last administrator")
        }
        IdentityError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}
