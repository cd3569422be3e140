//! Which order used which coupon.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::{
    Money,
    id::{OrderId, UserId},
};
use pg::{Connection, DbResult};
use uuid::Uuid;

use crate::{
    coupon::{CouponCode, CouponRefusal, Usage},
    locks, sql,
};

/// Who uses a coupon: an account, and the name that the contact e-mail gives (`orders::Buyer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Redeemer {
    /// The account; a guest has none.
    pub customer: Option<UserId>,
    /// The e-mail's name.
    pub email: Uuid,
}

impl Redeemer {
    /// Both names.
    pub fn names(self) -> impl Iterator<Item = Uuid> {
        self.customer.map(UserId::as_uuid).into_iter().chain([self.email])
    }
}

/// A coupon used by an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// The order.
    pub order: OrderId,
    /// The coupon.
    pub coupon: CouponCode,
    /// By whom.
    pub by: Redeemer,
    /// What it took off.
    pub amount: Money,
}

/// How often each of these names has used each of these coupons in live orders. Pairs that never
/// did are absent.
pub async fn used_by(
    conn: &mut Connection,
    wanted: &[(CouponCode, Uuid)],
) -> DbResult<HashMap<(CouponCode, Uuid), i64>> {
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    sql::used_by(conn, wanted).await
}

/// Writes new redemptions and counts them; set-based. The caller has [locked](crate::lock) the
/// coupons and found room in their limits.
pub async fn redeem(
    conn: &mut Connection,
    redemptions: &[Redemption],
    at: Timestamp,
) -> DbResult<()> {
    if redemptions.is_empty() {
        return Ok(());
    }
    sql::insert_redemptions(conn, redemptions, at).await?;
    sql::count_redemptions(conn, &counts(redemptions.iter().map(|it| &it.coupon), 1)).await
}

/// Gives back the coupons of orders that ended unpaid, for others to use. The orders' rows are
/// locked by the flow that calls this.
pub async fn release(conn: &mut Connection, orders: &[OrderId], at: Timestamp) -> DbResult<()> {
    if orders.is_empty() {
        return Ok(());
    }
    let released = sql::release_redemptions(conn, orders, at).await?;
    let counts = counts(&released, -1);
    let codes: Vec<CouponCode> = counts.iter().map(|(code, _)| code.clone()).collect();
    locks::lock(conn, &codes).await?;
    sql::count_redemptions(conn, &counts).await
}

/// Whether the limits of a coupon leave room for one more order of this buyer. Locks the coupon.
pub async fn has_room(
    conn: &mut Connection,
    code: &CouponCode,
    by: Redeemer,
) -> DbResult<Result<(), CouponRefusal>> {
    let coupons = locks::lock(conn, std::slice::from_ref(code)).await?;
    let Some(coupon) = coupons.get(code) else { return Ok(Err(CouponRefusal::Unknown)) };
    let wanted: Vec<_> = by.names().map(|name| (code.clone(), name)).collect();
    let used = used_by(conn, &wanted).await?;
    let usage = Usage(used.values().copied().max().unwrap_or(0));
    Ok(coupon.check_limits(usage))
}

/// Uses a coupon again for an order that had given it back: its money came late. Whether the
/// coupon's time is over does not matter any more; that its limits [leave room](has_room) does.
pub async fn redeem_again(
    conn: &mut Connection,
    order: OrderId,
    code: &CouponCode,
) -> DbResult<()> {
    sql::reinstate_redemption(conn, order, code).await?;
    sql::count_redemptions(conn, &[(code.clone(), 1)]).await
}

/// An order became smaller: its coupon takes off less. The order's row is locked by the flow that calls
/// this.
pub async fn reduce(conn: &mut Connection, order: OrderId, amount: Money) -> DbResult<()> {
    sql::reduce_redemption(conn, order, amount).await
}

/// How many of each coupon, by code.
fn counts<'a>(
    codes: impl IntoIterator<Item = &'a CouponCode>,
    each: i32,
) -> Vec<(CouponCode, i32)> {
    let mut counts: HashMap<&CouponCode, i32> = HashMap::new();
    for code in codes {
        *counts.entry(code).or_default() += each;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(code, n)| (code.clone(), n)).collect();
    counts.sort_unstable();
    counts
}
