//! Asking for money back: by the shop itself, by the buyer, or by people of the shop.

use jiff::Timestamp;
use kernel::{
    Actor, Money,
    id::{OrderId, RefundId},
};
use orders::{InvalidTransition, Move, Order};
use payments::{
    Payment,
    refunds::{self, NewRefund, Refund, RefundAccount, RefundError, RequestKey, events},
};
use pg::{Backoff, Connection, DbError, retry};

use super::amounts::{self, RefundAmount};
use crate::{Checkout, error::CheckoutError};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct RefundAsk<'a> {
    /// How much.
    pub amount: RefundAmount,
    /// Why: a stable word where the shop asks by itself, else what somebody wrote.
    pub reason: &'a str,
    /// Whether the shop asks by itself: then nobody has to approve it.
    pub automatic: bool,
}

/// The same from outside.
#[derive(Clone, Debug)]
pub struct RefundRequest<'a> {
    /// What is asked for.
    pub ask: RefundAsk<'a>,
    /// Where a transfer would go.
    pub account: Option<RefundAccount>,
    /// The client's key.
    pub key: RequestKey,
}

impl Checkout {
    /// Asks that money of an order goes back; its row is locked. With the last of its money, an order
    /// that was not shipped whole goes to `refund_requested` and stays there until all of it went back,
    /// or a request is rejected: `order` is out of date then. One that is there already stays. What the
    /// shop asks by itself is approved at once, and its stock is the caller's to give back. Appends
    /// `refund.requested`.
    pub(crate) async fn request_refund(
        &self,
        conn: &mut Connection,
        order: &Order,
        ask: &RefundAsk<'_>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<RefundId, CheckoutError> {
        let refund = self.open_refund(conn, order, ask, (None, None), actor, now).await?;
        Ok(refund.id)
    }

    /// Asks for money of an order from outside. The same key gives the same refund. Buyers may ask
    /// for all of it, and as long as nothing was shipped; people of the shop for any part, at any
    /// time.
    pub async fn ask_refund(
        &self,
        order: OrderId,
        request: &RefundRequest<'_>,
        actor: Actor,
    ) -> Result<Refund, CheckoutError> {
        let work = || self.try_ask_refund(order, request, actor);
        retry(Backoff::TRANSACTION, &self.ids, work).await
    }

    async fn try_ask_refund(
        &self,
        order: OrderId,
        request: &RefundRequest<'_>,
        actor: Actor,
    ) -> Result<Refund, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let order = orders::lock(&mut tx, order).await?;
        if let Some((id, asked)) = refunds::find_by_key(&mut tx, order.id, request.key.key).await? {
            if asked != request.key.fingerprint {
                return Err(CheckoutError::KeyReused);
            }
            return Ok(refunds::find(&mut tx, id).await?.ok_or(RefundError::NotFound)?);
        }
        if !matches!(actor, Actor::Staff(_)) {
            buyer_may_ask(&mut tx, &order, &request.ask).await?;
        }
        let sent = (request.account.clone(), Some(request.key));
        let refund = self.open_refund(&mut tx, &order, &request.ask, sent, actor, now).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(refund)
    }

    async fn open_refund(
        &self,
        conn: &mut Connection,
        order: &Order,
        ask: &RefundAsk<'_>,
        (account, key): (Option<RefundAccount>, Option<RequestKey>),
        actor: Actor,
        now: Timestamp,
    ) -> Result<Refund, CheckoutError> {
        let payment = lock_kept(conn, order.id).await?.ok_or(CheckoutError::NothingPaid)?;
        let left = refunds::balance(conn, &payment).await?.left();
        let mut lines = Vec::new();
        let amount = match &ask.amount {
            RefundAmount::Whole => left,
            RefundAmount::Amount(amount) => *amount,
            RefundAmount::Lines(asked) => {
                let taken = refunds::lines_taken(conn, &payment).await?;
                let off = orders::adjustments::of_orders(conn, &[order.id]).await?;
                let off = orders::adjustments::by_line(&off);
                lines = amounts::worth(order, &off, asked, &taken)?;
                Money::sum(lines.iter().map(|line| line.amount))
                    .map_err(|_| RefundError::TooMuch { asked: left, left })?
            }
        };
        let (reason, automatic) = (ask.reason, ask.automatic);
        let new = NewRefund { amount, reason, automatic, lines, account, key };
        let context = (&*self.clock, &self.ids);
        let refund = refunds::request(conn, &payment, new, actor, context).await?;
        if amount == left && order.status.after(Move::RequestRefund).is_ok() {
            let mut order = order.clone();
            let why = Some(reason);
            orders::transition(conn, &mut order, Move::RequestRefund, actor, why, now).await?;
        }
        let event = self.refund_event(events::REQUESTED, order, &refund);
        outbox::append(conn, &[event]).await?;
        Ok(refund)
    }
}

/// Buyers get all of their money back as long as nothing has left; afterwards goods come back first.
async fn buyer_may_ask(
    conn: &mut Connection,
    order: &Order,
    ask: &RefundAsk<'_>,
) -> Result<(), CheckoutError> {
    let refused = InvalidTransition { from: order.status, asked: Move::RequestRefund };
    order.status.after(Move::RequestRefund).map_err(CheckoutError::InvalidTransition)?;
    if ask.amount != RefundAmount::Whole {
        return Err(CheckoutError::OnlyWhole);
    }
    let shipped = inventory::parts::fulfilments(conn, &[order.id]).await?;
    if shipped.iter().any(|part| part.left() > 0) {
        return Err(CheckoutError::InvalidTransition(refused));
    }
    Ok(())
}

/// Locks the payment whose money an order keeps, if it has one.
pub(super) async fn lock_kept(
    conn: &mut Connection,
    order: OrderId,
) -> Result<Option<Payment>, CheckoutError> {
    let all = payments::of_order(conn, order).await?;
    let Some(kept) = all.into_iter().find(|it| it.kept && it.status.is_settled()) else {
        return Ok(None);
    };
    Ok(Some(payments::lock(conn, kept.id).await?))
}
