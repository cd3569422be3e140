//! How shoppers see stock: not as numbers, except when it runs out.

use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether something can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Nothing is left.
    SoldOut,
    /// Nothing is left, and more is on its way: it may be ordered ahead 預購.
    Backorder,
    /// A few are left.
    LowStock,
    /// Enough is left.
    InStock,
}

impl Availability {
    /// Units at and below which stock is low, whatever the safety stock.
    pub const LOW: i64 = 5;
    /// Shoppers see exact numbers up to this one.
    pub const SHOWN_UP_TO: i64 = 10;

    /// The same where so many units more may be ordered ahead.
    #[must_use]
    pub const fn with_backorders(self, left: i64) -> Self {
        match self {
            Self::SoldOut if left > 0 => Self::Backorder,
            other => other,
        }
    }

    /// From the units available and the safety stock, added up over the warehouses that sell.
    pub const fn of(available: i64, safety_stock: i64) -> Self {
        if available <= 0 {
            Self::SoldOut
        } else if available <= Self::LOW || available <= safety_stock {
            Self::LowStock
        } else {
            Self::InStock
        }
    }
}

/// How much of something may be ordered ahead, beyond what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Backorder)]
pub struct BackorderView {
    /// From when on it is sent; `null`: as soon as it is there.
    #[schema(required, value_type = Option<String>, format = Date, example = "2026-12-24")]
    pub available_from: Option<Date>,
}

/// The number to show, when it is small enough to be shown.
pub(crate) fn shown(available: i64) -> Option<u32> {
    if available > Availability::SHOWN_UP_TO { None } else { u32::try_from(available.max(0)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_exact() {
        for (available, safety_stock, expected) in [
            (0, 0, Availability::SoldOut),
            (0, 9, Availability::SoldOut),
            (1, 0, Availability::LowStock),
            (5, 0, Availability::LowStock),
            (6, 0, Availability::InStock),
            (20, 20, Availability::LowStock),
            (21, 20, Availability::InStock),
        ] {
            assert_eq!(Availability::of(available, safety_stock), expected, "{available}");
        }
    }

    #[test]
    fn only_small_numbers_are_shown() {
        assert_eq!(shown(0), Some(0));
        assert_eq!(shown(10), Some(10));
        assert_eq!(shown(11), None);
    }
}
