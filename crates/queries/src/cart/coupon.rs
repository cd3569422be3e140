//! What a cart's coupon does, or why it does nothing.

use jiff::Timestamp;
use kernel::{Money, id::UserId};
use pg::{Connection, DbResult};
use pricing::{Benefit, Coupon, CouponCode, CouponRefusal, QuoteLine, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// What a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponKind {
    /// So many percent off the lines.
    Percentage,
    /// So much off the lines.
    Amount,
    /// No shipping fee.
    FreeShipping,
}

/// Why a coupon does not apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouponReason {
    /// There is no such coupon.
    Unknown,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// As many orders as may have used it.
    UsedUp,
    /// This customer has used it as often as one may.
    AlreadyUsed,
    /// It is for other products.
    NothingCovered,
    /// The lines it is for cost too little; see `minimum_spend`.
    MinimumNotReached,
}

/// A coupon in a cart. It is decided when the order is placed; this is how it looks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CartCoupon {
    /// Its code.
    #[schema(example = "WELCOME10")]
    pub code: String,
    /// Whether it takes something off, or waives the shipping fee.
    pub applies: bool,
    /// Why it does not apply; `null` when it does.
    #[schema(required)]
    pub reason: Option<CouponReason>,
    /// What it gives; `null` when there is no such coupon.
    #[schema(required)]
    pub kind: Option<CouponKind>,
    /// What it takes off the lines of this cart.
    pub discount: Money,
    /// What the lines it is for cost, before anything is taken off.
    pub covered: Money,
    /// What those have to cost; `null` when any order will do.
    #[schema(required)]
    pub minimum_spend: Option<Money>,
}

impl CartCoupon {
    /// Whether it waives the shipping fee.
    pub fn ships_free(&self) -> bool {
        self.applies && self.kind == Some(CouponKind::FreeShipping)
    }
}

/// Looks at the coupon with this code, for these lines; where it applies, with the coupon itself. What it
/// takes off is for the quote to say. A guest's own uses are not known before there is an e-mail:
/// they are counted when the order is placed.
pub async fn look(
    conn: &mut Connection,
    typed: &str,
    customer: Option<UserId>,
    lines: &[QuoteLine<'_>],
    now: Timestamp,
) -> DbResult<(CartCoupon, Option<Coupon>)> {
    let mut view = CartCoupon {
        code: typed.to_owned(),
        applies: false,
        reason: Some(CouponReason::Unknown),
        kind: None,
        discount: Money::ZERO,
        covered: Money::ZERO,
        minimum_spend: None,
    };
    let Some(code) = CouponCode::parse(typed) else { return Ok((view, None)) };
    let Some(coupon) = pricing::find_coupon(conn, &code).await? else { return Ok((view, None)) };
    view.covered = coupon.covered(lines);
    view.kind = Some(coupon.benefit.into());
    view.minimum_spend = Some(coupon.minimum_spend).filter(|least| *least > Money::ZERO);
    let wanted: Vec<_> = customer.map(|user| (code.clone(), user.as_uuid())).into_iter().collect();
    let used = pricing::used_by(conn, &wanted).await?.into_values().max().unwrap_or(0);
    view.reason = coupon.check(lines, Usage(used), now).err().map(CouponReason::from);
    view.applies = view.reason.is_none();
    let usable = view.applies.then_some(coupon);
    Ok((view, usable))
}

impl From<Benefit> for CouponKind {
    fn from(benefit: Benefit) -> Self {
        match benefit {
            Benefit::Percentage(_) => Self::Percentage,
            Benefit::Amount(_) => Self::Amount,
            Benefit::FreeShipping => Self::FreeShipping,
        }
    }
}

impl From<CouponRefusal> for CouponReason {
    fn from(refusal: CouponRefusal) -> Self {
        match refusal {
            CouponRefusal::Unknown => Self::Unknown,
            CouponRefusal::NotYetValid { .. } => Self::NotYetValid,
            CouponRefusal::Expired => Self::Expired,
            CouponRefusal::UsedUp => Self::UsedUp,
            CouponRefusal::AlreadyUsed => Self::AlreadyUsed,
            CouponRefusal::NothingCovered => Self::NothingCovered,
            CouponRefusal::BelowMinimum { .. } => Self::MinimumNotReached,
        }
    }
}
