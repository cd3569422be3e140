//! `POST /api/admin/sourcing/explain`

use std::collections::HashMap;

use ::inventory::{Demand, sourcing};
use axum::{Json, extract::State};
use catalog::Offer;
use garde::Validate;
use kernel::{ErrorCode, Quantity, id::VariantId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::SourcingExplanation;
use crate::{
    AppState,
    access::Permit,
    kit::{self, Problem, problem::ProblemBody},
};

/// An order that nobody places.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcingQuestion {
    /// Where it would go.
    #[garde(length(chars, min = 1, max = 16), custom(crate::storefront::orders::form::check_text))]
    #[schema(example = "100", min_length = 1, max_length = 16)]
    pub postal_code: String,
    /// The country, two letters (ISO 3166-1); Taiwan unless said. Abroad warehouses go by priority.
    #[serde(default)]
    #[garde(inner(custom(check_country)))]
    #[schema(example = "TW", pattern = "^[A-Z]{2}$")]
    pub country: Option<String>,
    /// What would be ordered.
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<SourcingItem>,
}

/// One item.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourcingItem {
    /// What; of a bundle, its components are looked for.
    #[garde(skip)]
    pub variant_id: VariantId,
    /// How many.
    #[garde(skip)]
    pub quantity: Quantity,
}

/// A dry run of choosing warehouses: where an order would get its units at this moment, and why not
/// from elsewhere. Nothing is reserved, and the next order may change the answer.
#[utoipa::path(
    post, path = "/api/admin/sourcing/explain", tag = "inventory", operation_id = "explain_sourcing",
    request_body = SourcingQuestion,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SourcingExplanation),
        (status = 400, body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "`PRODUCT_NOT_FOUND`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn handler(
    State(state): State<AppState>,
    _: Permit,
    kit::Json(question): kit::Json<SourcingQuestion>,
) -> Result<Json<SourcingExplanation>, Problem> {
    let mut conn = state.db.acquire().await?;
    let mut variants: Vec<VariantId> = question.items.iter().map(|it| it.variant_id).collect();
    variants.sort_unstable();
    variants.dedup();
    let offers = catalog::offers(&mut conn, &variants, state.clock.now()).await?;
    let demands = demands(&question.items, &offers)?;
    let at_home = question.country.as_deref().is_none_or(|country| country == "TW");
    let postal_code = if at_home { question.postal_code.trim() } else { "" };
    let strategy = state.checkout.sourcing;
    let explanation = sourcing::explain(&mut conn, strategy, postal_code, &demands).await?;
    Ok(Json(explanation.into()))
}

/// What the items want of stock: of bundles, their components.
fn demands(
    items: &[SourcingItem],
    offers: &HashMap<VariantId, Offer>,
) -> Result<Vec<Demand>, Problem> {
    let mut demands = Vec::with_capacity(items.len());
    for (line_no, (index, item)) in (1_i16..).zip(items.iter().enumerate()) {
        let offer = offers.get(&item.variant_id).ok_or_else(|| {
            Problem::new(ErrorCode::ProductNotFound)
                .field(format!("/items/{index}/variant_id"), "there is no such variant")
        })?;
        if offer.components().is_empty() {
            demands.push(Demand { line_no, variant: item.variant_id, quantity: item.quantity });
        }
        for part in offer.components() {
            let units = i64::from(item.quantity.get()) * i64::from(part.quantity);
            let quantity = Quantity::new(units).map_err(|_| {
                Problem::new(ErrorCode::ValidationFailed)
                    .field(format!("/items/{index}/quantity"), "is too many units of a component")
            })?;
            demands.push(Demand { line_no, variant: part.variant, quantity });
        }
    }
    Ok(demands)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature garde calls checks with")]
fn check_country(value: &str, (): &()) -> garde::Result {
    if value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(garde::Error::new("is not the two letters of a country"))
}
