//! The value added tax (營業稅) that prices include. Pure.

use kernel::Money;

/// The 5 % tax that a total includes: the total less what it is without tax, the latter rounded to
/// whole dollars. There is never a tie: a 21st part is never a half.
pub fn vat_included(total: Money) -> Money {
    let net = (total.amount() * 20 + 10) / 21;
    // Less than the total, which is an amount.
    Money::twd(total.amount() - net).unwrap_or(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn five_percent_of_what_is_left_without_it() {
        for (total, vat) in
            [(0, 0), (1, 0), (10, 0), (11, 1), (21, 1), (105, 5), (390, 19), (2100, 100)]
        {
            let total = Money::twd(total).unwrap();
            assert_eq!(vat_included(total), Money::twd(vat).unwrap(), "{total}");
        }
    }

    proptest! {
        #[test]
        fn tax_and_the_rest_are_the_total_within_half_a_dollar(total in 0..=Money::MAX_AMOUNT) {
            let vat = vat_included(Money::twd(total).unwrap()).amount();
            let net = total - vat;
            prop_assert!((0..=total).contains(&vat));
            // 21 parts: 20 are the goods', one is the tax; half a dollar is 10.5 of them.
            prop_assert!((net * 21 - total * 20).abs() <= 10);
        }
    }
}
