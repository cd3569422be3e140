//! A promotion as it is sent.

use garde::Validate;
use jiff::Timestamp;
use kernel::{
    ErrorCode, Money,
    id::{CategoryId, ProductId, PromotionId},
};
use pricing::{Off, Promotion, Rule, Scope, SetPart, SetTerms, Tier};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{admin::products::parts::LineForm, kit::Problem};

/// A step of a tiered promotion. It takes off either a percentage or an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionTier {
    /// What the lines it is for have to cost, before anything is taken off.
    pub spend: Money,
    /// Per cent off, from there on.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    pub percent: Option<u8>,
    /// So much off, from there on.
    #[serde(default)]
    pub amount: Option<Money>,
}

/// What belongs to a set: units of a product, whichever of its variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionSetPart {
    /// The product.
    pub product_id: ProductId,
    /// How many of it.
    #[schema(minimum = 1, maximum = 100)]
    pub units: u32,
}

/// What a promotion does with the lines it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PromotionRule {
    /// A percentage off.
    Percentage {
        /// How much, rounded down to whole dollars.
        #[schema(minimum = 1, maximum = 100)]
        percent: u8,
    },
    /// An amount off, as far as it goes.
    Amount {
        /// How much.
        amount: Money,
    },
    /// The more is bought, the more is taken off.
    Tiered {
        /// Steps, each for more than the one before; the last one that is reached counts.
        #[schema(min_items = 1, max_items = 10)]
        tiers: Vec<PromotionTier>,
    },
    /// Of every `buy + free` units, `free` are free: the cheapest.
    BuyGet {
        /// Units that are paid for.
        #[schema(minimum = 1, maximum = 100)]
        buy: u32,
        /// Units that are free with them.
        #[schema(minimum = 1, maximum = 100)]
        free: u32,
    },
    /// A percentage off for those who are signed in.
    Member {
        /// How much, rounded down to whole dollars.
        #[schema(minimum = 1, maximum = 100)]
        percent: u8,
    },
    /// These products together cost either a price or a percentage less. As many sets as an order has
    /// units for, and of each product the dearest ones first. `product_ids` and `category_ids` stay
    /// empty.
    Set {
        /// What belongs to a set, each product once: two units or more.
        #[schema(min_items = 1, max_items = 10)]
        parts: Vec<PromotionSetPart>,
        /// What a set costs.
        #[serde(default)]
        price: Option<Money>,
        /// Per cent off its units, rounded down to whole dollars.
        #[serde(default)]
        #[schema(minimum = 1, maximum = 100)]
        percent: Option<u8>,
    },
}

/// What a promotion is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionForm {
    /// What buyers are told it is, in both languages: 80 characters at most.
    #[garde(dive)]
    pub name: LineForm,
    /// What it does.
    #[garde(skip)]
    pub rule: PromotionRule,
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
    /// Lower comes first.
    #[serde(default)]
    #[garde(range(min = -1_000, max = 1_000))]
    #[schema(minimum = -1000, maximum = 1000)]
    pub priority: i16,
    /// Whether it goes together with other promotions; else the best for the buyer counts alone.
    #[serde(default)]
    #[garde(skip)]
    pub stackable: bool,
    /// From when on; without it, at once.
    #[serde(default)]
    #[garde(skip)]
    pub valid_from: Option<Timestamp>,
    /// Until when; without it, for ever.
    #[serde(default)]
    #[garde(skip)]
    pub valid_until: Option<Timestamp>,
    /// Whether it is switched on.
    #[garde(skip)]
    pub active: bool,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl PromotionForm {
    /// The promotion that is meant, and why.
    pub(super) fn into_promotion(
        self,
        id: PromotionId,
    ) -> Result<(Promotion, Option<String>), Problem> {
        let scope = Scope { products: self.product_ids, categories: self.category_ids };
        let promotion = Promotion {
            id,
            name: self.name.into(),
            rule: self.rule.try_into()?,
            scope,
            priority: self.priority,
            stackable: self.stackable,
            valid_from: self.valid_from.map(whole),
            valid_until: self.valid_until.map(whole),
            active: self.active,
        };
        Ok((promotion, self.reason))
    }
}

/// A time as the database keeps it: in microseconds, and not of before there were any.
pub fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond().max(0)).unwrap_or(at)
}

impl TryFrom<PromotionRule> for Rule {
    type Error = Problem;

    fn try_from(rule: PromotionRule) -> Result<Self, Problem> {
        Ok(match rule {
            PromotionRule::Percentage { percent } => Self::Percentage(percent),
            PromotionRule::Amount { amount } => Self::Amount(amount),
            PromotionRule::Member { percent } => Self::Member(percent),
            PromotionRule::BuyGet { buy, free } => Self::BuyGet { buy, free },
            PromotionRule::Tiered { tiers } => {
                let tier = |(at, tier): (usize, PromotionTier)| {
                    let off = match (tier.percent, tier.amount) {
                        (Some(percent), None) => Off::Percentage(percent),
                        (None, Some(amount)) => Off::Amount(amount),
                        _ => {
                            let problem = Problem::new(ErrorCode::ValidationFailed);
                            let detail = "takes off either a percentage or an amount";
                            return Err(problem.field(format!("/rule/tiers/{at}"), detail));
                        }
                    };
                    Ok(Tier { spend: tier.spend, off })
                };
                Self::Tiers(tiers.into_iter().enumerate().map(tier).collect::<Result<_, _>>()?)
            }
            PromotionRule::Set { parts, price, percent } => {
                let terms = match (price, percent) {
                    (Some(price), None) => SetTerms::Price(price),
                    (None, Some(percent)) => SetTerms::Percentage(percent),
                    _ => {
                        return Err(Problem::new(ErrorCode::ValidationFailed)
                            .field("/rule", "a set has either a price or a percentage"));
                    }
                };
                let part =
                    |it: PromotionSetPart| SetPart { product: it.product_id, units: it.units };
                Self::Set { parts: parts.into_iter().map(part).collect(), terms }
            }
        })
    }
}

impl From<Rule> for PromotionRule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Percentage(percent) => Self::Percentage { percent },
            Rule::Amount(amount) => Self::Amount { amount },
            Rule::Member(percent) => Self::Member { percent },
            Rule::BuyGet { buy, free } => Self::BuyGet { buy, free },
            Rule::Tiers(tiers) => {
                let tier = |Tier { spend, off }| match off {
                    Off::Percentage(percent) => {
                        PromotionTier { spend, percent: Some(percent), amount: None }
                    }
                    Off::Amount(amount) => {
                        PromotionTier { spend, percent: None, amount: Some(amount) }
                    }
                };
                Self::Tiered { tiers: tiers.into_iter().map(tier).collect() }
            }
            Rule::Set { parts, terms } => {
                let part =
                    |it: SetPart| PromotionSetPart { product_id: it.product, units: it.units };
                let (price, percent) = match terms {
                    SetTerms::Price(price) => (Some(price), None),
                    SetTerms::Percentage(percent) => (None, Some(percent)),
                };
                Self::Set { parts: parts.into_iter().map(part).collect(), price, percent }
            }
        }
    }
}
