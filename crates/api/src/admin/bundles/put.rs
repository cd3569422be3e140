//! `PUT /api/admin/bundles/{variant_id}`

use ::access::{Kind, Resource};
use axum::{Json, extract::State};
use catalog::{BundleError, BundlePart};
use garde::Validate;
use kernel::{ErrorCode, id::VariantId};
use pg::DbError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Bundle;
use crate::{
    AppState,
    access::{Change, Permit},
    kit::{self, Path, Problem, edit::edit, problem::ProblemBody},
};

/// What a variant is to be made of.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleForm {
    /// Other variants with stock of their own, each once; none: an ordinary variant again.
    #[garde(length(max = 20), dive)]
    #[schema(max_items = 20)]
    pub components: Vec<BundlePartForm>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// A variant in the bundle.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundlePartForm {
    /// The variant whose stock is taken.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many are in one bundle.
    #[garde(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: u32,
}

/// Makes a variant a bundle of other variants' stock, in place of what it was made of. A bundle has
/// no stock of its own, so the variant must have none, and nothing promised or sold of it that is
/// still here. Orders already placed keep what they took. There are no bundles of bundles.
#[utoipa::path(
    put, path = "/api/admin/bundles/{variant_id}", tag = "catalog", operation_id = "put_bundle",
    params(("variant_id" = VariantId, Path)),
    request_body = BundleForm,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Bundle),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`VARIANT_HAS_STOCK`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    permit: Permit,
    Path(variant): Path<VariantId>,
    kit::Json(form): kit::Json<BundleForm>,
) -> Result<Json<Bundle>, Problem> {
    let bundle = edit(&state.ids, || perform(&state, &permit, variant, &form)).await?;
    Ok(Json(bundle))
}

async fn perform(
    state: &AppState,
    permit: &Permit,
    variant: VariantId,
    form: &BundleForm,
) -> Result<Bundle, Problem> {
    let parts: Vec<BundlePart> = form
        .components
        .iter()
        .map(|part| BundlePart { variant: part.variant_id, quantity: part.quantity })
        .collect();
    let mut tx = state.db.begin().await?;
    let before = catalog::put_bundle(&mut tx, variant, &parts).await.map_err(problem)?;
    // The variant's row is locked: nothing comes in for it meanwhile.
    let ledger = ::inventory::lock(&mut tx, &[variant]).await?;
    let waiting = ::inventory::backorders::waiting(&mut tx, variant).await?;
    let on_the_way = ::inventory::transfers::in_transit(&mut tx, variant).await?;
    let has_stock = ledger.rows_of(variant).any(|row| row.balance.total > 0)
        || !on_the_way.is_empty()
        || waiting > 0;
    if !parts.is_empty() && has_stock {
        return Err(ErrorCode::VariantHasStock.into());
    }
    let bundle = Bundle::new(variant, catalog::bundles::components(&mut tx, variant).await?);
    let change = Change {
        before: Some(json!({"components": Bundle::new(variant, before).components})),
        after: Some(json!({"components": bundle.components})),
        reason: form.reason.as_deref(),
    };
    permit.record(&mut tx, &Resource::one(Kind::Product, variant), change).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(bundle)
}

fn problem(error: BundleError) -> Problem {
    let wrong = |index: usize, field: &str, detail: &str| {
        Problem::new(ErrorCode::ValidationFailed)
            .field(format!("/components/{index}/{field}"), detail)
    };
    match error {
        BundleError::UnknownVariant => ErrorCode::ProductNotFound.into(),
        BundleError::UnknownComponent { index } => {
            wrong(index, "variant_id", "there is no such variant")
        }
        BundleError::Itself { index } => wrong(index, "variant_id", "is the bundle itself"),
        BundleError::Twice { index } => wrong(index, "variant_id", "appears twice"),
        BundleError::Nested { index } => {
            wrong(index, "variant_id", "is a bundle: there are no bundles of bundles")
        }
        BundleError::Quantity { index } => wrong(index, "quantity", "must be 1 to 1000"),
        BundleError::IsComponent => Problem::new(ErrorCode::ValidationFailed).field(
            "/components",
            "the variant is part of a bundle: there are no bundles of bundles",
        ),
        BundleError::TooMany => {
            Problem::new(ErrorCode::ValidationFailed).field("/components", "must be at most 20")
        }
        BundleError::Db(error) => error.into(),
        error @ BundleError::IsBundle => Problem::internal(&error),
    }
}
