//! A coupon as it is sent.

use garde::Validate;
use jiff::Timestamp;
use kernel::{
    ErrorCode, Money,
    id::{CategoryId, ProductId},
};
use pricing::{Benefit, Coupon, CouponCode, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{admin::promotions::form::whole, kit::Problem};

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CouponBenefit {
    /// A percentage off the lines it is for.
    Percentage {
        /// How much, rounded down to whole dollars.
        #[schema(minimum = 1, maximum = 100)]
        percent: u8,
    },
    /// An amount off the lines it is for, as far as they go.
    Amount {
        /// How much.
        amount: Money,
    },
    /// No shipping fee.
    FreeShipping {},
}

/// What a coupon is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponForm {
    /// What the shopper types in, in any case: letters, digits, `-` and `_`. It does not change.
    #[garde(length(chars, min = 1, max = 40))]
    #[schema(example = "WELCOME10", min_length = 1, max_length = 40)]
    pub code: String,
    /// What it gives.
    #[garde(skip)]
    pub benefit: CouponBenefit,
    /// Products it is for; with no categories either, it is for everything.
    #[serde(default)]
    #[garde(length(max = 200))]
    #[schema(max_items = 200)]
    pub product_ids: Vec<ProductId>,
    /// Categories it is for, with all that lies in them.
    #[serde(default)]
    #[garde(length(max = 200))]
    #[schema(max_items = 200)]
    pub category_ids: Vec<CategoryId>,
    /// What the lines it is for have to cost, before anything is taken off.
    #[serde(default)]
    #[garde(skip)]
    pub minimum_spend: Option<Money>,
    /// From when on it can be used; without it, at once.
    #[serde(default)]
    #[garde(skip)]
    pub valid_from: Option<Timestamp>,
    /// Until when; without it, for ever.
    #[serde(default)]
    #[garde(skip)]
    pub valid_until: Option<Timestamp>,
    /// How many orders may use it.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 2_147_483_647)))]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub total_limit: Option<u32>,
    /// How many orders of one buyer may use it.
    #[serde(default)]
    #[garde(inner(range(min = 1, max = 2_147_483_647)))]
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub per_customer_limit: Option<u32>,
    /// Whether it is switched on.
    #[garde(skip)]
    pub active: bool,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl CouponForm {
    /// The coupon that is meant, and why.
    pub(super) fn into_coupon(self) -> Result<(Coupon, Option<String>), Problem> {
        let code = CouponCode::parse(&self.code).ok_or_else(|| {
            Problem::new(ErrorCode::ValidationFailed)
                .field("/code", "must be letters, digits, hyphens and underscores")
        })?;
        let coupon = Coupon {
            code,
            benefit: self.benefit.into(),
            scope: Scope { products: self.product_ids, categories: self.category_ids },
            minimum_spend: self.minimum_spend.unwrap_or(Money::ZERO),
            valid_from: self.valid_from.map(whole),
            valid_until: self.valid_until.map(whole),
            total_limit: self.total_limit,
            per_customer_limit: self.per_customer_limit,
            active: self.active,
            redeemed: 0,
        };
        Ok((coupon, self.reason))
    }
}

impl From<CouponBenefit> for Benefit {
    fn from(it: CouponBenefit) -> Self {
        match it {
            CouponBenefit::Percentage { percent } => Self::Percentage(percent),
            CouponBenefit::Amount { amount } => Self::Amount(amount),
            CouponBenefit::FreeShipping {} => Self::FreeShipping,
        }
    }
}

impl From<Benefit> for CouponBenefit {
    fn from(it: Benefit) -> Self {
        match it {
            Benefit::Percentage(percent) => Self::Percentage { percent },
            Benefit::Amount(amount) => Self::Amount { amount },
            Benefit::FreeShipping => Self::FreeShipping {},
        }
    }
}
