//! What a provider's word does to an attempt and to its order. One function, under the locks of both,
//! whatever way the word came; saying it again changes nothing.

use inventory::{Cause, Demand, Sourcing, Unfillable};
use kernel::Actor;
use orders::{Move, Order, OrderNumber, OrderStatus};
use payments::{
    IssuedCode, Payment, PaymentMove, PaymentStatus, Settlement,
    events::Told,
    notices::Verdict,
    polling,
    providers::cash_on_delivery,
    refunds::{self, AutomaticRefund, events::REQUESTED},
};
use pg::{Connection, DbError};

use crate::{
    Checkout,
    error::CheckoutError,
    limits,
    word::{Said, Word},
};

/// Who the provider's word is credited to.
const ACTOR: Actor = Actor::PaymentProvider;

impl Checkout {
    /// Acts on a word about a locked attempt of a locked order.
    pub(crate) async fn settle(
        &self,
        conn: &mut Connection,
        order: Order,
        mut payment: Payment,
        word: &Word,
    ) -> Result<Verdict, CheckoutError> {
        if word.amount.is_some_and(|amount| amount != payment.amount) {
            return Ok(Verdict::WrongAmount);
        }
        if word.simulated {
            return Ok(Verdict::Simulated);
        }
        if payment.status.is_settled() {
            return Ok(Verdict::Repeated);
        }
        match &word.said {
            Said::Paid => {
                self.settle_success(conn, order, payment, word).await?;
                Ok(Verdict::Accepted)
            }
            Said::Failed { code, message } => {
                self.settle_failure(conn, &order, payment, word, (*code, message.as_str())).await
            }
            Said::CodeIssued(code) => self.settle_code(conn, &order, payment, word, code).await,
            Said::Unpaid => {
                polling::answered(conn, &mut payment, self.clock.now()).await?;
                Ok(Verdict::Repeated)
            }
        }
    }

    /// The attempt failed; the order keeps its stock, and may be paid by another attempt until its
    /// time is over.
    async fn settle_failure(
        &self,
        conn: &mut Connection,
        order: &Order,
        mut payment: Payment,
        word: &Word,
        (code, message): (i64, &str),
    ) -> Result<Verdict, CheckoutError> {
        let now = self.clock.now();
        polling::answered(conn, &mut payment, now).await?;
        if payment.status.after(PaymentMove::Fail).is_err() {
            return Ok(Verdict::Repeated);
        }
        let settlement = Settlement {
            provider_trade_no: word.trade_no.as_deref(),
            failure_code: Some(code),
            failure_message: Some(message),
            ..Settlement::default()
        };
        let asked = PaymentMove::Fail;
        payments::transition(conn, &mut payment, asked, &settlement, word.actor, now).await?;
        // Who has paid by another attempt need not be told that this one failed.
        if order.status.awaits_payment() {
            let (number, url) = self.told(order);
            let told = told(order, &number, &url);
            let event = payments::events::failed(&payment, code, told, &*self.clock, &self.ids);
            outbox::append(conn, &[event]).await?;
        }
        Ok(Verdict::Accepted)
    }

    /// The buyer has a code to pay by. It is never a payment.
    async fn settle_code(
        &self,
        conn: &mut Connection,
        order: &Order,
        mut payment: Payment,
        word: &Word,
        code: &IssuedCode,
    ) -> Result<Verdict, CheckoutError> {
        let now = self.clock.now();
        polling::answered(conn, &mut payment, now).await?;
        let trade_no = word.trade_no.as_deref();
        if !polling::keep_code(conn, &mut payment, code, trade_no, now).await? {
            return Ok(Verdict::Repeated);
        }
        // Nobody is told to pay for what has ended.
        if order.status.awaits_payment() {
            let (number, url) = self.told(order);
            let told = told(order, &number, &url);
            let (clock, ids) = (&*self.clock, &self.ids);
            let event = payments::events::code_issued(&payment, code, told, clock, ids);
            outbox::append(conn, &[event]).await?;
        }
        Ok(Verdict::Accepted)
    }

    /// The money is there: it is kept if the order can have its stock, else it goes back.
    async fn settle_success(
        &self,
        conn: &mut Connection,
        mut order: Order,
        mut payment: Payment,
        word: &Word,
    ) -> Result<(), CheckoutError> {
        let now = self.clock.now();
        // What was sold to be paid at the door waits for exactly this.
        let at_the_door = is_due_at_the_door(&order, &payment);
        let goes_back = match order.status {
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed => {
                orders::transition(conn, &mut order, Move::Pay, word.actor, None, now).await?;
                let context = self.save_context();
                inventory::confirm(conn, &[order.id], word.actor, now, &context).await?;
                None
            }
            _ if at_the_door => {
                orders::awaiting::note_paid(conn, &mut order, now).await?;
                None
            }
            OrderStatus::Cancelled => self.revive(conn, &mut order).await?,
            _ => Some(AutomaticRefund::PaidTwice),
        };
        let settlement = Settlement {
            provider_trade_no: word.trade_no.as_deref(),
            card_auth_no: word.card_auth_no,
            paid_at: Some(now),
            goes_back: goes_back.is_some(),
            ..Settlement::default()
        };
        let asked = PaymentMove::Succeed;
        payments::transition(conn, &mut payment, asked, &settlement, word.actor, now).await?;
        let (clock, ids) = (&*self.clock, &self.ids);
        let mut events = vec![payments::events::succeeded(&payment, clock, ids)];
        match goes_back {
            // It was told when it was sold.
            None if at_the_door => {}
            None => {
                let (_, url) = self.told(&order);
                events.push(orders::events::paid(&order, &url, clock, ids));
            }
            Some(reason) => {
                let refund = refunds::request_automatic(conn, &payment, reason, clock, ids).await?;
                events.push(self.refund_event(REQUESTED, &order, &refund));
            }
        }
        outbox::append(conn, &events).await?;
        Ok(())
    }

    /// The order's number, and its page for its buyer.
    pub(crate) fn told(&self, order: &Order) -> (String, String) {
        let url = self.order_url(order.id, order.locale, "", order.customer.is_none());
        (OrderNumber::of(order.id).to_string(), url)
    }

    /// Money for an order that has ended. One that only ran out of time gets its stock again if it
    /// is still to be had, and if limits still leave room for it; one its buyer cancelled stays
    /// cancelled.
    async fn revive(
        &self,
        conn: &mut Connection,
        order: &mut Order,
    ) -> Result<Option<AutomaticRefund>, CheckoutError> {
        let held = inventory::reservations::of_orders(conn, &[order.id]).await?;
        let waited = inventory::backorders::of_orders(conn, &[order.id]).await?;
        let ran_out = held.iter().all(|r| r.status == inventory::ReservationStatus::Expired)
            && waited
                .iter()
                .all(|it| it.status != inventory::backorders::BackorderStatus::Released);
        if !ran_out {
            return Ok(Some(AutomaticRefund::OrderCancelled));
        }
        let now = self.clock.now();
        let warehouses = inventory::warehouses(conn).await?;
        let postal_code = &order.shipping_address.postal_code;
        let preference = Sourcing::new(&warehouses, self.sourcing).preference(postal_code);
        let demands = demands(conn, order).await?;
        let cause = Cause {
            actor: ACTOR,
            reference: Some(order.id.as_uuid()),
            reason: Some("late payment"),
            at: now,
        };
        let context = self.save_context();
        let variants: Vec<_> = demands.iter().map(|demand| demand.variant).collect();
        // Limits are decided under the locks of the stock rows, which `reclaim` needs anyway.
        inventory::lock(conn, &variants).await?;
        let Some(counted) = limits::room_again(conn, order, now).await? else {
            return Ok(Some(AutomaticRefund::LimitReached));
        };
        let again =
            inventory::reclaim(conn, order.id, &demands, &preference, &cause, &context).await?;
        match again {
            Ok(()) => {}
            Err(Unfillable::Shortage(_)) => return Ok(Some(AutomaticRefund::StockGone)),
            Err(Unfillable::Frozen(_)) => return Ok(Some(AutomaticRefund::StockFrozen)),
        }
        limits::take_again(conn, order.id, &counted).await?;
        let reason = Some("late payment");
        orders::transition(conn, order, Move::PayLate, ACTOR, reason, now).await?;
        Ok(None)
    }
}

/// What an order takes out of stock: of its bundles, what they were made of when it was placed.
async fn demands(conn: &mut Connection, order: &Order) -> Result<Vec<Demand>, DbError> {
    let components = orders::components::of_orders(conn, &[order.id]).await?;
    let mut demands = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        for taken in orders::components::taken_by(line, &components) {
            let (variant, quantity) = taken.map_err(|_| DbError::Corrupt {
                table: "orders.line_components",
                column: "quantity",
                value: format!("order {}, line {}", order.id, line.line_no),
            })?;
            demands.push(Demand { line_no: line.line_no, variant, quantity });
        }
    }
    Ok(demands)
}

/// Whether an order was sold on the promise that this attempt will be paid at the door.
fn is_due_at_the_door(order: &Order, payment: &Payment) -> bool {
    order.status.is_sold()
        && order.paid_at.is_none()
        && payment.provider == cash_on_delivery::NAME
        && payment.status == PaymentStatus::Pending
}

/// Whom to tell about an attempt to pay an order.
pub(crate) fn told<'a>(order: &'a Order, number: &'a str, order_url: &'a str) -> Told<'a> {
    Told { number, email: &order.contact.email, locale: order.locale, order_url }
}
