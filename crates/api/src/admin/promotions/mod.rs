//! Promotions as operations arrange them: what is taken off by itself.

pub mod change;
pub mod create;
pub mod detail;
pub mod form;
pub mod list;
pub mod remove;

use ::access::{Kind, Resource};
use jiff::Timestamp;
use kernel::{
    ErrorCode, LocalizedText,
    id::{CategoryId, ProductId, PromotionId},
};
use pricing::{InvalidPromotion, PromotionError, StoredPromotion};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::form::PromotionRule;
use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler, create::handler)).routes(routes!(
        detail::handler,
        change::handler,
        remove::handler
    ))
}

/// A promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminPromotion)]
pub struct PromotionView {
    /// Its id.
    pub id: PromotionId,
    /// What buyers are told it is.
    pub name: LocalizedText,
    /// What it does.
    pub rule: PromotionRule,
    /// Products it is for; with no categories either, it is for everything.
    pub product_ids: Vec<ProductId>,
    /// Categories it is for, with all that lies in them.
    pub category_ids: Vec<CategoryId>,
    /// Lower comes first.
    pub priority: i16,
    /// Whether it goes together with other promotions; else the best for the buyer counts alone.
    pub stackable: bool,
    /// From when on.
    #[schema(required)]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[schema(required)]
    pub valid_until: Option<Timestamp>,
    /// Whether it is switched on.
    pub active: bool,
    /// Counts its changes; also its `ETag`.
    pub version: i64,
}

impl From<StoredPromotion> for PromotionView {
    fn from(it: StoredPromotion) -> Self {
        let promotion = it.promotion;
        Self {
            id: promotion.id,
            name: promotion.name,
            rule: promotion.rule.into(),
            product_ids: promotion.scope.products,
            category_ids: promotion.scope.categories,
            priority: promotion.priority,
            stackable: promotion.stackable,
            valid_from: promotion.valid_from,
            valid_until: promotion.valid_until,
            active: promotion.active,
            version: it.version,
        }
    }
}

/// What the audit log calls a promotion.
fn resource(id: PromotionId) -> Resource {
    Resource::one(Kind::Product, format!("promotion:{id}"))
}

fn problem(error: PromotionError) -> Problem {
    let wrong = |pointer: &str, detail: String| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
    };
    match error {
        PromotionError::Invalid(rule) => wrong(
            match rule {
                InvalidPromotion::Name => "/name",
                InvalidPromotion::Percentage
                | InvalidPromotion::Amount
                | InvalidPromotion::Tiers
                | InvalidPromotion::Units
                | InvalidPromotion::Set => "/rule",
                InvalidPromotion::Period => "/valid_until",
                InvalidPromotion::Scope | InvalidPromotion::SetScope => "/product_ids",
            },
            rule.to_string(),
        ),
        PromotionError::TooMany => wrong("/active", error.to_string()),
        PromotionError::NotFound => ErrorCode::NotFound.into(),
        PromotionError::Changed => ErrorCode::VersionConflict.into(),
        PromotionError::Db(error) => error.into(),
    }
}
