//! Mistakes to plant: what the auditor must be able to find.

/// A mistake in the way a shop is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Cancelling gives no stock back.
    ForgetsRelease,
    /// One unit more is sold than there is.
    OneTooMany,
    /// One unit fewer is sold than there is.
    Undersells,
    /// A key makes an order each time it is used.
    KeyTwice,
    /// An answer is given and the order is not stored.
    LosesOrder,
    /// Of an order over several lines only the first is taken off the stock.
    HalfAnOrder,
    /// A repeated notice is acted upon again.
    PaysTwice,
    /// Money for a cancelled order is kept.
    KeepsMoney,
    /// A late payment takes no stock.
    PaysWithoutStock,
    /// Expiry takes orders that are paid.
    ExpiresPaid,
    /// A stocktake stops nobody.
    IgnoresFreeze,
    /// The wrong price is good enough.
    BelievesPrice,
    /// Purchase limits are not looked at.
    IgnoresLimit,
    /// A coupon is good for everybody and for ever.
    CouponForAll,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ForgetsRelease,
        Self::OneTooMany,
        Self::Undersells,
        Self::KeyTwice,
        Self::LosesOrder,
        Self::HalfAnOrder,
        Self::PaysTwice,
        Self::KeepsMoney,
        Self::PaysWithoutStock,
        Self::ExpiresPaid,
        Self::IgnoresFreeze,
        Self::BelievesPrice,
        Self::IgnoresLimit,
        Self::CouponForAll,
    ];
}
