//! The goods of a return are looked at: what is accepted is taken back, and exactly that is refunded.

use std::collections::HashSet;

use inventory::{Cause, Part};
use jiff::Timestamp;
use kernel::{
    Actor, Money, Quantity,
    id::{RefundId, ReturnId, VariantId},
};
use orders::{LineComponent, Move, Order};
use payments::refunds::RefundError;
use pg::Connection;
use shipping::{
    Return, events,
    returns::{self, Change, Finding, ReturnLine, ReturnMove},
    shipments::{self, ShipmentMove},
};

use super::{
    error::AfterSaleError,
    returns::lock_return,
    units::{self, Room},
};
use crate::{
    Checkout,
    cancel::end_attempts,
    error::CheckoutError,
    refunds::{RefundAmount, RefundAsk, TooManyUnits},
};

impl Checkout {
    /// Writes down what was found. Accepted units go back to the warehouses they left: on sale again, or
    /// written off. With the last unit the order is returned; else it goes back to where it was.
    pub async fn inspect_return(
        &self,
        conn: &mut Connection,
        id: ReturnId,
        seen: Option<i64>,
        found: &[Finding],
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Return, Return), CheckoutError> {
        let bundles = self.bundles_among(conn, id).await?;
        let (mut order, before) = lock_return(conn, id, seen).await?;
        before.status.after(ReturnMove::Inspect).map_err(AfterSaleError::InvalidReturnMove)?;
        let lines = before.inspect(found).map_err(AfterSaleError::ReturnLines)?;
        let facts = self.facts(conn, &order).await?;
        let bought = inventory::parts::fulfilments(conn, &[order.id]).await?;
        let mut rooms = units::out(&bought);
        let mut parts = |pick: fn(&ReturnLine) -> i32| {
            parts_of(&order, &facts.components, &lines, pick, &mut rooms)
        };
        let good = parts(|line| line.restocked)?;
        let broken = parts(|line| line.written_off)?;
        let whole = rooms.iter().all(|room| room.units == 0);
        if whole {
            orders::transition(conn, &mut order, Move::Return, actor, None, now).await?;
        } else {
            self.resume(conn, &mut order, actor, now).await?;
        }
        // Payments are locked before stock.
        let refund = self.refund_accepted(conn, &order, &lines, whole, actor, now).await?;
        if !(good.is_empty() && broken.is_empty()) {
            let reason = told(&before, &lines);
            let reference = Some(order.id.as_uuid());
            let cause = Cause { actor, reference, reason: Some(&reason), at: now };
            let context = self.save_context();
            let came = (good.as_slice(), broken.as_slice());
            inventory::parts::take_back(conn, order.id, came, &bundles, &cause, &context).await?;
        }
        if whole {
            self.parcels_come_back(conn, &order, actor, now).await?;
        }
        let change = Change { lines: Some(lines), refund, ..Change::only(ReturnMove::Inspect) };
        let after = returns::change(conn, &before, change, actor, now).await?;
        self.tell_return(conn, events::RETURN_INSPECTED, &order, &after).await?;
        Ok((before, after))
    }

    /// Those of the variants of a return's order that have become bundles since: they take in no stock.
    /// The catalogue is asked before the order is locked.
    async fn bundles_among(
        &self,
        conn: &mut Connection,
        id: ReturnId,
    ) -> Result<HashSet<VariantId>, CheckoutError> {
        let known = returns::find(conn, id).await?.ok_or(AfterSaleError::ReturnNotFound)?;
        let bought = inventory::parts::fulfilments(conn, &[known.order]).await?;
        let variants: Vec<VariantId> = bought.iter().map(|it| it.key.variant).collect();
        Ok(catalog::hold_stockable(conn, &variants).await?)
    }

    /// Asks for the money of what was accepted: of everything, with what is left of the shipping fee,
    /// when nothing of the order stays with the customer.
    async fn refund_accepted(
        &self,
        conn: &mut Connection,
        order: &Order,
        lines: &[ReturnLine],
        whole: bool,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Option<RefundId>, CheckoutError> {
        let accepted: Vec<(i16, Quantity)> = lines
            .iter()
            .filter_map(|line| Some((line.line_no, Quantity::new(line.accepted().into()).ok()?)))
            .collect();
        let costs_something = |(line_no, _): &(i16, Quantity)| {
            let line = order.lines.iter().find(|line| line.line_no == *line_no);
            line.is_some_and(|line| line.unit_price > Money::ZERO)
        };
        if !accepted.iter().any(costs_something) {
            return Ok(None);
        }
        if order.paid_at.is_none() {
            return no_money_came(conn, order, whole, actor, now).await;
        }
        let amount = if whole { RefundAmount::Whole } else { RefundAmount::Lines(accepted) };
        self.refund_at_most(conn, order, amount, actor, now).await
    }

    /// Asks for so much, or for what is left of it: money that went back before, for the same units or
    /// out of kindness, goes back once.
    async fn refund_at_most(
        &self,
        conn: &mut Connection,
        order: &Order,
        mut amount: RefundAmount,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Option<RefundId>, CheckoutError> {
        loop {
            let ask = RefundAsk { amount: amount.clone(), reason: "returned", automatic: true };
            amount = match self.request_refund(conn, order, &ask, actor, now).await {
                Ok(refund) => return Ok(Some(refund)),
                Err(CheckoutError::Refund(RefundError::TooMuch { asked, left })) => {
                    if asked == Money::ZERO || left == Money::ZERO {
                        return Ok(None);
                    }
                    RefundAmount::Amount(left)
                }
                Err(CheckoutError::TooManyUnits(wrong)) => match less(amount, &wrong) {
                    Some(less) => less,
                    None => return Ok(None),
                },
                Err(error) => return Err(error),
            };
        }
    }

    /// Nothing of the order is with the customer any more.
    async fn parcels_come_back(
        &self,
        conn: &mut Connection,
        order: &Order,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        for shipment in shipments::of_order(conn, order.id).await? {
            let asked = ShipmentMove::ComeBack;
            if shipment.status.after(asked).is_err() {
                continue;
            }
            let change = shipments::Change { asked: Some(asked), ..shipments::Change::default() };
            let after = shipments::change(conn, &shipment, &change, actor, now).await?;
            self.tell_shipment(conn, events::SHIPMENT_RETURNED, order, &after).await?;
        }
        Ok(())
    }
}

/// The same without units whose money went back before; nothing when none are left.
fn less(amount: RefundAmount, wrong: &TooManyUnits) -> Option<RefundAmount> {
    let RefundAmount::Lines(lines) = amount else { return None };
    let kept = |(line_no, units): (i16, Quantity)| {
        let units = if line_no == wrong.line_no { wrong.left } else { units.get().into() };
        Some((line_no, Quantity::new(units).ok()?))
    };
    let lines: Vec<_> = lines.into_iter().filter_map(kept).collect();
    (!lines.is_empty()).then_some(RefundAmount::Lines(lines))
}

/// Goods that were to be paid at the door, and come back before anybody has seen the money: all of them,
/// or it has to be entered first.
async fn no_money_came(
    conn: &mut Connection,
    order: &Order,
    whole: bool,
    actor: Actor,
    now: Timestamp,
) -> Result<Option<RefundId>, CheckoutError> {
    if !whole {
        let why = "a part of it is kept: confirm the money that came for it first";
        return Err(AfterSaleError::NotNow { status: order.status, why }.into());
    }
    end_attempts(conn, order.id, actor, now).await?;
    Ok(None)
}

/// Units of lines, in the warehouses they left.
fn parts_of(
    order: &Order,
    components: &[LineComponent],
    lines: &[ReturnLine],
    pick: fn(&ReturnLine) -> i32,
    rooms: &mut [Room],
) -> Result<Vec<Part>, AfterSaleError> {
    let mut parts = Vec::new();
    for (index, returned) in lines.iter().enumerate().filter(|(_, line)| pick(line) > 0) {
        let line_no = returned.line_no;
        let line = order.lines.iter().find(|line| line.line_no == line_no);
        let line = line.ok_or(AfterSaleError::NoSuchLine { index })?;
        let recipe = units::recipe(line, components);
        let taken = units::take(line_no, &recipe, pick(returned), rooms);
        parts.extend(taken.map_err(|left| AfterSaleError::UnitsExceeded { line_no, left })?);
    }
    Ok(parts)
}

/// Why stock came back, and was written off: what the inspection found, for the ledger.
fn told(back: &Return, lines: &[ReturnLine]) -> String {
    let findings: Vec<&str> = lines.iter().filter_map(|line| line.finding.as_deref()).collect();
    let why =
        if findings.is_empty() { back.cause.as_str().to_owned() } else { findings.join("; ") };
    // The ledger's reasons are short.
    format!("return {}: {why}", back.number).chars().take(200).collect()
}
