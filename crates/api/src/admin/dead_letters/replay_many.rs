//! `POST /api/admin/dead-letters/replay`

use ::access::{Kind, Resource};
use axum::{Json, extract::State};
use garde::Validate;
use jiff::Timestamp;
use outbox::letters::{self, LetterFilter};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Source;
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Problem, edit, problem::ProblemBody},
};

/// Which dead letters, and why.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayForm {
    /// Events or jobs; both, when left out.
    #[serde(default)]
    #[garde(skip)]
    pub source: Option<Source>,
    /// Of this kind; all kinds, when left out.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[schema(min_length = 1, max_length = 100)]
    pub kind: Option<String>,
    /// That occurred, or were due, not before this.
    #[serde(default)]
    #[garde(skip)]
    pub from: Option<Timestamp>,
    /// Before this.
    #[serde(default)]
    #[garde(skip)]
    pub until: Option<Timestamp>,
    /// How many at most, the oldest first.
    #[serde(default = "many")]
    #[garde(range(min = 1, max = 1_000))]
    #[schema(default = 1000, minimum = 1, maximum = 1000)]
    pub limit: u32,
    /// Only say which they would be.
    #[serde(default)]
    #[garde(skip)]
    #[schema(default = false)]
    pub dry_run: bool,
    /// For the audit log.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
}

const fn many() -> u32 {
    1_000
}

/// What was replayed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Their ids.
    pub ids: Vec<Uuid>,
    /// Whether they are still dead: it was only asked which they would be.
    pub dry_run: bool,
}

/// Lets all dead letters of a kind or a time be handed over or done again, the oldest first.
#[utoipa::path(
    post, path = "/api/admin/dead-letters/replay", tag = "events", operation_id = "replay_dead_letters",
    request_body = ReplayForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Replayed),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    kit::Json(form): kit::Json<ReplayForm>,
) -> Result<Json<Replayed>, Problem> {
    edit(&state.ids, || perform(&state, &permit, &form)).await
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    form: &ReplayForm,
) -> Result<Json<Replayed>, Problem> {
    let filter = LetterFilter {
        source: form.source.map(Into::into),
        kind: form.kind.clone(),
        from: form.from,
        until: form.until,
        id: None,
    };
    let mut tx = state.db.begin().await?;
    let replayed = letters::replay_letters(&mut tx, &filter, state.clock.now(), form.limit).await?;
    let ids: Vec<Uuid> = replayed.into_iter().map(|(_, id)| id).collect();
    if form.dry_run || ids.is_empty() {
        // As if nobody had asked.
        tx.rollback().await.map_err(DbError::from)?;
        return Ok(Json(Replayed { ids, dry_run: form.dry_run }));
    }
    let after = json!({
        "replayed": ids, "source": form.source, "kind": form.kind, "from": form.from,
        "until": form.until,
    });
    let change = Change { after: Some(after), reason: Some(&form.reason), ..Change::default() };
    permit.record(&mut tx, &Resource::any(Kind::Event), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Json(Replayed { ids, dry_run: false }))
}
