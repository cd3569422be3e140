//! Beginning a payment: which method, until when, and what the buyer has to do.

use jiff::{SignedDuration, Timestamp};
use kernel::{
    Actor, Money,
    id::{OrderId, PaymentId},
};
use orders::{Awaiting, Move, Order};
use payments::{
    BankAccount, Instruction, Method, MethodRefusal, Payment, PaymentAsk, PaymentMove,
    PaymentProvider, PaymentStatus, Settlement, TradeNo, methods, polling,
};
use pg::{Backoff, Connection, DbError, DbResult, retry};
use uuid::Uuid;

use crate::{Checkout, error::CheckoutError};

/// Attempts to pay one order. Each may have to be asked about, and providers bear only so many
/// questions.
const ATTEMPTS_MAX: usize = 10;

/// What the buyer has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentForm {
    /// The attempt.
    pub payment: PaymentId,
    /// The provider's name.
    pub provider: String,
    /// The method's code.
    pub method: String,
    /// Where the browser goes: the provider's page, else the order's.
    pub action: String,
    /// Whether it posts there; else it just goes.
    pub posts: bool,
    /// What it takes there: names and values, in this order, nothing else.
    pub fields: Vec<(String, String)>,
    /// Where to transfer the money to, if it is to be transferred.
    pub transfer: Option<Transfer>,
    /// Until when the stock is held.
    pub expires_at: Timestamp,
    /// Until when it can be paid.
    pub pay_until: Timestamp,
}

/// A transfer that the buyer has to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where to.
    pub account: BankAccount,
    /// What to write with it.
    pub reference: String,
    /// How much.
    pub amount: Money,
}

/// How somebody wants to pay.
#[derive(Clone, Copy, Debug)]
struct Wish<'a> {
    /// The method's code; the order's when none is named.
    method: Option<&'a str>,
    /// The client's key.
    key: Uuid,
    actor: Actor,
}

impl Checkout {
    /// Begins an attempt to pay an order by the method it was placed with, or tried with last. The
    /// same key gives the same attempt and the same form.
    pub async fn begin_payment(
        &self,
        order: OrderId,
        key: Uuid,
        actor: Actor,
    ) -> Result<PaymentForm, CheckoutError> {
        self.begin_payment_by(order, None, key, actor).await
    }

    /// The same by this method, which need not be the one of before: the order keeps its stock.
    pub async fn begin_payment_by(
        &self,
        order: OrderId,
        method: Option<&str>,
        key: Uuid,
        actor: Actor,
    ) -> Result<PaymentForm, CheckoutError> {
        let wish = Wish { method, key, actor };
        retry(Backoff::TRANSACTION, &self.ids, || self.try_begin(order, wish)).await
    }

    async fn try_begin(
        &self,
        order: OrderId,
        wish: Wish<'_>,
    ) -> Result<PaymentForm, CheckoutError> {
        let mut tx = self.db.begin().await?;
        let now = self.clock.now();
        let mut order = orders::lock(&mut tx, order).await?;
        if let Some(payment) = payments::lock_by_key(&mut tx, order.id, wish.key).await? {
            if wish.method.is_some_and(|method| method != payment.method) {
                return Err(CheckoutError::KeyReused);
            }
            let method = methods::find(&mut tx, &payment.method).await?;
            let instalments = method.map(|method| method.instalments).unwrap_or_default();
            return self.form(&order, &payment, &instalments);
        }
        // The machine decides whether this order can still be paid.
        order.status.after(Move::Pay).map_err(CheckoutError::InvalidTransition)?;
        if order.reserved_until <= now {
            return Err(CheckoutError::ReservationOver);
        }
        if payments::of_order(&mut tx, order.id).await?.len() >= ATTEMPTS_MAX {
            return Err(CheckoutError::AttemptsUsedUp { most: ATTEMPTS_MAX });
        }
        let (method, until) = self.choose(&mut tx, &order, wish.method, now).await?;
        let mut payment = self.attempt(&order, &method, until, now);
        let form = self.form(&order, &payment, &method.instalments)?;
        payment.askable = form.posts;
        let next_poll = form.posts.then(|| polling::next(now, None, now)).flatten();
        payments::insert(&mut tx, &payment, wish.key, next_poll).await?;
        let (asked, nothing_yet) = (PaymentMove::Begin, Settlement::default());
        payments::transition(&mut tx, &mut payment, asked, &nothing_yet, wish.actor, now).await?;
        let awaiting = Awaiting {
            payment_method: &method.code,
            until,
            ask_first: payment.askable && !self.patience.unanswered.is_zero(),
        };
        let longer = until > order.reserved_until;
        orders::await_payment(&mut tx, &mut order, &awaiting).await?;
        if longer {
            inventory::reservations::hold_until(&mut tx, order.id, until).await?;
        }
        if form.transfer.is_none() && !form.posts {
            self.sell_on_delivery(&mut tx, &mut order, wish.actor, now).await?;
        }
        tx.commit().await.map_err(DbError::from)?;
        Ok(PaymentForm { expires_at: order.reserved_until, ..form })
    }

    /// The method, and until when the order is held for it: as long as if it had been placed with it,
    /// and never less than it is.
    async fn choose(
        &self,
        conn: &mut Connection,
        order: &Order,
        wanted: Option<&str>,
        now: Timestamp,
    ) -> Result<(Method, Timestamp), CheckoutError> {
        let unknown = || CheckoutError::Method(MethodRefusal::Unknown);
        let code = wanted.unwrap_or(&order.payment_method);
        let method = methods::find(conn, code).await?.ok_or_else(unknown)?;
        self.providers.of(&method).ok_or_else(unknown)?;
        let sale = sale_time(conn, order, now).await?;
        let placed_with_it = order.created_at + method.time(self.patience.reservation, sale);
        let until = order.reserved_until.max(placed_with_it);
        let left = until.duration_since(now);
        method.check(order.total, left).map_err(CheckoutError::Method)?;
        Ok((method, until))
    }

    fn attempt(&self, order: &Order, method: &Method, until: Timestamp, now: Timestamp) -> Payment {
        let shard = order.id.shard();
        Payment {
            id: self.ids.next_on(&*self.clock, shard),
            order: order.id,
            trade_no: TradeNo::new(shard, &self.ids),
            provider: method.provider.clone(),
            method: method.code.clone(),
            amount: order.total,
            status: PaymentStatus::Created,
            provider_trade_no: None,
            kept: true,
            created_at: now,
            paid_at: None,
            pay_until: Some(method.pay_until(until)),
            code: None,
            card_auth_no: None,
            received: Money::ZERO,
            askable: false,
            answered_at: None,
        }
    }

    /// An order that is to be paid at the door is sold now: it may be sent before its money has come
    /// (ADR 0022).
    async fn sell_on_delivery(
        &self,
        conn: &mut Connection,
        order: &mut Order,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(), CheckoutError> {
        let reason = Some("cash on delivery");
        orders::transition(conn, order, Move::PayOnDelivery, actor, reason, now).await?;
        inventory::confirm(conn, &[order.id], actor, now, &self.save_context()).await?;
        let (_, url) = self.told(order);
        let event = orders::events::paid(order, &url, &*self.clock, &self.ids);
        outbox::append(conn, &[event]).await?;
        Ok(())
    }

    /// What the buyer has to do for an attempt: a pure function of what is stored, so that asking
    /// again gives it again.
    fn form(
        &self,
        order: &Order,
        payment: &Payment,
        instalments: &[u8],
    ) -> Result<PaymentForm, CheckoutError> {
        let provider = self.provider_of(payment)?;
        let (number, url) = self.told(order);
        let name =
            |line: &orders::Line| format!("{} x {}", line.name.get(order.locale), line.quantity);
        let ask = PaymentAsk {
            number: &number,
            items: order.lines.iter().map(name).collect(),
            locale: order.locale,
            public_url: &self.public_url,
            order_url: &url,
            instalments,
        };
        let empty = PaymentForm {
            payment: payment.id,
            provider: payment.provider.clone(),
            method: payment.method.clone(),
            action: String::new(),
            posts: false,
            fields: Vec::new(),
            transfer: None,
            expires_at: order.reserved_until,
            pay_until: payment.pay_until.unwrap_or(order.reserved_until),
        };
        Ok(match provider.begin(payment, &ask)? {
            Instruction::Redirect { action, fields } => {
                PaymentForm { action, fields, posts: true, ..empty }
            }
            Instruction::Transfer { account, reference } => {
                let transfer = Transfer { account, reference, amount: payment.amount };
                PaymentForm { transfer: Some(transfer), ..self.to_order_page(order, empty) }
            }
            Instruction::Nothing => self.to_order_page(order, empty),
        })
    }

    /// The browser goes to the order's page. A form that is not posted takes its fields along as the
    /// address's query, and drops what the address had.
    fn to_order_page(&self, order: &Order, form: PaymentForm) -> PaymentForm {
        let action = self.order_url(order.id, order.locale, "", false);
        let token = order.customer.is_none().then(|| self.access.token(order.id));
        let fields = token.map(|token| ("access_token".to_owned(), token));
        PaymentForm { action, fields: fields.into_iter().collect(), ..form }
    }

    /// The provider of an attempt, if it is still set up here.
    pub(crate) fn provider_of(
        &self,
        payment: &Payment,
    ) -> Result<&dyn PaymentProvider, CheckoutError> {
        let provider = self.providers.named(&payment.provider);
        provider.ok_or(CheckoutError::Method(MethodRefusal::Unknown))
    }
}

/// For how long what is in a sale is held at most, of what an order has.
async fn sale_time(
    conn: &mut Connection,
    order: &Order,
    now: Timestamp,
) -> DbResult<Option<SignedDuration>> {
    let variants: Vec<_> = order.lines.iter().map(|line| line.variant).collect();
    let offers = catalog::offers(conn, &variants, now).await?;
    Ok(offers.values().filter_map(|offer| offer.reservation).min())
}
