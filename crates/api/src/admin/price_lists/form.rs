//! A price list as it is sent.

use std::collections::HashSet;

use garde::Validate;
use jiff::Timestamp;
use kernel::{
    ErrorCode, Money,
    id::{PriceListId, VariantId},
};
use pricing::{Audience, PriceList};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PriceListEntry;
use crate::{
    admin::{products::parts::LineForm, promotions::form::whole},
    kit::Problem,
};

/// Whom a price list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceListAudience {
    /// Guests as well.
    Everyone,
    /// Those who are signed in.
    Members,
}

/// What a price list is from now on.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListForm {
    /// What buyers are told it is, in both languages: 80 characters at most.
    #[garde(dive)]
    pub name: LineForm,
    /// Whom it is for.
    #[garde(skip)]
    pub audience: PriceListAudience,
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

/// Prices to be put into a list, and variants to be taken off it. All others stay.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceListChanges {
    /// Prices that are added, or take the place of those that are there.
    #[serde(default)]
    #[garde(length(max = 500))]
    #[schema(max_items = 500)]
    pub put: Vec<PriceListEntry>,
    /// Variants that have no price in it any more.
    #[serde(default)]
    #[garde(length(max = 500))]
    #[schema(max_items = 500)]
    pub remove: Vec<VariantId>,
    /// Why, for the audit log.
    #[serde(default)]
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

impl PriceListForm {
    /// The list that is meant, and why.
    pub(super) fn into_list(self, id: PriceListId) -> (PriceList, Option<String>) {
        let list = PriceList {
            id,
            name: self.name.into(),
            audience: self.audience.into(),
            valid_from: self.valid_from.map(whole),
            valid_until: self.valid_until.map(whole),
            active: self.active,
        };
        (list, self.reason)
    }
}

impl PriceListChanges {
    /// Of each variant its price, or nothing where it leaves the list.
    pub(super) fn entries(&self) -> Result<Vec<(VariantId, Option<Money>)>, Problem> {
        let wrong = |pointer: String, detail: &str| {
            Problem::new(ErrorCode::ValidationFailed).field(pointer, detail)
        };
        if let Some(at) = self.put.iter().position(|entry| entry.price == Money::ZERO) {
            return Err(wrong(format!("/put/{at}/price"), "is at least a dollar"));
        }
        let put = self.put.iter().map(|entry| (entry.variant_id, Some(entry.price)));
        let gone = self.remove.iter().map(|variant| (*variant, None));
        let entries: Vec<_> = put.chain(gone).collect();
        let mut named = HashSet::new();
        let twice = entries.iter().position(|(variant, _)| !named.insert(*variant));
        match twice {
            None => Ok(entries),
            Some(at) if at < self.put.len() => {
                Err(wrong(format!("/put/{at}/variant_id"), "is named twice"))
            }
            Some(at) => Err(wrong(format!("/remove/{}", at - self.put.len()), "is named twice")),
        }
    }
}

impl From<PriceListAudience> for Audience {
    fn from(it: PriceListAudience) -> Self {
        match it {
            PriceListAudience::Everyone => Self::Everyone,
            PriceListAudience::Members => Self::Members,
        }
    }
}

impl From<Audience> for PriceListAudience {
    fn from(it: Audience) -> Self {
        match it {
            Audience::Everyone => Self::Everyone,
            Audience::Members => Self::Members,
        }
    }
}
