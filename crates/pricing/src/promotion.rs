//! Promotions: what is taken off by itself, and their terms. Pure.

use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{ProductId, PromotionId},
};
use thiserror::Error;

use crate::scope::Scope;

/// What a tier takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// So many percent, 1 to 100, rounded down to whole dollars.
    Percentage(u8),
    /// So much, as far as it goes.
    Amount(Money),
}

/// A step of a tiered promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// What the lines have to cost, before anything is taken off.
    pub spend: Money,
    /// What is taken off from there on.
    pub off: Off,
}

/// What belongs to a set: units of a product, whichever of its variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetPart {
    /// The product.
    pub product: ProductId,
    /// How many of it.
    pub units: u32,
}

/// What a set costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetTerms {
    /// So much.
    Price(Money),
    /// So many percent less than its units, 1 to 100, rounded down to whole dollars.
    Percentage(u8),
}

/// What a promotion does with the lines it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many percent off.
    Percentage(u8),
    /// So much off.
    Amount(Money),
    /// The last of these steps that is reached; each costs more than the one before.
    Tiers(Vec<Tier>),
    /// Of so many and so many more units, the cheapest are free.
    BuyGet {
        /// Units that are paid for.
        buy: u32,
        /// Units that are free with them.
        free: u32,
    },
    /// So many percent off for those who are signed in.
    Member(u8),
    /// These together cost less.
    Set {
        /// What belongs to a set, each product once.
        parts: Vec<SetPart>,
        /// What one costs.
        terms: SetTerms,
    },
}

impl Rule {
    /// The word kept in the database and shown on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Percentage(_) => "percentage",
            Self::Amount(_) => "amount",
            Self::Tiers(_) => "tiered",
            Self::BuyGet { .. } => "buy_get",
            Self::Member(_) => "member",
            Self::Set { .. } => "set",
        }
    }
}

/// A promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// What buyers are told it is.
    pub name: LocalizedText,
    /// What it does.
    pub rule: Rule,
    /// What it is for.
    pub scope: Scope,
    /// Lower comes first.
    pub priority: i16,
    /// Whether it goes together with other promotions.
    pub stackable: bool,
    /// From when on.
    pub valid_from: Option<Timestamp>,
    /// Until when; at this moment not any more.
    pub valid_until: Option<Timestamp>,
    /// Whether it is switched on.
    pub active: bool,
}

/// A rule that a promotion breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPromotion {
    /// Its name is empty in one of the languages, or too long.
    #[error("a promotion has a name of 1 to {} characters in both languages", Promotion::NAME_MAX)]
    Name,
    /// A percentage is 1 to 100.
    #[error("a promotion takes off 1 to 100 percent")]
    Percentage,
    /// An amount is at least a dollar.
    #[error("a promotion takes off at least a dollar, and a set costs at least one")]
    Amount,
    /// Its steps.
    #[error(
        "a tiered promotion has 1 to {} steps, each for more than the one before",
        Promotion::TIERS_MAX
    )]
    Tiers,
    /// Its units.
    #[error("both numbers of units are 1 to {}", Promotion::UNITS_MAX)]
    Units,
    /// What belongs to a set.
    #[error(
        "a set is of 2 units or more, of 1 to {} products, each named once with 1 to {} units",
        Promotion::PARTS_MAX,
        Promotion::UNITS_MAX
    )]
    Set,
    /// A set says by its parts what it is for.
    #[error("a set is for the products it is of, and names no others")]
    SetScope,
    /// It would end before it begins.
    #[error("a promotion's validity ends after it begins")]
    Period,
    /// It names more products or categories than can be kept.
    #[error("a promotion names {} products and {} categories at most", Scope::MOST, Scope::MOST)]
    Scope,
}

impl Promotion {
    /// The longest name.
    pub const NAME_MAX: usize = 80;
    /// The most steps.
    pub const TIERS_MAX: usize = 10;
    /// The most units to buy, to get, and of a product in a set.
    pub const UNITS_MAX: u32 = 100;
    /// The most products a set is of.
    pub const PARTS_MAX: usize = 10;

    /// Checks every rule.
    pub fn validate(&self) -> Result<(), InvalidPromotion> {
        let named = |name: &str| (1..=Self::NAME_MAX).contains(&name.trim().chars().count());
        if !named(&self.name.zh_tw) || !named(&self.name.en) {
            return Err(InvalidPromotion::Name);
        }
        match &self.rule {
            Rule::Percentage(percent) | Rule::Member(percent) => check(Off::Percentage(*percent))?,
            Rule::Amount(amount) => check(Off::Amount(*amount))?,
            Rule::Tiers(tiers) => {
                let rising = tiers.windows(2).all(|two| two[0].spend < two[1].spend);
                if !(1..=Self::TIERS_MAX).contains(&tiers.len()) || !rising {
                    return Err(InvalidPromotion::Tiers);
                }
                tiers.iter().try_for_each(|tier| check(tier.off))?;
            }
            Rule::BuyGet { buy, free } => {
                let fits = |units: &u32| (1..=Self::UNITS_MAX).contains(units);
                if !fits(buy) || !fits(free) {
                    return Err(InvalidPromotion::Units);
                }
            }
            Rule::Set { .. } if !self.scope.is_everything() => {
                return Err(InvalidPromotion::SetScope);
            }
            Rule::Set { parts, terms } => check_set(parts, *terms)?,
        }
        if let (Some(from), Some(until)) = (self.valid_from, self.valid_until)
            && from >= until
        {
            return Err(InvalidPromotion::Period);
        }
        if self.scope.fits() { Ok(()) } else { Err(InvalidPromotion::Scope) }
    }

    /// Whether it counts at this moment.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.active
            && self.valid_from.is_none_or(|from| from <= now)
            && self.valid_until.is_none_or(|until| now < until)
    }
}

fn check(off: Off) -> Result<(), InvalidPromotion> {
    match off {
        Off::Percentage(percent) if !(1..=100).contains(&percent) => {
            Err(InvalidPromotion::Percentage)
        }
        Off::Amount(Money::ZERO) => Err(InvalidPromotion::Amount),
        _ => Ok(()),
    }
}

fn check_set(parts: &[SetPart], terms: SetTerms) -> Result<(), InvalidPromotion> {
    let units: u64 = parts.iter().map(|part| u64::from(part.units)).sum();
    let fits = |part: &SetPart| (1..=Promotion::UNITS_MAX).contains(&part.units);
    let twice = |(at, part): (usize, &SetPart)| {
        parts[..at].iter().any(|other| other.product == part.product)
    };
    let right = (1..=Promotion::PARTS_MAX).contains(&parts.len()) && parts.iter().all(fits);
    if !right || units < 2 || parts.iter().enumerate().any(twice) {
        return Err(InvalidPromotion::Set);
    }
    match terms {
        SetTerms::Price(price) => check(Off::Amount(price)),
        SetTerms::Percentage(percent) => check(Off::Percentage(percent)),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn promotion(rule: Rule) -> Promotion {
        Promotion {
            id: Uuid::from_u128(1).into(),
            name: LocalizedText::new("滿額折", "Spend and save"),
            rule,
            scope: Scope::EVERYTHING,
            priority: 0,
            stackable: false,
            valid_from: Some(Timestamp::from_second(100).unwrap()),
            valid_until: Some(Timestamp::from_second(200).unwrap()),
            active: true,
        }
    }

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    #[test]
    fn terms_that_make_no_sense_are_refused() {
        let tier = |spend, off| Tier { spend: twd(spend), off };
        let ten = Off::Percentage(10);
        for (rule, why) in [
            (Rule::Percentage(100), None),
            (Rule::Percentage(0), Some(InvalidPromotion::Percentage)),
            (Rule::Member(101), Some(InvalidPromotion::Percentage)),
            (Rule::Amount(twd(1)), None),
            (Rule::Amount(Money::ZERO), Some(InvalidPromotion::Amount)),
            (Rule::Tiers(Vec::new()), Some(InvalidPromotion::Tiers)),
            (Rule::Tiers(vec![tier(500, ten), tier(501, Off::Amount(twd(9)))]), None),
            (Rule::Tiers(vec![tier(500, ten), tier(500, ten)]), Some(InvalidPromotion::Tiers)),
            (Rule::Tiers(vec![tier(500, Off::Percentage(0))]), Some(InvalidPromotion::Percentage)),
            (Rule::BuyGet { buy: 2, free: 1 }, None),
            (Rule::BuyGet { buy: 0, free: 1 }, Some(InvalidPromotion::Units)),
            (Rule::BuyGet { buy: 1, free: 101 }, Some(InvalidPromotion::Units)),
        ] {
            assert_eq!(promotion(rule.clone()).validate().err(), why, "{rule:?}");
        }
        let good = promotion(Rule::Percentage(10));
        let unnamed = Promotion { name: LocalizedText::new("有", "  "), ..good.clone() };
        assert_eq!(unnamed.validate(), Err(InvalidPromotion::Name));
        let over = Promotion { valid_until: good.valid_from, ..good };
        assert_eq!(over.validate(), Err(InvalidPromotion::Period));
    }

    #[test]
    fn a_set_is_of_several_units_each_product_named_once() {
        let set = |parts: &[(u128, u32)], terms| {
            let part = |&(product, units): &(u128, u32)| SetPart {
                product: Uuid::from_u128(product).into(),
                units,
            };
            promotion(Rule::Set { parts: parts.iter().map(part).collect(), terms })
        };
        let price = SetTerms::Price(twd(99));
        for (parts, why) in [
            (vec![(1, 1), (2, 1)], None),
            (vec![(1, 2)], None),
            (vec![(1, 1)], Some(InvalidPromotion::Set)),
            (vec![], Some(InvalidPromotion::Set)),
            (vec![(1, 1), (1, 1)], Some(InvalidPromotion::Set)),
            (vec![(1, 0), (2, 2)], Some(InvalidPromotion::Set)),
            (vec![(1, 101), (2, 1)], Some(InvalidPromotion::Set)),
        ] {
            assert_eq!(set(&parts, price).validate().err(), why, "{parts:?}");
        }
        let eleven: Vec<(u128, u32)> = (0..11).map(|product| (product, 1)).collect();
        assert_eq!(set(&eleven, price).validate(), Err(InvalidPromotion::Set));
        let two = [(1, 2)];
        let free = SetTerms::Price(Money::ZERO);
        assert_eq!(set(&two, free).validate(), Err(InvalidPromotion::Amount));
        let more = SetTerms::Percentage(101);
        assert_eq!(set(&two, more).validate(), Err(InvalidPromotion::Percentage));
        let scope = Scope { products: vec![Uuid::from_u128(1).into()], categories: Vec::new() };
        let scoped = Promotion { scope, ..set(&two, price) };
        assert_eq!(scoped.validate(), Err(InvalidPromotion::SetScope));
    }

    #[test]
    fn it_counts_from_its_beginning_up_to_its_end() {
        let it = promotion(Rule::Percentage(10));
        let at = |second| it.is_valid_at(Timestamp::from_second(second).unwrap());
        assert_eq!([at(99), at(100), at(199), at(200)], [false, true, true, false]);
        let off = Promotion { active: false, ..it.clone() };
        assert!(!off.is_valid_at(Timestamp::from_second(150).unwrap()));
    }
}
