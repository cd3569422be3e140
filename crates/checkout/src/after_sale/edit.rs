//! Operations change an order before it is sent whole: where it goes, and less of it. Never more, and
//! never dearer; what was paid too much goes back.

use inventory::{Cause, Fate, ReservationStatus};
use jiff::Timestamp;
use kernel::{
    Actor, Money,
    id::{OrderId, VariantId},
};
use orders::{Address, Cut, Edit, Order, adjustments, purchases};
use pg::{Connection, DbResult};
use shipping::shipments;

use super::{
    cheaper::{Priced, price_after},
    error::AfterSaleError,
    units::{self, Room},
};
use crate::{
    Checkout,
    error::CheckoutError,
    refunds::{RefundAmount, RefundAsk},
};

/// What operations want to change.
#[derive(Clone, Debug)]
pub struct OrderEdit<'a> {
    /// Where it goes from now on.
    pub address: Option<Address>,
    /// Lines, with how many units stay of each; 0 removes the line.
    pub lines: Vec<(i16, u32)>,
    /// Why.
    pub reason: &'a str,
}

impl Checkout {
    /// Changes an order that was not sent whole. `seen` is the version the caller has looked at. Returns
    /// the order as it was and as it is.
    pub async fn edit_order(
        &self,
        conn: &mut Connection,
        id: OrderId,
        seen: i64,
        asked: &OrderEdit<'_>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Order, Order), CheckoutError> {
        let before = orders::lock(conn, id).await?;
        let version = orders::edit::version(conn, id).await?;
        if version != seen {
            return Err(AfterSaleError::VersionConflict(version).into());
        }
        let cuts = cuts_of(&before, &asked.lines)?;
        let paid = check_place(conn, &before, &cuts).await?;
        let known = adjustments::of_orders(conn, &[id]).await?;
        let Priced { amounts, coupon_less, taken_off } =
            price_after(conn, &before, &known, &cuts, now).await?;
        let less = before.total.minus(amounts.total).unwrap_or(Money::ZERO);
        let refunded = if paid { less } else { Money::ZERO };
        if refunded > Money::ZERO {
            let amount = RefundAmount::Amount(refunded);
            // Buyers see why: a word, not what the house says to itself.
            let ask = RefundAsk { amount, reason: "edited", automatic: true };
            self.request_refund(conn, &before, &ask, actor, now).await?;
            if orders::lock(conn, id).await?.status != before.status {
                // All of its money goes back by this.
                return Err(AfterSaleError::NothingWouldBeLeft.into());
            }
        }
        if !cuts.is_empty() {
            let reference = Some(id.as_uuid());
            let cause = Cause { actor, reference, reason: Some(asked.reason), at: now };
            self.give_back_cuts(conn, &before, &cuts, paid, &cause).await?;
            purchases::reduce(conn, &before, &units_less(&before, &cuts)).await?;
        }
        if let Some(amount) = coupon_less {
            pricing::reduce(conn, id, amount).await?;
        }
        adjustments::change(conn, id, &known, &taken_off).await?;
        let change = Edit {
            address: asked.address.as_ref(),
            cuts: &cuts,
            amounts,
            refunded,
            reason: asked.reason,
        };
        let mut order = before.clone();
        orders::edit::edit(conn, &mut order, &change, actor, now).await?;
        let event = orders::events::edited(&order, refunded, &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await?;
        self.ship_if_all_left(conn, &mut order, actor, now).await?;
        self.settle_completion(conn, &order).await?;
        Ok((before, order))
    }

    /// The units that were taken off are free again.
    async fn give_back_cuts(
        &self,
        conn: &mut Connection,
        order: &Order,
        cuts: &[Cut],
        paid: bool,
        cause: &Cause<'_>,
    ) -> Result<(), CheckoutError> {
        let components = orders::components::of_orders(conn, &[order.id]).await?;
        let mut rooms = if paid {
            let bought = inventory::parts::fulfilments(conn, &[order.id]).await?;
            units::unplanned(&bought, &shipments::of_order(conn, order.id).await?)
        } else {
            held(conn, order.id).await?
        };
        let mut parts = Vec::new();
        for (cut, line) in pairs(order, cuts) {
            let line_no = cut.line_no;
            let less = line.quantity.get() - cut.quantity;
            let less = i32::try_from(less).unwrap_or(i32::MAX);
            let recipe = units::recipe(line, &components);
            let taken = units::take(line_no, &recipe, less, &mut rooms);
            parts.extend(taken.map_err(|left| AfterSaleError::UnitsExceeded { line_no, left })?);
        }
        let context = self.save_context();
        if paid {
            let fate = Fate::OnSale;
            inventory::parts::withdraw(conn, order.id, &parts, fate, cause, &context).await?;
        } else {
            inventory::release_part(conn, order.id, &parts, cause, &context).await?;
        }
        Ok(())
    }
}

/// Whether the order is paid, where it is in a place in which this can be done.
async fn check_place(
    conn: &mut Connection,
    order: &Order,
    cuts: &[Cut],
) -> Result<bool, CheckoutError> {
    let status = order.status;
    if status.is_before_shipment() {
        if !cuts.is_empty() && order.paid_at.is_none() {
            let why = "it is paid at the door: what is to be collected there does not change";
            return Err(AfterSaleError::NotNow { status, why }.into());
        }
        return Ok(true);
    }
    if !status.awaits_payment() {
        let why = "an order is edited before all of it has left, and not once it has ended";
        return Err(AfterSaleError::NotNow { status, why }.into());
    }
    // Whoever has begun to pay pays what the order cost then.
    if !cuts.is_empty() && !payments::of_order(conn, order.id).await?.is_empty() {
        let why = "a payment was begun: nothing is taken off until it is paid";
        return Err(AfterSaleError::NotNow { status, why }.into());
    }
    Ok(false)
}

/// The cuts that were asked for: of lines that are there, each once, each smaller than it was.
fn cuts_of(order: &Order, asked: &[(i16, u32)]) -> Result<Vec<Cut>, AfterSaleError> {
    let mut cuts: Vec<Cut> = Vec::with_capacity(asked.len());
    for (index, (line_no, quantity)) in asked.iter().copied().enumerate() {
        let line = order.lines.iter().find(|line| line.line_no == line_no);
        let line = line.filter(|_| cuts.iter().all(|cut| cut.line_no != line_no));
        let line = line.ok_or(AfterSaleError::NoSuchLine { index })?;
        if quantity >= line.quantity.get() {
            return Err(AfterSaleError::NotSmaller { index });
        }
        cuts.push(Cut { line_no, quantity });
    }
    let gone = cuts.iter().filter(|cut| cut.quantity == 0).count();
    if gone == order.lines.len() {
        return Err(AfterSaleError::NothingWouldBeLeft);
    }
    Ok(cuts)
}

fn pairs<'a>(
    order: &'a Order,
    cuts: &'a [Cut],
) -> impl Iterator<Item = (&'a Cut, &'a orders::Line)> {
    cuts.iter().filter_map(|cut| {
        let line = order.lines.iter().find(|line| line.line_no == cut.line_no)?;
        Some((cut, line))
    })
}

/// Units that are counted no longer, by variant.
fn units_less(order: &Order, cuts: &[Cut]) -> Vec<(VariantId, i64)> {
    let mut less: Vec<(VariantId, i64)> = Vec::new();
    for (cut, line) in pairs(order, cuts) {
        let units = i64::from(line.quantity.get() - cut.quantity);
        match less.iter_mut().find(|(variant, _)| *variant == line.variant) {
            Some((_, sum)) => *sum += units,
            None => less.push((line.variant, units)),
        }
    }
    less
}

/// What an order that waits for its money holds.
async fn held(conn: &mut Connection, order: OrderId) -> DbResult<Vec<Room>> {
    let held = inventory::reservations::of_orders(conn, &[order]).await?;
    let held = held.into_iter().filter(|it| it.status == ReservationStatus::Active);
    Ok(held.map(|it| Room { line_no: it.line_no, key: it.key, units: it.quantity }).collect())
}
