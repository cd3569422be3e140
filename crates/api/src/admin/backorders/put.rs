//! `PUT /api/admin/inventory/{variant_id}/backorders`

use ::access::{Kind, Resource};
use axum::{Json, extract::State};
use catalog::{Backorders, BundleError};
use garde::Validate;
use jiff::civil::Date;
use kernel::{ErrorCode, id::VariantId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// What may be sold of a variant beyond stock.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackorderForm {
    /// How many units may wait at the same time; 0: none, and nothing is sold that is not there.
    #[garde(range(max = Backorders::LIMIT_MAX))]
    #[schema(maximum = 1_000_000)]
    pub limit: u32,
    /// From when on they are sent, as buyers are told.
    #[serde(default)]
    #[garde(skip)]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-24")]
    pub available_from: Option<Date>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// What may be sold of a variant beyond stock.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackorderRule {
    /// How many units may wait at the same time; 0: none.
    pub limit: u32,
    /// From when on they are sent, as buyers are told.
    #[schema(required, value_type = Option<String>, format = Date, example = "2026-12-24")]
    pub available_from: Option<Date>,
}

impl From<Backorders> for BackorderRule {
    fn from(it: Backorders) -> Self {
        Self { limit: it.limit, available_from: it.available_from }
    }
}

/// Says how many units of a variant may be sold beyond stock (預購), and from when on they are sent.
/// Units that wait already go on waiting, also when they are more than that.
#[utoipa::path(
    put, path = "/api/admin/inventory/{variant_id}/backorders", tag = "inventory", operation_id = "put_backorders",
    params(("variant_id" = VariantId, Path)),
    request_body = BackorderForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = BackorderRule),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`BUNDLE_HAS_NO_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    kit::Json(form): kit::Json<BackorderForm>,
) -> Result<Json<BackorderRule>, Problem> {
    let rule = edit(&state.ids, || perform(&state, &permit, variant, &form)).await?;
    Ok(Json(rule))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    form: &BackorderForm,
) -> Result<BackorderRule, Problem> {
    let rule = Backorders { limit: form.limit, available_from: form.available_from };
    let mut tx = state.db.begin().await?;
    let before = catalog::put_backorders(&mut tx, variant, &rule).await.map_err(problem)?;
    if rule.limit > 0 {
        ::inventory::backorders::make_queue(&mut tx, variant).await?;
    }
    let after = BackorderRule::from(rule);
    let change = Change {
        before: Some(json!({"backorders": BackorderRule::from(before)})),
        after: Some(json!({"backorders": after})),
        reason: form.reason.as_deref(),
    };
    permit.record(&mut tx, &Resource::one(Kind::Product, variant), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(after)
}

fn problem(error: BundleError) -> Problem {
    match error {
        BundleError::UnknownVariant => ErrorCode::ProductNotFound.into(),
        BundleError::IsBundle => ErrorCode::BundleHasNoStock.into(),
        BundleError::Db(error) => error.into(),
        error => Problem::internal(&error),
    }
}
