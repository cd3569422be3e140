//! Coupons as operations give them out.

pub mod change;
pub mod create;
pub mod detail;
pub mod form;
pub mod list;
pub mod remove;

use ::access::{Kind, Resource};
use jiff::Timestamp;
use kernel::{
    ErrorCode, Money,
    id::{CategoryId, ProductId},
};
use pricing::{CouponCode, CouponError, InvalidCoupon, StoredCoupon};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use self::form::CouponBenefit;
use crate::{AppState, kit::Problem};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list::handler, create::handler)).routes(routes!(
        detail::handler,
        change::handler,
        remove::handler
    ))
}

/// A coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AdminCoupon)]
pub struct CouponView {
    /// What the shopper types in.
    #[schema(example = "WELCOME10")]
    pub code: String,
    /// What it gives.
    pub benefit: CouponBenefit,
    /// Products it is for; with no categories either, it is for everything.
    pub product_ids: Vec<ProductId>,
    /// Categories it is for, with all that lies in them.
    pub category_ids: Vec<CategoryId>,
    /// What the lines it is for have to cost, before anything is taken off.
    pub minimum_spend: Money,
    /// From when on it can be used.
    #[schema(required)]
    pub valid_from: Option<Timestamp>,
    /// Until when.
    #[schema(required)]
    pub valid_until: Option<Timestamp>,
    /// How many orders may use it; `null`: any number.
    #[schema(required)]
    pub total_limit: Option<u32>,
    /// How many orders of one buyer may use it; `null`: any number.
    #[schema(required)]
    pub per_customer_limit: Option<u32>,
    /// Whether it is switched on.
    pub active: bool,
    /// How many live orders use it.
    pub redeemed: u32,
    /// Counts the changes of its terms; also its `ETag`.
    pub version: i64,
}

impl From<StoredCoupon> for CouponView {
    fn from(it: StoredCoupon) -> Self {
        let coupon = it.coupon;
        Self {
            code: coupon.code.as_str().to_owned(),
            benefit: coupon.benefit.into(),
            product_ids: coupon.scope.products,
            category_ids: coupon.scope.categories,
            minimum_spend: coupon.minimum_spend,
            valid_from: coupon.valid_from,
            valid_until: coupon.valid_until,
            total_limit: coupon.total_limit,
            per_customer_limit: coupon.per_customer_limit,
            active: coupon.active,
            redeemed: coupon.redeemed,
            version: it.version,
        }
    }
}

/// What the audit log calls a coupon.
fn resource(code: &str) -> Resource {
    Resource::one(Kind::Product, format!("coupon:{code}"))
}

/// The code in an address; what cannot be one is nobody's.
fn code(text: &str) -> Result<CouponCode, Problem> {
    CouponCode::parse(text).ok_or_else(|| ErrorCode::NotFound.into())
}

fn problem(error: CouponError) -> Problem {
    let wrong = |pointer: &str, detail: String| {
        Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
    };
    match error {
        CouponError::Invalid(rule) => wrong(
            match rule {
                InvalidCoupon::Percentage | InvalidCoupon::Amount => "/benefit",
                InvalidCoupon::Period => "/valid_until",
                InvalidCoupon::Limit => "/total_limit",
                InvalidCoupon::Scope => "/product_ids",
            },
            rule.to_string(),
        ),
        CouponError::Taken => wrong("/code", error.to_string()),
        CouponError::NotFound => ErrorCode::NotFound.into(),
        CouponError::Changed => ErrorCode::VersionConflict.into(),
        CouponError::Db(error) => error.into(),
    }
}
