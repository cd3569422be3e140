//! Returns: asked for, decided, given up, arrived.

use jiff::Timestamp;
use kernel::{
    Actor, Quantity,
    id::{OrderId, ReturnId},
};
use orders::{Move, Order, OrderStatus};
use pg::{Connection, DbResult};
use shipping::{
    Return, ReturnStatus, events,
    returns::{self, Arrival, Change, Picture, ReturnCause, ReturnLine, ReturnMove},
    shipments,
};

use super::{delivery::last_arrival, error::AfterSaleError, units};
use crate::{Checkout, error::CheckoutError};

/// What somebody wants to send back.
#[derive(Clone, Debug)]
pub struct ReturnAsk<'a> {
    /// Why, in a word.
    pub cause: ReturnCause,
    /// Why, in their words.
    pub reason: &'a str,
    /// Which lines, and how many units of them; each line once.
    pub lines: Vec<(i16, Quantity)>,
}

impl Checkout {
    /// A customer wants to send goods back; or operations on their behalf, who are not bound by the
    /// time for returns. The order has to have left whole.
    pub async fn request_return(
        &self,
        conn: &mut Connection,
        order: OrderId,
        ask: &ReturnAsk<'_>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Return, CheckoutError> {
        let mut order = orders::lock(conn, order).await?;
        order.status.after(Move::RequestReturn).map_err(CheckoutError::InvalidTransition)?;
        if !matches!(actor, Actor::Staff(_)) {
            self.check_return_period(conn, &order, now).await?;
        }
        let lines = self.returnable(conn, &order, ask).await?;
        let earlier = returns::of_order(conn, order.id).await?;
        let back = Return {
            id: self.ids.next_on(&*self.clock, order.id.shard()),
            order: order.id,
            number: i16::try_from(earlier.len() + 1).unwrap_or(i16::MAX),
            status: ReturnStatus::Requested,
            cause: ask.cause,
            reason: ask.reason.to_owned(),
            answer: None,
            refund: None,
            version: 1,
            requested_at: now,
            closed_at: None,
            lines,
            pictures: Vec::new(),
        };
        orders::transition(conn, &mut order, Move::RequestReturn, actor, None, now).await?;
        returns::create(conn, &back, actor).await?;
        self.tell_return(conn, events::RETURN_REQUESTED, &order, &back).await?;
        Ok(back)
    }

    /// Refuses what comes too late.
    async fn check_return_period(
        &self,
        conn: &mut Connection,
        order: &Order,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let shipments = shipments::of_order(conn, order.id).await?;
        // While something is on its way, the time has not begun.
        let Some(arrived_at) = last_arrival(&shipments) else { return Ok(()) };
        let until = returns::returns_until(arrived_at, self.return_days);
        if now < until { Ok(()) } else { Err(AfterSaleError::ReturnPeriodOver { until }.into()) }
    }

    /// The lines of a return, each with no more units than are with the customer.
    async fn returnable(
        &self,
        conn: &mut Connection,
        order: &Order,
        ask: &ReturnAsk<'_>,
    ) -> Result<Vec<ReturnLine>, CheckoutError> {
        let components = orders::components::of_orders(conn, &[order.id]).await?;
        let bought = inventory::parts::fulfilments(conn, &[order.id]).await?;
        let rooms = units::out(&bought);
        let mut lines: Vec<ReturnLine> = Vec::new();
        for (index, (line_no, quantity)) in ask.lines.iter().enumerate() {
            let line = order.lines.iter().find(|line| line.line_no == *line_no);
            let line = line.filter(|_| lines.iter().all(|it| it.line_no != *line_no));
            let line = line.ok_or(AfterSaleError::NoSuchLine { index })?;
            let left = units::capacity(*line_no, &units::recipe(line, &components), &rooms);
            if quantity.to_i32() > left {
                return Err(AfterSaleError::UnitsExceeded { line_no: *line_no, left }.into());
            }
            lines.push(ReturnLine::asked(*line_no, quantity.to_i32()));
        }
        lines.sort_by_key(|line| line.line_no);
        Ok(lines)
    }

    /// Operations decide about a return; `answer` is what the customer is told.
    pub async fn decide_return(
        &self,
        conn: &mut Connection,
        id: ReturnId,
        seen: Option<i64>,
        (approved, answer): (bool, Option<&str>),
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Return, Return), CheckoutError> {
        let (mut order, before) = lock_return(conn, id, seen).await?;
        let (asked, event) = if approved {
            (ReturnMove::Approve, events::RETURN_APPROVED)
        } else {
            (ReturnMove::Reject, events::RETURN_REJECTED)
        };
        let change = Change { answer, ..Change::only(asked) };
        let after = returns::change(conn, &before, change, actor, now).await?;
        if !approved {
            self.resume(conn, &mut order, actor, now).await?;
        }
        self.tell_return(conn, event, &order, &after).await?;
        Ok((before, after))
    }

    /// A return is given up: by the customer, or because nothing came.
    pub async fn cancel_return(
        &self,
        conn: &mut Connection,
        id: ReturnId,
        seen: Option<i64>,
        reason: Option<&str>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Return, Return), CheckoutError> {
        let (mut order, before) = lock_return(conn, id, seen).await?;
        let change = Change { reason, ..Change::only(ReturnMove::Cancel) };
        let after = returns::change(conn, &before, change, actor, now).await?;
        self.resume(conn, &mut order, actor, now).await?;
        self.tell_return(conn, events::RETURN_CANCELLED, &order, &after).await?;
        Ok((before, after))
    }

    /// The goods arrive.
    pub async fn receive_return(
        &self,
        conn: &mut Connection,
        id: ReturnId,
        seen: Option<i64>,
        arrived: &[Arrival],
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Return, Return), CheckoutError> {
        let (order, before) = lock_return(conn, id, seen).await?;
        // The machine speaks first: what is not approved has no arrivals to be wrong.
        before.status.after(ReturnMove::Receive).map_err(AfterSaleError::InvalidReturnMove)?;
        let lines = before.receive(arrived).map_err(AfterSaleError::ReturnLines)?;
        let change = Change { lines: Some(lines), ..Change::only(ReturnMove::Receive) };
        let after = returns::change(conn, &before, change, actor, now).await?;
        self.tell_return(conn, events::RETURN_RECEIVED, &order, &after).await?;
        Ok((before, after))
    }

    /// A customer adds a picture to a return that is not decided yet. The picture is in the object
    /// store already, under this key.
    pub async fn add_return_picture(
        &self,
        conn: &mut Connection,
        id: ReturnId,
        (key, width, height): (&str, i32, i32),
        now: Timestamp,
    ) -> Result<Return, CheckoutError> {
        let (_, mut back) = lock_return(conn, id, None).await?;
        check_room_for_picture(&back)?;
        let position = i16::try_from(back.pictures.len() + 1).unwrap_or(i16::MAX);
        let picture = Picture { position, key: key.to_owned(), width, height };
        returns::add_picture(conn, &back, &picture, now).await?;
        back.pictures.push(picture);
        Ok(back)
    }

    /// An order of which nothing, or not all, came back goes back to where it was.
    pub(super) async fn resume(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let was = orders::came_from(conn, order.id, OrderStatus::ReturnRequested).await?;
        let asked = match was {
            Some(OrderStatus::Completed) => Move::ResumeCompleted,
            _ => Move::ResumeShipped,
        };
        orders::transition(conn, order, asked, actor, None, now).await?;
        self.settle_completion(conn, order).await
    }

    pub(super) async fn tell_return(
        &self,
        conn: &mut Connection,
        kind: &'static str,
        order: &Order,
        back: &Return,
    ) -> DbResult<()> {
        let facts = self.facts(conn, order).await?;
        let event = events::of_return(kind, back, &facts.told(order), &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await
    }
}

/// Whether a picture may be added to a return: before it is decided, and no more than there may be.
pub fn check_room_for_picture(back: &Return) -> Result<(), AfterSaleError> {
    if back.status != ReturnStatus::Requested {
        return Err(AfterSaleError::ReturnDecided(back.status));
    }
    if back.pictures.len() >= Return::PICTURES_MAX {
        return Err(AfterSaleError::TooManyPictures(Return::PICTURES_MAX));
    }
    Ok(())
}

/// Locks the order of a return, and reads the return under its lock.
pub(super) async fn lock_return(
    conn: &mut Connection,
    id: ReturnId,
    seen: Option<i64>,
) -> Result<(Order, Return), CheckoutError> {
    let not_found = || CheckoutError::from(AfterSaleError::ReturnNotFound);
    let known = returns::find(conn, id).await?.ok_or_else(not_found)?;
    let order = orders::lock(conn, known.order).await?;
    let back = returns::find(conn, id).await?.ok_or_else(not_found)?;
    if seen.is_some_and(|seen| seen != back.version) {
        return Err(AfterSaleError::VersionConflict(back.version).into());
    }
    Ok((order, back))
}
