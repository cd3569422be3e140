//! Price lists: what variants cost for some buyers, for some time. Pure.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use kernel::{
    LocalizedText, Money,
    id::{PriceListId, VariantId},
};
use thiserror::Error;

use crate::promotion::Promotion;

/// Whom a price list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Guests as well.
    Everyone,
    /// Those who are signed in.
    Members,
}

impl Audience {
    /// The word kept in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Members => "members",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Everyone, Self::Members].into_iter().find(|it| it.as_str() == word)
    }
}

/// A price list, without its prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// Its id.
    pub id: PriceListId,
    /// What buyers are told it is.
    pub name: LocalizedText,
    /// Whom it is for.
    pub audience: Audience,
    /// From when on.
    pub valid_from: Option<Timestamp>,
    /// Until when; at this moment not any more.
    pub valid_until: Option<Timestamp>,
    /// Whether it is switched on.
    pub active: bool,
}

/// A rule that a price list breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPriceList {
    /// Its name is empty in one of the languages, or too long.
    #[error("a price list has a name of 1 to {} characters in both languages", Promotion::NAME_MAX)]
    Name,
    /// It would end before it begins.
    #[error("a price list's validity ends after it begins")]
    Period,
}

impl PriceList {
    /// Checks every rule.
    pub fn validate(&self) -> Result<(), InvalidPriceList> {
        let named = |name: &str| (1..=Promotion::NAME_MAX).contains(&name.trim().chars().count());
        if !named(&self.name.zh_tw) || !named(&self.name.en) {
            return Err(InvalidPriceList::Name);
        }
        match (self.valid_from, self.valid_until) {
            (Some(from), Some(until)) if from >= until => Err(InvalidPriceList::Period),
            _ => Ok(()),
        }
    }

    /// Whether it counts at this moment, for somebody who is signed in or is not.
    pub fn counts(&self, signed_in: bool, now: Timestamp) -> bool {
        self.active
            && self.valid_from.is_none_or(|from| from <= now)
            && self.valid_until.is_none_or(|until| now < until)
            && (signed_in || self.audience == Audience::Everyone)
    }
}

/// What a variant costs by a price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListPrice {
    /// By which one.
    pub list: PriceListId,
    /// So much.
    pub price: Money,
}

/// What the price lists that are switched on say about some variants.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    lists: Arc<[PriceList]>,
    of: HashMap<VariantId, Arc<[ListPrice]>>,
}

/// What one unit costs, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitPrice<'a> {
    /// To pay.
    pub amount: Money,
    /// The list that says so, where it is less than the variant's own price.
    pub list: Option<&'a PriceList>,
}

impl Prices {
    /// From lists, and what they say about each of some variants.
    pub(crate) const fn new(
        lists: Arc<[PriceList]>,
        of: HashMap<VariantId, Arc<[ListPrice]>>,
    ) -> Self {
        Self { lists, of }
    }

    /// What one unit of a variant costs whose own price is this: the lowest price of the lists that
    /// count, where it is below that. Of equal ones, the list with the smaller id says so.
    pub fn unit_price(
        &self,
        variant: VariantId,
        own: Money,
        signed_in: bool,
        now: Timestamp,
    ) -> UnitPrice<'_> {
        let listed = self.of.get(&variant).map(|listed| &**listed).unwrap_or_default();
        let counting = listed.iter().filter_map(|listed| {
            let list = self.lists.iter().find(|list| list.id == listed.list)?;
            list.counts(signed_in, now).then_some((listed.price, list))
        });
        let lowest = counting.min_by_key(|(price, list)| (*price, list.id));
        match lowest.filter(|(price, _)| *price < own) {
            Some((amount, list)) => UnitPrice { amount, list: Some(list) },
            None => UnitPrice { amount: own, list: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn twd(amount: i64) -> Money {
        Money::twd(amount).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn list(id: u128, audience: Audience) -> PriceList {
        PriceList {
            id: Uuid::from_u128(id).into(),
            name: LocalizedText::new("週年慶", "Anniversary"),
            audience,
            valid_from: Some(at(100)),
            valid_until: Some(at(200)),
            active: true,
        }
    }

    fn variant(id: u128) -> VariantId {
        Uuid::from_u128(id).into()
    }

    /// Lists, and what they say about variant 1.
    fn prices(lists: &[PriceList], says: &[(u128, i64)]) -> Prices {
        let price = |(list, price): &(u128, i64)| ListPrice {
            list: Uuid::from_u128(*list).into(),
            price: twd(*price),
        };
        let of = HashMap::from([(variant(1), says.iter().map(price).collect())]);
        Prices::new(lists.to_vec().into(), of)
    }

    #[test]
    fn it_counts_for_whom_and_when_it_says() {
        let all = list(1, Audience::Everyone);
        assert_eq!(
            [99, 100, 199, 200].map(|s| all.counts(false, at(s))),
            [false, true, true, false]
        );
        let members = list(1, Audience::Members);
        assert!(members.counts(true, at(150)) && !members.counts(false, at(150)));
        let off = PriceList { active: false, ..all.clone() };
        assert!(!off.counts(true, at(150)));
        let always = PriceList { valid_from: None, valid_until: None, ..all };
        assert!(always.counts(false, at(0)));
    }

    #[test]
    fn the_lowest_that_counts_is_paid_where_it_is_below_the_own_price() {
        let lists = [list(1, Audience::Everyone), list(2, Audience::Members)];
        let prices = prices(&lists, &[(1, 350), (2, 300), (9, 1)]);
        let own = twd(390);
        let price = |signed_in, second| {
            let price = prices.unit_price(variant(1), own, signed_in, at(second));
            (price.amount.amount(), price.list.map(|list| list.id.as_uuid().as_u128()))
        };
        assert_eq!(price(false, 150), (350, Some(1)));
        assert_eq!(price(true, 150), (300, Some(2)));
        assert_eq!(price(true, 200), (390, None));
        // A list says nothing of other variants, and never makes one dearer.
        assert_eq!(prices.unit_price(variant(2), own, true, at(150)).amount, own);
        let low = prices.unit_price(variant(1), twd(300), true, at(150));
        assert_eq!(low, UnitPrice { amount: twd(300), list: None });
        let nothing = Prices::default();
        assert_eq!(nothing.unit_price(variant(1), own, true, at(150)).amount, own);
    }

    #[test]
    fn terms_that_make_no_sense_are_refused() {
        let good = list(1, Audience::Everyone);
        assert_eq!(good.validate(), Ok(()));
        let unnamed = PriceList { name: LocalizedText::new("有", " "), ..good.clone() };
        assert_eq!(unnamed.validate(), Err(InvalidPriceList::Name));
        let over = PriceList { valid_until: good.valid_from, ..good };
        assert_eq!(over.validate(), Err(InvalidPriceList::Period));
        assert_eq!(Audience::parse("members"), Some(Audience::Members));
        assert_eq!(Audience::parse("Members"), None);
    }

    proptest! {
        /// Nobody pays more than the own price, members no more than guests, and the order in which
        /// prices are told does not matter.
        #[test]
        fn a_list_only_ever_makes_cheaper(
            says in prop::collection::vec((1..5_u128, 1..1000_i64), 0..5),
            members in prop::collection::vec(any::<bool>(), 4),
            own in 0..1000_i64,
            second in 0..300_i64,
        ) {
            let lists: Vec<PriceList> = (1..).zip(&members).map(|(id, members)| {
                list(id, if *members { Audience::Members } else { Audience::Everyone })
            }).collect();
            let turned: Vec<(u128, i64)> = says.iter().rev().copied().collect();
            let (one, other) = (prices(&lists, &says), prices(&lists, &turned));
            let price = |prices: &Prices, signed_in| {
                prices.unit_price(variant(1), twd(own), signed_in, at(second)).amount.amount()
            };
            let guest = price(&one, false);
            prop_assert!(guest <= own && price(&one, true) <= guest);
            prop_assert_eq!(price(&other, false), guest);
            prop_assert_eq!(price(&other, true), price(&one, true));
        }
    }
}
