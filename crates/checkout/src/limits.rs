//! What limits count for an order, given back when it ends unpaid, and taken again for late money.

use jiff::Timestamp;
use kernel::id::OrderId;
use orders::{Buyer, Order, Purchase, purchases};
use pg::{Connection, DbResult};
use pricing::{CouponCode, Redeemer};

/// Gives back what these orders took of purchase limits and coupons. Their rows are locked, and so
/// are the stock rows of their variants.
pub(crate) async fn release(conn: &mut Connection, ended: &[Order], at: Timestamp) -> DbResult<()> {
    purchases::forget(conn, ended).await?;
    let with_coupon: Vec<OrderId> =
        ended.iter().filter(|order| order.coupon_code.is_some()).map(|order| order.id).collect();
    pricing::release(conn, &with_coupon, at).await
}

/// What an order that had given everything back would count again.
pub(crate) struct Again {
    purchases: Vec<Purchase>,
    coupon: Option<CouponCode>,
}

/// What late money would take again; nothing when a limit leaves no room for it any more. The
/// order's row is locked, and so are the stock rows of its variants; its coupon is locked here.
pub(crate) async fn room_again(
    conn: &mut Connection,
    order: &Order,
    at: Timestamp,
) -> DbResult<Option<Again>> {
    let variants: Vec<_> = order.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, at).await?;
    let limit_of = |variant| offers.get(&variant).and_then(|offer| offer.purchase_limit);
    let purchases = purchases::of_order(order, |variant| limit_of(variant).is_some());
    let wanted: Vec<_> = purchases.iter().map(|it| (it.variant, it.buyer)).collect();
    let bought = purchases::bought(conn, &wanted).await?;
    let fits = purchases.iter().all(|it| {
        let has = bought.get(&(it.variant, it.buyer)).copied().unwrap_or(0);
        limit_of(it.variant).is_none_or(|limit| has + it.quantity <= limit.into())
    });
    if !fits {
        return Ok(None);
    }
    let coupon = order.coupon_code.as_deref().and_then(CouponCode::parse);
    if let Some(code) = &coupon {
        let Buyer { account, email } = Buyer::of(order);
        let by = Redeemer { customer: account, email };
        if pricing::has_room(conn, code, by).await?.is_err() {
            return Ok(None);
        }
    }
    Ok(Some(Again { purchases, coupon }))
}

/// Takes it, under the same locks.
pub(crate) async fn take_again(
    conn: &mut Connection,
    order: OrderId,
    again: &Again,
) -> DbResult<()> {
    purchases::insert(conn, &again.purchases).await?;
    if let Some(code) = &again.coupon {
        pricing::redeem_again(conn, order, code).await?;
    }
    Ok(())
}
