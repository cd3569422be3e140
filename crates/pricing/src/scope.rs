//! What something is for: everything, or some products and categories. Pure.

use kernel::id::{CategoryId, ProductId};

use crate::quote::QuoteLine;

/// Products and categories; with none of either, everything is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// These products, whatever category they are in.
    pub products: Vec<ProductId>,
    /// Everything in these categories and below them.
    pub categories: Vec<CategoryId>,
}

impl Scope {
    /// The most products, and the most categories, that one may name.
    pub const MOST: usize = 200;

    /// No bounds.
    pub const EVERYTHING: Self = Self { products: Vec::new(), categories: Vec::new() };

    /// Whether it has no bounds.
    pub const fn is_everything(&self) -> bool {
        self.products.is_empty() && self.categories.is_empty()
    }

    /// Whether it is small enough to be kept.
    pub const fn fits(&self) -> bool {
        self.products.len() <= Self::MOST && self.categories.len() <= Self::MOST
    }

    /// Whether a line is meant.
    pub fn covers(&self, line: &QuoteLine<'_>) -> bool {
        self.is_everything()
            || self.products.contains(&line.product)
            || line.categories.iter().any(|category| self.categories.contains(category))
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Money, Quantity};
    use uuid::Uuid;

    use super::*;

    fn category(n: u128) -> CategoryId {
        Uuid::from_u128(n).into()
    }

    #[test]
    fn products_or_categories_above_them_or_everything() {
        let above = [category(3), category(1)];
        let line = QuoteLine {
            variant: Uuid::from_u128(70).into(),
            product: Uuid::from_u128(7).into(),
            categories: &above,
            unit_price: Money::ZERO,
            quantity: Quantity::new(1).unwrap(),
        };
        let scope = |products: &[u128], categories: &[u128]| Scope {
            products: products.iter().map(|n| Uuid::from_u128(*n).into()).collect(),
            categories: categories.iter().map(|n| category(*n)).collect(),
        };
        for (scope, covers) in [
            (Scope::EVERYTHING, true),
            (scope(&[7], &[]), true),
            (scope(&[8], &[]), false),
            (scope(&[], &[3]), true),
            // The category above the product's own.
            (scope(&[], &[1]), true),
            (scope(&[], &[2]), false),
            (scope(&[8], &[2, 1]), true),
            (scope(&[8, 7], &[2]), true),
        ] {
            assert_eq!(scope.covers(&line), covers, "{scope:?}");
        }
    }
}
