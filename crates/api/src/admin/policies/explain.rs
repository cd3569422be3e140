//! `POST /api/admin/policies/explain`

use ::access::{Engine, Question, Verdict};
use axum::{Json, extract::State};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem;
use crate::{
    AppState,
    access::Permit,
    kit::{self, Problem, problem::ProblemBody},
};

/// What is to be explained.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// Who wants to do what.
    #[garde(skip)]
    pub question: Question,
    /// By which version; by the one that counts, unless asked otherwise.
    #[serde(default)]
    #[garde(skip)]
    pub version: Option<i32>,
}

/// Why something is allowed or denied.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The answer, and the policies that decided.
    pub verdict: Verdict,
    /// By which version.
    pub version: i32,
    /// The same in a sentence.
    pub sentence: String,
}

/// Explains a decision: why was this denied, why would that be allowed?
#[utoipa::path(
    post, path = "/api/admin/policies/explain", tag = "policies", operation_id = "explain_decision",
    request_body = Explain,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Explanation),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such version", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    kit::Json(asked): kit::Json<Explain>,
) -> Result<Json<Explanation>, Problem> {
    let (version, verdict) = match asked.version {
        None => (state.guardian.version(), state.guardian.engine().ask(&asked.question)),
        Some(version) => {
            let mut conn = state.db.acquire().await?;
            let policies = ::access::load(&mut conn, version).await.map_err(problem)?;
            (version, Engine::new(policies).ask(&asked.question))
        }
    };
    let sentence = sentence(&verdict);
    Ok(Json(Explanation { verdict, version, sentence }))
}

fn sentence(verdict: &Verdict) -> String {
    let names: Vec<&str> = verdict.reasons.iter().map(|it| it.policy.as_str()).collect();
    let names = names.join(", ");
    match (verdict.allowed, names.is_empty(), verdict.errors.first()) {
        (true, ..) => format!("Allowed by {names}."),
        (false, false, _) => format!("Denied: {names} forbids it."),
        (false, true, Some(error)) => format!("Denied: it could not be decided ({error})."),
        (false, true, None) => "Denied: no policy permits it.".to_owned(),
    }
}
