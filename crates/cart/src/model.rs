//! What a cart consists of, and its bounds.

use kernel::id::{CartId, CartItemId, UserId, VariantId};

/// The most units in a line.
pub const LINE_MAX: u32 = 99;

/// The most lines in a cart: what one order may have.
pub const LINES_MAX: u32 = 100;

/// Whose cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartOwner {
    /// Whoever has this id in a cookie.
    Guest(CartId),
    /// A person with an account.
    User(UserId),
}

/// Units in a line: 1 to [`LINE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineQuantity(u32);

impl LineQuantity {
    /// A quantity, if a line can hold it.
    pub const fn new(units: u32) -> Option<Self> {
        if 1 <= units && units <= LINE_MAX { Some(Self(units)) } else { None }
    }

    /// The number of units.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Both together, as far as a line can hold them.
    #[must_use]
    pub const fn merged(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        Self(if sum > LINE_MAX { LINE_MAX } else { sum })
    }
}

/// A line of a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CartLine {
    /// Its id.
    pub id: CartItemId,
    /// What is to be bought.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: LineQuantity,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert_eq!(LineQuantity::new(0), None);
        assert_eq!(LineQuantity::new(1).map(LineQuantity::get), Some(1));
        assert_eq!(LineQuantity::new(99).map(LineQuantity::get), Some(99));
        assert_eq!(LineQuantity::new(100), None);
    }

    proptest! {
        #[test]
        fn merging_adds_up_to_the_bound(a in 1..=LINE_MAX, b in 1..=LINE_MAX) {
            let (a, b) = (LineQuantity::new(a).unwrap(), LineQuantity::new(b).unwrap());
            prop_assert_eq!(a.merged(b), b.merged(a));
            prop_assert_eq!(a.merged(b).get(), (a.get() + b.get()).min(LINE_MAX));
        }
    }
}
