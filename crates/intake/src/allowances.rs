//! What limits leave: purchase limits, coupons and unpaid orders, as one batch knows them.
//!
//! Read after the batch has locked its stock rows, which makes the orders of a limited variant take
//! turns; coupons are locked here, in the order of their codes. What earlier members of the batch
//! took is kept here, so that each request is decided as if it were alone and came in its turn.
//! Nothing is read when no variant of the batch has a limit and no request names a coupon.

use std::collections::HashMap;

use catalog::Offer;
use jiff::Timestamp;
use kernel::id::VariantId;
use orders::{
    Buyer, Holder, Purchase,
    purchases::{self, Bought},
};
use pg::{Connection, DbResult};
use pricing::{Coupon, CouponCode, CouponRefusal, CouponUse, QuoteLine, Redemption, Usage};
use uuid::Uuid;

use crate::{
    holds::Holds,
    request::{OverLimit, PlaceOrder, Refusal},
};

/// What is known about limits.
#[derive(Debug, Default)]
pub(crate) struct Allowances {
    bought: Bought,
    coupons: HashMap<CouponCode, Coupon>,
    used: HashMap<(CouponCode, Uuid), i64>,
    holds: Holds,
}

impl Allowances {
    /// Whether anything in the batch is limited.
    pub fn concern(requests: &[&PlaceOrder], offers: &HashMap<VariantId, Offer>) -> bool {
        offers.values().any(|offer| offer.purchase_limit.is_some())
            || requests.iter().any(|request| request.coupon_code.is_some())
    }

    /// Reads only how much is held without having been paid for; that is not locked.
    pub async fn of_holds(
        conn: &mut Connection,
        requests: &[&PlaceOrder],
        hold_limit: u32,
    ) -> DbResult<Self> {
        let holds = Holds::look(conn, requests, hold_limit).await?;
        Ok(Self { holds, ..Self::default() })
    }

    /// Reads what the requests are limited by, and locks their coupons. The names they would hold
    /// stock under are locked.
    pub async fn load(
        conn: &mut Connection,
        requests: &[&PlaceOrder],
        offers: &HashMap<VariantId, Offer>,
        hold_limit: u32,
    ) -> DbResult<Self> {
        let mut allowances = Self::of_holds(conn, requests, hold_limit).await?;
        if offers.values().any(|offer| offer.purchase_limit.is_some()) {
            let wanted: Vec<_> =
                requests.iter().flat_map(|request| limited_pairs(request, offers)).collect();
            allowances.bought = purchases::bought(conn, &wanted).await?;
        }
        if requests.iter().any(|request| request.coupon_code.is_some()) {
            let codes: Vec<CouponCode> = requests.iter().filter_map(|r| code_of(r)).collect();
            allowances.coupons = pricing::lock(conn, &codes).await?;
            let wanted = allowances.counted_pairs(requests);
            allowances.used = pricing::used_by(conn, &wanted).await?;
        }
        Ok(allowances)
    }

    /// Coupons that count their customers, with the names of those who want them.
    fn counted_pairs(&self, requests: &[&PlaceOrder]) -> Vec<(CouponCode, Uuid)> {
        let mut pairs = Vec::new();
        for request in requests {
            let coupon = code_of(request).and_then(|code| self.coupons.get(&code));
            if let Some(coupon) = coupon.filter(|coupon| coupon.per_customer_limit.is_some()) {
                pairs.extend(buyer(request).names().map(|name| (coupon.code.clone(), name)));
            }
        }
        pairs
    }

    /// Refuses a request that wants more of a limited variant than its buyer may have.
    pub fn check_purchases(
        &self,
        request: &PlaceOrder,
        offers: &HashMap<VariantId, Offer>,
    ) -> Result<(), Refusal> {
        let limit_of = |variant: VariantId| offers.get(&variant)?.purchase_limit.map(i64::from);
        if request.lines.iter().all(|line| limit_of(line.variant).is_none()) {
            return Ok(());
        }
        let buyer = buyer(request);
        let mut over = Vec::new();
        for (index, line) in request.lines.iter().enumerate() {
            let variant = line.variant;
            let Some(limit) = limit_of(variant) else { continue };
            let requested: i64 = request
                .lines
                .iter()
                .filter(|other| other.variant == variant)
                .map(|other| i64::from(other.quantity.get()))
                .sum();
            let has = |name| self.bought.get(&(variant, name)).copied().unwrap_or(0);
            let bought = buyer.names().map(has).max().unwrap_or(0);
            if bought + requested > limit {
                let sku = offers.get(&variant).map(|offer| offer.sku.clone()).unwrap_or_default();
                let left = (limit - bought).max(0);
                over.push(OverLimit { index, variant, sku, requested, limit, left });
            }
        }
        if over.is_empty() { Ok(()) } else { Err(Refusal::PurchaseLimit(over)) }
    }

    /// Under whose names the request's order holds stock, if they may hold more.
    pub fn check_holds(&self, request: &PlaceOrder) -> Result<Option<Holder>, Refusal> {
        let holder = self.holds.holder(request);
        self.holds.check(holder)?;
        Ok(holder)
    }

    /// What is held without having been paid for.
    pub const fn holds(&self) -> &Holds {
        &self.holds
    }

    /// What the request's coupon gives for these lines; or why it gives nothing.
    pub fn coupon(
        &self,
        request: &PlaceOrder,
        lines: &[QuoteLine<'_>],
        now: Timestamp,
    ) -> Result<Option<CouponUse<'_>>, CouponRefusal> {
        if request.coupon_code.is_none() {
            return Ok(None);
        }
        let coupon = code_of(request).and_then(|code| self.coupons.get(&code));
        let coupon = coupon.ok_or(CouponRefusal::Unknown)?;
        let used = |name| self.used.get(&(coupon.code.clone(), name)).copied().unwrap_or(0);
        let usage = match coupon.per_customer_limit {
            Some(_) => buyer(request).names().map(used).max().unwrap_or(0),
            None => 0,
        };
        coupon.check(lines, Usage(usage), now).map(Some)
    }

    /// Notes what an accepted order takes, for the requests after it.
    pub fn take(
        &mut self,
        purchases: &[Purchase],
        redemption: Option<&Redemption>,
        holder: Option<Holder>,
    ) {
        self.holds.take(holder);
        for purchase in purchases {
            *self.bought.entry((purchase.variant, purchase.buyer)).or_default() +=
                purchase.quantity;
        }
        let Some(redemption) = redemption else { return };
        if let Some(coupon) = self.coupons.get_mut(&redemption.coupon) {
            coupon.redeemed += 1;
        }
        for name in redemption.by.names() {
            *self.used.entry((redemption.coupon.clone(), name)).or_default() += 1;
        }
    }
}

/// The limited variants of a request, with each name of its buyer.
fn limited_pairs(
    request: &PlaceOrder,
    offers: &HashMap<VariantId, Offer>,
) -> Vec<(VariantId, Uuid)> {
    let limited = |variant: &VariantId| {
        offers.get(variant).is_some_and(|offer| offer.purchase_limit.is_some())
    };
    let variants: Vec<VariantId> =
        request.lines.iter().map(|line| line.variant).filter(limited).collect();
    if variants.is_empty() {
        return Vec::new();
    }
    let buyer = buyer(request);
    let pairs = |variant| buyer.names().map(move |name| (variant, name));
    variants.into_iter().flat_map(pairs).collect()
}

fn buyer(request: &PlaceOrder) -> Buyer {
    Buyer::new(request.customer, &request.contact.email)
}

fn code_of(request: &PlaceOrder) -> Option<CouponCode> {
    CouponCode::parse(request.coupon_code.as_deref()?)
}
