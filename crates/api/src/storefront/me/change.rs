//! `PATCH /api/me`

#![expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]

use axum::{Json, extract::State};
use garde::Validate;
use identity::{DisplayName, PhoneChange, ProfileChange};
use kernel::ErrorCode;
use pg::DbError;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::show;
use crate::{
    AppState,
    kit::{self, Person, Problem, problem::ProblemBody},
    storefront::{auth::session::UserView, orders::form::check_phone},
};

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMe {
    /// What you are called.
    #[serde(default)]
    #[garde(skip)]
    #[schema(example = "王小明", min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Your telephone; `null` removes it.
    #[serde(default, deserialize_with = "given")]
    #[garde(custom(check_given_phone))]
    #[schema(value_type = Option<String>, example = "0912345678", min_length = 6, max_length = 20)]
    pub phone: PhoneChange,
}

/// Left out is one thing (the default), `null` another.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<PhoneChange, D::Error> {
    let phone = Option::<String>::deserialize(input)?;
    Ok(phone.map_or(PhoneChange::Remove, PhoneChange::Set))
}

fn check_given_phone(value: &PhoneChange, (): &()) -> garde::Result {
    match value {
        PhoneChange::Set(phone) => check_phone(phone, &()),
        PhoneChange::Keep | PhoneChange::Remove => Ok(()),
    }
}

/// Changes one's name and telephone.
#[utoipa::path(
    patch, path = "/api/me", tag = "auth", operation_id = "change_me",
    request_body = ChangeMe,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = UserView),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
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
    Person(claims): Person,
    kit::Json(body): kit::Json<ChangeMe>,
) -> Result<Json<UserView>, Problem> {
    let name = body.name.as_deref().map(DisplayName::new).transpose().map_err(|error| {
        Problem::new(ErrorCode::ValidationFailed).field("/name", error.to_string())
    })?;
    let change = ProfileChange { name, phone: body.phone };
    let mut tx = state.db.begin().await?;
    let now = state.clock.now();
    identity::change_profile(&mut tx, claims.user_id, &change, now)
        .await?
        .ok_or(ErrorCode::AuthUnauthorized)?;
    let user = show::read(&mut tx, claims.user_id).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_told_from_what_is_removed() {
        let read = |json: &str| serde_json::from_str::<ChangeMe>(json).unwrap().phone;
        assert_eq!(read("{}"), PhoneChange::Keep);
        assert_eq!(read(r#"{"phone": null}"#), PhoneChange::Remove);
        let given = PhoneChange::Set("0912345678".into());
        assert_eq!(read(r#"{"phone": "0912345678"}"#), given);
    }
}
