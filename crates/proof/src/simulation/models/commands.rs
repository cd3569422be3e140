//! What the shop in memory does about each command.

use inventory::{Ledger, MovementKind, Unfillable};
use orders::{Move, OrderStatus};
use payments::{PaymentMove, PaymentStatus, refunds::AutomaticRefund};
use uuid::Uuid;

use super::{
    fault::Fault,
    shop::{HOLD, Shop, StoredOrder, StoredPayment, cause, empty_row, names, stock_key},
};
use crate::simulation::{
    answer::{Answer, Receipt, Take},
    scenario::{Act, Attempt, Basket, House, Key, PriceSeen, Says, Variant},
};

impl Shop {
    /// Carries out a command.
    pub fn perform(&mut self, act: &Act) -> Answer {
        match act {
            Act::Place { key, basket } => self.place(*key, basket),
            Act::Pay { key, attempt } => self.pay(*key, *attempt),
            Act::Notice { key, attempt, says } => self.notice(*key, *attempt, *says),
            Act::Cancel { key } => self.cancel(*key),
            Act::Expire => self.expire(),
            Act::Wait { minutes } => {
                self.now += jiff::SignedDuration::from_mins(i64::from(*minutes));
                Answer::Done
            }
            Act::Receive { variant, house, units } => self.receive(*variant, *house, *units),
            Act::Freeze { variant, house } => self.freeze(*variant, *house, Some(Uuid::nil())),
            Act::Thaw { variant, house } => self.freeze(*variant, *house, None),
            Act::SafetyStock { variant, house, units } => {
                self.set_safety_stock(*variant, *house, *units)
            }
            Act::Ship { key } => self.ship(*key),
            Act::Relay => Answer::Done,
        }
    }

    fn place(&mut self, key: Key, basket: &Basket) -> Answer {
        let known = self.orders.iter().find(|order| order.key == key);
        if let Some(order) = known.filter(|_| !self.has(Fault::KeyTwice)) {
            return if order.basket == *basket {
                Answer::Placed(Self::receipt(order, true))
            } else {
                Answer::KeyReused
            };
        }
        let over = self.over_limit(basket);
        if !over.is_empty() {
            return Answer::OverLimit(over);
        }
        let coupon = match self.usable(basket) {
            Ok(coupon) => coupon,
            Err(refusal) => return Answer::NoCoupon(refusal.as_str().into()),
        };
        if basket.price == PriceSeen::Wrong && !self.has(Fault::BelievesPrice) {
            return Answer::PriceChanged;
        }
        let Some(quote) = self.quote(basket, coupon.as_ref().map(pricing::Coupon::terms)) else {
            return Answer::Broken("no quote".into());
        };
        let id = self.next_id();
        let wanted = if self.has(Fault::HalfAnOrder) {
            Basket { lines: basket.lines[..1].to_vec(), ..basket.clone() }
        } else {
            basket.clone()
        };
        let mut held = match self.reserve(&wanted, id) {
            Ok(allocations) => allocations,
            Err(unfillable) => return refused(unfillable),
        };
        if self.has(Fault::Undersells) && held.iter().any(|a| a.quantity == a.available_before) {
            return Answer::Short(Vec::new());
        }
        held.shrink_to_fit();
        let order = StoredOrder {
            key,
            id,
            basket: basket.clone(),
            status: OrderStatus::PendingPayment,
            total: quote.total.amount(),
            saved: quote.saved_by_coupon().amount(),
            until: self.now + HOLD,
            first: held.clone(),
            held,
            ran_out: false,
            paid: false,
        };
        let receipt = Self::receipt(&order, false);
        if !(self.has(Fault::LosesOrder) && id.is_multiple_of(3)) {
            self.orders.push(order);
        }
        Answer::Placed(receipt)
    }

    fn receipt(order: &StoredOrder, replayed: bool) -> Receipt {
        let take = |a: &inventory::Allocation| {
            let (variant, house) = names(a.key);
            Take {
                line: u8::try_from(a.line_no).unwrap_or(u8::MAX),
                variant,
                house,
                units: u32::try_from(a.quantity).unwrap_or(u32::MAX),
                before: u32::try_from(a.available_before).unwrap_or(u32::MAX),
            }
        };
        Receipt {
            id: order.id,
            total: order.total,
            until: minutes(order.until),
            replayed,
            takes: order.first.iter().map(take).collect(),
        }
    }

    fn pay(&mut self, key: Key, attempt: Attempt) -> Answer {
        let Some(place) = self.find(key) else { return Answer::Skipped };
        if let Some(payment) = self.payments.get(&(key, attempt)) {
            let (trade_no, amount) = (payment.trade_no.clone(), payment.amount);
            return Answer::Form { trade_no, amount };
        }
        let order = &self.orders[place];
        if order.status.after(Move::Pay).is_err() {
            return Answer::NotNow;
        }
        if order.until <= self.now {
            return Answer::TooLate;
        }
        let amount = order.total;
        let trade_no = format!("T{}", self.next_id());
        let payment = StoredPayment {
            trade_no: trade_no.clone(),
            status: PaymentStatus::Created,
            amount,
            kept: true,
            refunds: Vec::new(),
        };
        self.payments.insert((key, attempt), payment);
        self.payment_moves((key, attempt), PaymentMove::Begin);
        Answer::Form { trade_no, amount }
    }

    fn notice(&mut self, key: Key, attempt: Attempt, says: Says) -> Answer {
        if says == Says::Stranger {
            return Answer::Told("unknown");
        }
        let Some(payment) = self.payments.get(&(key, attempt)) else { return Answer::Skipped };
        match says {
            Says::Forged => return Answer::BadSignature,
            Says::WrongAmount => return Answer::Told("wrong_amount"),
            Says::Simulated => return Answer::Told("simulated"),
            _ if payment.status.is_settled() && !self.has(Fault::PaysTwice) => {
                return Answer::Told("repeated");
            }
            Says::Failure => {
                let moved = self.payment_moves((key, attempt), PaymentMove::Fail);
                return Answer::Told(if moved { "accepted" } else { "repeated" });
            }
            Says::Success | Says::Stranger => {}
        }
        let Some(place) = self.find(key) else { return Answer::Broken("no order".into()) };
        let goes_back = match self.money_came(place) {
            Ok(goes_back) => goes_back,
            Err(error) => return Answer::Broken(error.to_string()),
        };
        self.payment_moves((key, attempt), PaymentMove::Succeed);
        if let Some(payment) = self.payments.get_mut(&(key, attempt))
            && let Some(reason) = goes_back
        {
            payment.kept = false;
            payment.refunds.push(reason.as_str());
        }
        Answer::Told("accepted")
    }

    fn money_came(&mut self, place: usize) -> anyhow::Result<Option<AutomaticRefund>> {
        let order = self.orders[place].clone();
        match order.status {
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed => {
                self.transition(place, Move::Pay);
                self.settle(&order.held, MovementKind::Confirm, order.id)?;
                Ok(None)
            }
            OrderStatus::Cancelled if !order.ran_out && self.has(Fault::KeepsMoney) => Ok(None),
            OrderStatus::Cancelled if !order.ran_out => Ok(Some(AutomaticRefund::OrderCancelled)),
            OrderStatus::Cancelled if !self.has_room(&order) => {
                Ok(Some(AutomaticRefund::LimitReached))
            }
            OrderStatus::Cancelled => {
                let held = match self.reserve(&order.basket, order.id) {
                    Ok(held) => held,
                    Err(Unfillable::Shortage(_)) => return Ok(Some(AutomaticRefund::StockGone)),
                    Err(Unfillable::Frozen(_)) => return Ok(Some(AutomaticRefund::StockFrozen)),
                };
                self.settle(&held, MovementKind::Confirm, order.id)?;
                if self.has(Fault::PaysWithoutStock) {
                    let mut ledger = self.lock(held.iter().map(|a| a.key.variant));
                    for a in &held {
                        ledger.apply(
                            a.key,
                            MovementKind::Ship,
                            a.quantity,
                            &cause(self.now, None),
                        )?;
                        ledger.apply(
                            a.key,
                            MovementKind::Receive,
                            a.quantity,
                            &cause(self.now, None),
                        )?;
                    }
                    self.save(&ledger);
                }
                self.orders[place].held = held;
                self.transition(place, Move::PayLate);
                Ok(None)
            }
            _ => Ok(Some(AutomaticRefund::PaidTwice)),
        }
    }

    fn cancel(&mut self, key: Key) -> Answer {
        let Some(place) = self.find(key) else { return Answer::Skipped };
        if self.orders[place].status.is_before_shipment() {
            return self.give_up(place);
        }
        if !self.transition(place, Move::Cancel) {
            return Answer::NotNow;
        }
        self.cancel_attempts(key);
        if self.has(Fault::ForgetsRelease) {
            return Answer::Done;
        }
        self.give_back(place)
    }

    /// A paid order is cancelled: its money is asked back, and what never left is free.
    fn give_up(&mut self, place: usize) -> Answer {
        self.transition(place, Move::RequestRefund);
        let order = self.orders[place].clone();
        let own = self.payments.range_mut((order.key, 0)..=(order.key, Attempt::MAX));
        for (_, payment) in own.filter(|(_, it)| it.kept && it.status.is_settled()) {
            payment.refunds.push("cancelled");
        }
        if self.has(Fault::ForgetsRelease) {
            return Answer::Done;
        }
        match self.withdraw(&order.held, order.id) {
            Ok(()) => Answer::Done,
            Err(error) => Answer::Broken(error.to_string()),
        }
    }

    fn cancel_attempts(&mut self, key: Key) {
        let attempts: Vec<_> = self.payments.range((key, 0)..=(key, Attempt::MAX)).collect();
        let attempts: Vec<_> = attempts.into_iter().map(|(attempt, _)| *attempt).collect();
        for attempt in attempts {
            self.payment_moves(attempt, PaymentMove::Cancel);
        }
    }

    fn expire(&mut self) -> Answer {
        let due: Vec<usize> = (0..self.orders.len())
            .filter(|place| {
                let order = &self.orders[*place];
                let paid = order.status == OrderStatus::Paid && self.has(Fault::ExpiresPaid);
                (order.status.awaits_payment() || paid) && order.until <= self.now
            })
            .collect();
        for place in &due {
            if !self.transition(*place, Move::Expire) {
                self.orders[*place].status = OrderStatus::Cancelled;
            }
            self.orders[*place].ran_out = true;
            self.cancel_attempts(self.orders[*place].key);
            if let Answer::Broken(why) = self.give_back(*place) {
                return Answer::Broken(why);
            }
        }
        Answer::Expired(due.len())
    }

    fn give_back(&mut self, place: usize) -> Answer {
        let order = self.orders[place].clone();
        self.orders[place].held = Vec::new();
        match self.settle(&order.held, MovementKind::Release, order.id) {
            Ok(()) => Answer::Done,
            Err(error) => Answer::Broken(error.to_string()),
        }
    }

    fn receive(&mut self, variant: Variant, house: House, units: u32) -> Answer {
        let empty = empty_row(variant, house);
        let row = self.rows.get(&empty.key).copied().unwrap_or(empty);
        let mut ledger = Ledger::new([row]);
        let units = i32::try_from(units).unwrap_or(i32::MAX);
        if ledger.apply(row.key, MovementKind::Receive, units, &cause(self.now, None)).is_err() {
            return Answer::StockFrozen;
        }
        self.save(&ledger);
        let balance = self.rows[&row.key].balance;
        Answer::Row([balance.total, balance.available, balance.reserved, balance.sold])
    }

    fn set_safety_stock(&mut self, variant: Variant, house: House, units: u32) -> Answer {
        let empty = empty_row(variant, house);
        let row = *self.rows.entry(empty.key).or_insert(empty);
        let mut ledger = Ledger::new([row]);
        let level = i32::try_from(units).unwrap_or(i32::MAX);
        match ledger.set_safety_stock(row.key, level, &cause(self.now, None)) {
            Ok(_) => {
                self.save(&ledger);
                Answer::Done
            }
            Err(error) => Answer::Broken(error.to_string()),
        }
    }

    fn freeze(&mut self, variant: Variant, house: House, by: Option<Uuid>) -> Answer {
        if let Some(row) = self.rows.get_mut(&stock_key(variant, house)) {
            row.frozen_by = by;
        }
        Answer::Done
    }

    /// As the warehouse's flow will: the goods leave, and the order goes through its machine.
    fn ship(&mut self, key: Key) -> Answer {
        let Some(place) = self.find(key) else { return Answer::Skipped };
        if !(self.transition(place, Move::Prepare) && self.transition(place, Move::Ship)) {
            return Answer::NotNow;
        }
        let order = self.orders[place].clone();
        match self.settle(&order.held, MovementKind::Ship, order.id) {
            Ok(()) => Answer::Done,
            Err(_) => Answer::StockFrozen,
        }
    }

    fn find(&self, key: Key) -> Option<usize> {
        self.orders.iter().position(|order| order.key == key)
    }
}

fn refused(unfillable: Unfillable) -> Answer {
    match unfillable {
        Unfillable::Shortage(short) => Answer::Short(
            short
                .iter()
                .map(|s| (s.variant.as_uuid().as_bytes()[15], s.requested, s.available))
                .collect(),
        ),
        Unfillable::Frozen(variants) => {
            Answer::Frozen(variants.iter().map(|v| v.as_uuid().as_bytes()[15]).collect())
        }
    }
}

/// Minutes since the scenario began.
fn minutes(at: jiff::Timestamp) -> i64 {
    (at.as_second() - super::shop::START.as_second()) / 60
}
